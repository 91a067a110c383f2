package render

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"serai/internal/feed"
)

type opmlDocument struct {
	XMLName  xml.Name      `xml:"opml"`
	Version  string        `xml:"version,attr"`
	Title    string        `xml:"head>title"`
	Outlines []opmlOutline `xml:"body>outline"`
}

// An opmlOutline says "rss" of every format: it is what importers look for
// (OPML 2.0, "Subscription lists").
type opmlOutline struct {
	Type        string `xml:"type,attr"`
	Text        string `xml:"text,attr"`
	Title       string `xml:"title,attr"`
	XMLURL      string `xml:"xmlUrl,attr"`
	HTMLURL     string `xml:"htmlUrl,attr,omitempty"`
	Description string `xml:"description,attr,omitempty"`
	Language    string `xml:"language,attr,omitempty"`
	Category    string `xml:"category,attr,omitempty"`
}

// OPML returns a list of sources as OPML 2.0, in the order given. What a source
// calls itself comes from origins, by source ID, unless the admin calls it
// otherwise. Sources without an address, such as the site's own posts, are left
// out; private ones are not, because an admin's own export has them too:
// whoever publishes the list leaves them out first.
func OPML(title string, sources []feed.Source, origins map[string]feed.Origin) ([]byte, error) {
	doc := opmlDocument{Version: "2.0", Title: line(title)}
	for i := range sources {
		src := &sources[i]
		xmlURL := strings.TrimSpace(clean(src.URL))
		if xmlURL == "" {
			continue
		}
		o := origins[src.ID]
		name := cmp.Or(line(src.Title), line(o.Title), host(address(o.HomeURL)), line(src.ID))
		doc.Outlines = append(doc.Outlines, opmlOutline{
			Type:        "rss",
			Text:        name,
			Title:       name,
			XMLURL:      xmlURL,
			HTMLURL:     open(o.HomeURL),
			Description: line(o.Description),
			Language:    language(src.Language),
			Category:    opmlCategories(src.Tags),
		})
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("render OPML: %w", err)
	}
	return append(append([]byte(xml.Header), b...), '\n'), nil
}

// opmlCategories joins tags the way OPML does, where a comma parts them.
func opmlCategories(tags []string) string {
	var list []string
	for _, tag := range tags {
		if tag = strings.TrimSpace(strings.ReplaceAll(line(tag), ",", " ")); tag != "" {
			list = append(list, tag)
		}
	}
	return strings.Join(list, ",")
}
