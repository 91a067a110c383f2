package render

import (
	"cmp"
	"io"
	"time"

	"github.com/gorilla/feeds"

	"serai/internal/feed"
)

// The Atom structs print their fields in this order: a feed's entries come last.

type atomFeed struct {
	Language   string         `xml:"xml:lang,attr,omitempty"`
	Media      string         `xml:"xmlns:media,attr"`
	Thread     string         `xml:"xmlns:thr,attr"`
	FH         string         `xml:"xmlns:fh,attr,omitempty"`
	Title      atomText       `xml:"title"`
	Subtitle   *atomText      `xml:"subtitle"`
	Links      []atomLink     `xml:"link"`
	Generator  atomGenerator  `xml:"generator"`
	Rights     *atomText      `xml:"rights"`
	Categories []atomCategory `xml:"category"`
	Archive    *struct{}      `xml:"fh:archive"`
	*feeds.AtomFeed
	Entries []atomEntry `xml:"entry"`
}

// FeedXml makes the feed what [feeds.WriteXML] writes. Without it, that of the
// embedded struct would be called, and what is added here lost.
func (f *atomFeed) FeedXml() any { return f } //nolint:revive // the name is that of the library's interface

type atomEntry struct {
	Language *string  `xml:"xml:lang,attr"`
	Title    atomText `xml:"title"`
	*feeds.AtomEntry
	Links        []atomLink     `xml:"link"`
	Authors      []atomPerson   `xml:"author"`
	Contributors []atomPerson   `xml:"contributor"`
	Categories   []atomCategory `xml:"category"`
	Rights       *atomText      `xml:"rights"`
	Source       *atomSource    `xml:"source"`
	Thumbnail    *mediaImage    `xml:"media:thumbnail"`
	Replies      int            `xml:"thr:total,omitempty"`
	Summary      *atomText      `xml:"summary"`
	Content      *atomText      `xml:"content"`
}

// An atomText is a text construct, already escaped (RFC 4287 3.1).
type atomText struct {
	Type    string `xml:"type,attr,omitempty"`
	Escaped string `xml:",innerxml"`
}

// newAtomText says that text is text, except where it looks like HTML: readers
// that do not ask for the type would show it as such, and escaped twice, as
// HTML, it is right for them too.
func newAtomText(s string) atomText {
	if looksLikeHTML(s) {
		return atomText{"html", xmlEscaper.Replace(escapeHTML(s))}
	}
	return atomText{"", xmlEscaper.Replace(s)}
}

func optionalAtomText(s string) *atomText {
	if s == "" {
		return nil
	}
	t := newAtomText(s)
	return &t
}

type atomLink struct {
	Rel     string `xml:"rel,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Title   string `xml:"title,attr,omitempty"`
	Href    string `xml:"href,attr"`
	Length  int64  `xml:"length,attr,omitempty"`
	Replies int    `xml:"thr:count,attr,omitempty"`
}

func newAtomLink(l link) atomLink {
	return atomLink{Rel: l.rel, Type: l.kind, Title: unmarked(l.title), Href: l.href}
}

type atomPerson struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

type atomGenerator struct {
	Version string `xml:"version,attr,omitempty"`
	Name    string `xml:",chardata"`
}

// An atomSource keeps what was said of the feed an entry comes from.
type atomSource struct {
	ID      string       `xml:"id"`
	Title   atomText     `xml:"title"`
	Updated string       `xml:"updated"`
	Links   []atomLink   `xml:"link"`
	Authors []atomPerson `xml:"author"`
	Rights  *atomText    `xml:"rights"`
	Icon    string       `xml:"icon,omitempty"`
	Logo    string       `xml:"logo,omitempty"`
}

func writeAtom(w io.Writer, doc *document) error {
	return feeds.WriteXML(newAtom(doc), w)
}

func newAtom(doc *document) *atomFeed {
	base := (&feeds.Atom{Feed: baseFeed(doc)}).AtomFeed()
	base.Id = doc.id
	base.Author = &feeds.AtomAuthor{AtomPerson: feeds.AtomPerson{Name: doc.author.Name, Uri: doc.author.URL, Email: doc.author.Email}}
	made := &atomFeed{
		Language:   doc.language,
		Media:      "http://search.yahoo.com/mrss/",
		Thread:     "http://purl.org/syndication/thread/1.0",
		Title:      newAtomText(doc.title),
		Subtitle:   optionalAtomText(doc.description),
		Links:      atomFeedLinks(doc),
		Generator:  atomGenerator{doc.version, doc.generator},
		Rights:     optionalAtomText(doc.rights),
		Categories: atomCategories(doc.categories),
		AtomFeed:   base,
	}
	if doc.archive {
		made.FH = historyNamespace
		made.Archive = &struct{}{}
	}
	for i := range doc.items {
		made.Entries = append(made.Entries, newAtomEntry(&doc.items[i], base.Entries[i]))
	}
	return made
}

func atomFeedLinks(doc *document) []atomLink {
	links := []atomLink{
		{Rel: "self", Type: doc.kind, Href: doc.self},
		{Rel: "alternate", Type: "text/html", Href: doc.home},
	}
	for _, l := range doc.sisters {
		links = append(links, newAtomLink(l))
	}
	if doc.hub != "" {
		links = append(links, atomLink{Rel: "hub", Href: doc.hub})
	}
	for _, l := range doc.pages {
		links = append(links, newAtomLink(l))
	}
	return links
}

func newAtomEntry(it *item, base *feeds.AtomEntry) atomEntry {
	// A slice is printed under the name of its elements, so these would not be
	// shadowed but printed beside ours.
	base.Links = nil
	base.Published = it.published.Format(time.RFC3339)
	made := atomEntry{
		Language:     it.language,
		Title:        newAtomText(atomTitle(it)),
		AtomEntry:    base,
		Links:        atomEntryLinks(it),
		Authors:      atomPeople(it.authors),
		Contributors: atomPeople(it.contributors),
		Categories:   atomCategories(it.categories),
		Rights:       optionalAtomText(it.rights),
		Source:       newAtomSource(it),
		Thumbnail:    newMediaImage(it.image),
		Summary:      optionalAtomText(it.summary),
	}
	if it.comments != "" {
		made.Replies = it.replies
	}
	switch {
	case it.content != "":
		made.Content = &atomText{"html", xmlEscaper.Replace(it.content)}
	case it.link == "": // content is required of an entry that leads nowhere (RFC 4287 4.1.2)
		made.Content, made.Summary = made.Summary, nil
	}
	return made
}

// atomTitle is never empty: Atom wants a title, and readers want to show one.
func atomTitle(it *item) string {
	text := it.summary
	if it.bare || text == it.link {
		text = ""
	}
	return cmp.Or(it.title, cut(text, titleLength), it.published.Format(time.DateOnly))
}

func atomEntryLinks(it *item) []atomLink {
	var links []atomLink
	if it.link != "" {
		links = append(links, atomLink{Rel: "alternate", Type: "text/html", Href: it.link})
	}
	for _, f := range it.enclosures {
		links = append(links, atomLink{Rel: "enclosure", Type: f.Type, Title: unmarked(f.Title), Href: f.URL, Length: f.Length})
	}
	for _, l := range itemLinks(it) {
		links = append(links, newAtomLink(l))
	}
	if it.comments != "" {
		links = append(links, atomLink{Rel: "replies", Type: "text/html", Href: it.comments, Replies: it.replies})
	}
	if it.license != "" {
		links = append(links, atomLink{Rel: "license", Href: it.license})
	}
	return links
}

// newAtomSource describes the source as it stood when the entry last changed.
// Its own last change would be another at nearly every poll, and the document
// with it, though nothing in it is new.
func newAtomSource(it *item) *atomSource {
	o := it.source
	if o == nil {
		return nil
	}
	made := &atomSource{
		ID:      o.id,
		Title:   newAtomText(o.title),
		Updated: it.updated.Format(time.RFC3339),
		Authors: atomPeople(o.authors),
		Rights:  optionalAtomText(o.rights),
		Icon:    o.icon,
		Logo:    o.logo,
	}
	if o.feed != "" {
		made.Links = append(made.Links, atomLink{Rel: "self", Href: o.feed})
	}
	if o.home != "" {
		made.Links = append(made.Links, atomLink{Rel: "alternate", Type: "text/html", Href: o.home})
	}
	return made
}

func atomPeople(list []feed.Person) []atomPerson {
	var made []atomPerson
	for _, p := range list {
		made = append(made, atomPerson{p.Name, p.URL})
	}
	return made
}

func atomCategories(list []category) []atomCategory {
	var made []atomCategory
	for _, c := range list {
		made = append(made, atomCategory{c.term, c.scheme, unmarked(c.label)})
	}
	return made
}
