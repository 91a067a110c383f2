package render

import (
	"strconv"
	"strings"

	"github.com/gorilla/feeds"
)

// historyNamespace is that of RFC 5005.
const historyNamespace = "http://purl.org/syndication/history/1.0"

// baseFeed is the document as far as gorilla/feeds can write it down. Texts that
// it would escape in a way of its own are left to the wrapping structs.
func baseFeed(doc *document) *feeds.Feed {
	base := &feeds.Feed{
		Title:       doc.title,
		Link:        &feeds.Link{Href: doc.home},
		Description: doc.description,
		Updated:     doc.updated,
	}
	for i := range doc.items {
		base.Add(baseItem(&doc.items[i]))
	}
	return base
}

func baseItem(it *item) *feeds.Item {
	return &feeds.Item{
		Id:          it.id,
		IsPermaLink: strconv.FormatBool(it.permalink),
		Title:       it.title,
		Link:        &feeds.Link{Href: it.link},
		Description: it.summary,
		Content:     it.content,
		Created:     it.published,
		Updated:     it.updated,
		Enclosure:   rssEnclosure(it),
	}
}

// itemLinks are the links that both XML formats carry besides the item's own.
func itemLinks(it *item) []link {
	links := make([]link, 0, len(it.via)+len(it.also)+1)
	if it.external != "" && it.external != it.link {
		links = append(links, link{href: it.external, rel: "related"})
	}
	links = append(links, it.via...)
	for _, a := range it.also {
		links = append(links, link{a.url, "related", "", "Also at " + a.source})
	}
	return links
}

// generatorName is what made the document.
func generatorName(doc *document) string { return strings.TrimSpace(doc.generator + " " + doc.version) }
