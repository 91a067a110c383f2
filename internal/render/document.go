package render

import (
	"cmp"
	"strings"
	"time"

	"serai/internal/feed"
)

// A document is a feed made ready: every string clean, every address an URI,
// every fallback taken. The formats only write it down, so they cannot disagree.
type document struct {
	id, title, description string
	home, self, hub        string
	kind                   string // the document's own media type
	language               string
	author                 feed.Person
	rights                 string
	generator, version     string
	updated                time.Time
	ttl                    int    // minutes; zero says nothing
	sisters                []link // the same channel in the other formats
	pages                  []link // RFC 5005
	next                   string // of pages, for JSON Feed
	archive                bool
	categories             []category
	items                  []item
}

// A link is an address with its relation (RFC 8288).
type link struct {
	href, rel, kind, title string
}

const defaultMaxBytes = 1 << 20

func newDocument(f Format, d *Feed) *document {
	channel := percent(d.Channel.ID, "")
	doc := &document{
		id:         FeedID(d.Site, d.Channel.ID),
		title:      cmp.Or(line(d.Channel.Title), line(d.Channel.ID)),
		home:       address(d.Site.URL + "/channels/" + channel),
		self:       cmp.Or(address(d.Pages.Self), address(f.URL(d.Site, channel))),
		hub:        HubURL(d.Site),
		kind:       f.BareType(),
		language:   language(d.Channel.Language),
		author:     siteAuthor(d.Site),
		rights:     line(d.Site.Rights),
		generator:  "serai",
		version:    line(d.Version),
		updated:    plausible(d.Updated),
		ttl:        int(d.MaxAge / time.Minute),
		next:       address(d.Pages.Next),
		archive:    d.Pages.Archive,
		categories: channelCategories(d.Channel),
		items:      items(d),
	}
	if doc.archive {
		doc.hub = "" // what is in an archive does not change; there is nothing to push
	}
	doc.description = cmp.Or(line(d.Channel.Description), line(d.Site.Description), doc.title)
	for _, sister := range Formats {
		if sister.Name != f.Name {
			doc.sisters = append(doc.sisters, link{address(sister.URL(d.Site, channel)), "alternate", sister.BareType(), ""})
		}
	}
	doc.addPages(f, d.Pages)
	for i := range doc.items {
		doc.updated = later(doc.updated, later(doc.items[i].updated, doc.items[i].arrived))
	}
	if doc.updated.IsZero() {
		doc.updated = oldest
	}
	return doc
}

func (doc *document) addPages(f Format, p Pages) {
	for _, l := range []link{
		{href: p.Current, rel: "current"},
		{href: p.First, rel: "first"},
		{href: p.Previous, rel: "previous"},
		{href: p.Next, rel: "next"},
		{href: p.PrevArchive, rel: "prev-archive"},
		{href: p.NextArchive, rel: "next-archive"},
	} {
		if l.href = address(l.href); l.href != "" {
			l.kind = f.BareType()
			doc.pages = append(doc.pages, l)
		}
	}
}

// siteAuthor returns the author of the document, who always has a name: Atom
// wants one, and no entry inherits it, because every entry has its own.
func siteAuthor(site feed.Site) feed.Person {
	return feed.Person{
		Name:   unmarked(cmp.Or(line(site.Author.Name), line(site.Title), host(address(site.URL)), "serai")),
		URL:    address(site.Author.URL),
		Email:  mailbox(site.Author.Email),
		Avatar: address(site.Author.Avatar),
	}
}

// mailbox returns an e-mail address if it is plainly one.
func mailbox(s string) string {
	s = line(s)
	if email.FindString(s) != s || strings.ContainsAny(s, "<>()[]:") {
		return ""
	}
	return s
}

// channelCategories are what a channel is chosen by.
func channelCategories(ch feed.Channel) []category {
	var b categoryList
	for _, topic := range ch.Topics {
		b.add(feed.Category{Term: topic})
	}
	for _, tag := range ch.Tags {
		b.add(feed.Category{Term: tag})
	}
	return b.list
}

// oldest is the earliest date that is believed. Before it lie the zeros of
// clocks that were never set.
var oldest = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)

// plausible returns t in UTC and whole seconds, or the zero time where no feed
// format could write it down or no publisher can mean it.
func plausible(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)
	if t.Before(oldest) || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
