package render

import (
	"cmp"
	"encoding/xml"
	"io"
	"strconv"
	"time"

	"github.com/gorilla/feeds"

	"serai/internal/feed"
)

// The RSS structs print their fields in this order, and the order matters:
// readers want title, link and description first, and a channel's items last.

type rssDocument struct {
	XMLName xml.Name    `xml:"rss"`
	Version string      `xml:"version,attr"`
	Atom    string      `xml:"xmlns:atom,attr"`
	Content string      `xml:"xmlns:content,attr"`
	DC      string      `xml:"xmlns:dc,attr"`
	Media   string      `xml:"xmlns:media,attr"`
	Slash   string      `xml:"xmlns:slash,attr"`
	SY      string      `xml:"xmlns:sy,attr"`
	CC      string      `xml:"xmlns:creativeCommons,attr"`
	FH      string      `xml:"xmlns:fh,attr,omitempty"`
	Channel *rssChannel `xml:"channel"`
}

// FeedXml makes the document what [feeds.WriteXML] writes.
func (d *rssDocument) FeedXml() any { return d } //nolint:revive // the name is that of the library's interface

type rssChannel struct {
	Title       rssText   `xml:"title"`
	Link        string    `xml:"link"`
	Description rssText   `xml:"description"`
	Links       []rssLink `xml:"atom:link"`
	*feeds.RssFeed
	Copyright  *rssText      `xml:"copyright"`
	Categories []rssCategory `xml:"category"`
	Period     string        `xml:"sy:updatePeriod,omitempty"`
	Frequency  int           `xml:"sy:updateFrequency,omitempty"`
	Archive    *struct{}     `xml:"fh:archive"`
	Items      []rssItem     `xml:"item"`
}

type rssItem struct {
	Language    *string   `xml:"xml:lang,attr"`
	Title       *rssText  `xml:"title"`
	Link        string    `xml:"link,omitempty"`
	Description *rssBody  `xml:"description"`
	Links       []rssLink `xml:"atom:link"`
	*feeds.RssItem
	Updated      string        `xml:"atom:updated,omitempty"`
	Creators     []rssText     `xml:"dc:creator"`
	Contributors []rssText     `xml:"dc:contributor"`
	Categories   []rssCategory `xml:"category"`
	Source       *rssSource    `xml:"source"`
	Replies      int           `xml:"slash:comments,omitempty"`
	License      string        `xml:"creativeCommons:license,omitempty"`
	Groups       []mediaGroup  `xml:"media:group"`
	Files        []mediaFile   `xml:"media:content"`
	Thumbnail    *mediaImage   `xml:"media:thumbnail"`
}

// An rssText is plain text, already escaped. The readers of RSS disagree on
// whether such text is HTML: what would be taken for it is escaped once more,
// so that nobody is shown, or runs, what was only written about.
type rssText struct {
	Escaped string `xml:",innerxml"`
}

func newRSSText(s string) rssText {
	if looksLikeHTML(s) {
		s = escapeHTML(s)
	}
	return rssText{hexEscaper.Replace(s)}
}

func optionalRSSText(s string) *rssText {
	if s == "" {
		return nil
	}
	t := newRSSText(s)
	return &t
}

// An rssBody is HTML.
type rssBody struct {
	HTML string `xml:",cdata"`
}

type rssLink struct {
	Rel   string `xml:"rel,attr"`
	Type  string `xml:"type,attr,omitempty"`
	Title string `xml:"title,attr,omitempty"`
	Href  string `xml:"href,attr"`
}

func newRSSLink(l link) rssLink { return rssLink{l.rel, l.kind, unmarked(l.title), l.href} }

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	rssText
}

type rssSource struct {
	URL string `xml:"url,attr"`
	rssText
}

func writeRSS(w io.Writer, doc *document) error {
	return feeds.WriteXML(newRSS(doc), w)
}

func newRSS(doc *document) *rssDocument {
	base := (&feeds.Rss{Feed: baseFeed(doc)}).RssFeed()
	base.PubDate = "" // of what the channel was published at, nobody can say
	base.Language = doc.language
	base.Generator = generatorName(doc)
	base.Docs = "https://www.rssboard.org/rss-specification"
	base.Ttl = doc.ttl
	if doc.author.Email != "" {
		base.ManagingEditor = doc.author.Email + " (" + doc.author.Name + ")"
	}
	channel := &rssChannel{
		Title:       newRSSText(doc.title),
		Link:        doc.home,
		Description: newRSSText(doc.description),
		Links:       rssChannelLinks(doc),
		RssFeed:     base,
		Copyright:   optionalRSSText(doc.rights),
		Categories:  rssCategories(doc.categories),
	}
	if doc.ttl > 0 {
		channel.Period = "hourly"
		channel.Frequency = max(60/doc.ttl, 1)
	}
	root := &rssDocument{
		Version: "2.0",
		Atom:    "http://www.w3.org/2005/Atom",
		Content: "http://purl.org/rss/1.0/modules/content/",
		DC:      "http://purl.org/dc/elements/1.1/",
		Media:   "http://search.yahoo.com/mrss/",
		Slash:   "http://purl.org/rss/1.0/modules/slash/",
		SY:      "http://purl.org/rss/1.0/modules/syndication/",
		CC:      "http://backend.userland.com/creativeCommonsRssModule",
		Channel: channel,
	}
	if doc.archive {
		root.FH = historyNamespace
		channel.Archive = &struct{}{}
	}
	for i := range doc.items {
		channel.Items = append(channel.Items, newRSSItem(&doc.items[i], base.Items[i]))
	}
	return root
}

func rssChannelLinks(doc *document) []rssLink {
	links := []rssLink{newRSSLink(link{href: doc.self, rel: "self", kind: doc.kind})}
	for _, l := range doc.sisters {
		links = append(links, newRSSLink(l))
	}
	if doc.hub != "" {
		links = append(links, newRSSLink(link{href: doc.hub, rel: "hub"}))
	}
	for _, l := range doc.pages {
		links = append(links, newRSSLink(l))
	}
	return links
}

func newRSSItem(it *item, base *feeds.RssItem) rssItem {
	made := rssItem{
		Language:     it.language,
		Title:        optionalRSSText(it.title),
		Link:         it.link,
		Description:  &rssBody{escapeHTML(it.summary)},
		Links:        rssItemLinks(it),
		RssItem:      base,
		Creators:     rssPeople(it.authors),
		Contributors: rssPeople(it.contributors),
		Categories:   rssCategories(it.categories),
		License:      it.license,
		Thumbnail:    newMediaImage(it.image),
	}
	// The library's author would have to be an e-mail address; dc:creator is
	// where names go.
	base.Author = ""
	if it.updated.After(it.published) {
		made.Updated = it.updated.Format(time.RFC3339)
	}
	base.Comments = it.comments
	if it.comments != "" {
		made.Replies = it.replies
	}
	if o := it.source; o != nil && (o.feed != "" || o.home != "") {
		made.Source = &rssSource{cmp.Or(o.feed, o.home), newRSSText(o.title)}
	}
	if len(it.enclosures) > 1 {
		made.Groups, made.Files = media(it.enclosures)
	}
	return made
}

func rssItemLinks(it *item) []rssLink {
	var links []rssLink
	for _, l := range itemLinks(it) {
		links = append(links, newRSSLink(l))
	}
	return links
}

func rssPeople(list []feed.Person) []rssText {
	var names []rssText
	for _, p := range list {
		names = append(names, newRSSText(p.Name))
	}
	return names
}

func rssCategories(list []category) []rssCategory {
	var made []rssCategory
	for _, c := range list {
		made = append(made, rssCategory{c.scheme, newRSSText(c.text)})
	}
	return made
}

// rssEnclosure returns the one enclosure that RSS has room for.
func rssEnclosure(it *item) *feeds.Enclosure {
	if len(it.enclosures) == 0 {
		return nil
	}
	f := it.enclosures[0]
	return &feeds.Enclosure{Url: f.URL, Type: f.Type, Length: strconv.FormatInt(f.Length, 10)}
}
