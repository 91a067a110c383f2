package render

import (
	"cmp"
	"strings"
	"time"

	"serai/internal/feed"
)

// An item is a story made ready to be written in any format.
type item struct {
	id        string
	permalink bool   // the id is the link
	title     string // may be empty
	link      string // may be empty
	external  string // what a link post points to; may be empty
	language  *string

	published, updated, arrived time.Time

	summary string // plain text on one line, never empty
	content string // safe HTML; empty where only the summary may be shown
	bare    bool   // only title and link may be shown: the summary is made of them

	authors      []feed.Person // never empty
	contributors []feed.Person
	categories   []category
	enclosures   []feed.Enclosure
	image        string
	banner       string
	comments     string
	replies      int
	license      string
	rights       string

	source *origin // nil for our own posts
	via    []link
	also   []also
}

// An origin is the feed that a foreign entry was first published in.
type origin struct {
	id, title, home, feed, rights, icon, logo string
	authors                                   []feed.Person
}

// An also is another place where the same story stands.
type also struct {
	url, title, source string
	published          time.Time
}

// Sizes of what is shown.
const (
	excerptLength = 300  // characters of an excerpt
	summaryLength = 1000 // characters of a source's own summary beside, or instead of, its content
	titleLength   = 80   // characters of a title made from text
	alsoMost      = 10   // links to other places that carry a story
)

// items makes the feed's stories ready, as many as its size allows.
func items(d *Feed) []item {
	list := make([]item, 0, len(d.Stories))
	taken := make(map[string]bool, len(d.Stories))
	sources := newSourceSet(d)
	room := cmp.Or(d.MaxBytes, defaultMaxBytes)
	for i := range d.Stories {
		story := &d.Stories[i]
		it, ok := newItem(d, sources, story)
		// Two items of one id are an error in every format.
		if !ok || !story.Withdrawn.IsZero() || taken[it.id] {
			continue
		}
		if room -= it.size(); room < 0 && len(list) > 0 {
			break
		}
		taken[it.id] = true
		list = append(list, it)
	}
	return list
}

// size estimates how many bytes the item takes in the format that takes most.
func (it *item) size() int {
	const frame = 1500 // elements and attributes around the texts
	size := frame + 2*len(it.summary) + len(it.content) + 250*(len(it.enclosures)+len(it.also))
	// Atom writes &lt; and &gt;, JSON \".
	return size + 3*strings.Count(it.content, "<") + 3*strings.Count(it.content, ">") + 4*strings.Count(it.content, "&") + strings.Count(it.content, `"`)
}

// newItem makes a story ready. A story with neither link nor content is not
// published: there is nothing to read and nowhere to go.
func newItem(d *Feed, sources *sourceSet, s *feed.Story) (item, bool) {
	e := &s.Lead
	it := item{
		id:           publicID(s),
		title:        line(e.Title),
		link:         cmp.Or(address(s.Link), address(e.Link)),
		external:     address(e.ExternalURL),
		language:     itemLanguage(language(d.Channel.Language), language(e.Language)),
		authors:      people(e.Authors),
		contributors: people(e.Contributors),
		categories:   entryCategories(e),
		enclosures:   enclosures(e.Enclosures),
		image:        address(e.Image),
		banner:       address(e.BannerImage),
		comments:     address(e.CommentsURL),
		replies:      max(e.Comments, 0),
		license:      address(e.License),
		rights:       line(e.Rights),
	}
	if it.image == "" && len(e.Thumbnails) > 0 {
		it.image = address(e.Thumbnails[0])
	}
	republish := feed.RepublishFull
	if e.Post != nil {
		it.setOwn(d, e)
	} else {
		src := sources.source(e.Source)
		it.setForeign(src.originOf(e))
		republish = cmp.Or(src.Republish, republish)
	}
	it.setDates(d, s)
	it.setText(e, republish, d.Channel.Content)
	if it.link == "" && it.summary == "" && it.content == "" {
		return item{}, false
	}
	if it.source != nil {
		it.attribute(d.Channel.Attribution)
	}
	it.summary = cmp.Or(it.summary, it.title, it.link, it.published.Format(time.DateOnly))
	it.permalink = it.link == it.id
	it.setOthers(d, sources, s)
	return it, true
}

// publicID returns the id that was minted for the story, character by
// character. One that XML could not carry would be no id; it is replaced by one
// made of it, which therefore stays the same too.
func publicID(s *feed.Story) string {
	if id := s.PublicID; id != "" && line(id) == id {
		return id
	}
	return feed.DerivedID(s.Lead.Source, cmp.Or(s.PublicID, s.ID.String()))
}

// setOwn gives a post of the site its address and authors.
func (it *item) setOwn(d *Feed, e *feed.Entry) {
	it.link = address(d.Site.URL + "/posts/" + percent(e.Post.Slug, "/"))
	it.rights = cmp.Or(it.rights, line(d.Site.Rights))
	if len(it.authors) == 0 {
		it.authors = []feed.Person{siteAuthor(d.Site)}
	}
}

// setForeign says where an entry comes from, and never leaves it without an
// author: readers would credit the channel's own, who did not write it.
func (it *item) setForeign(from *origin) {
	it.source = from
	it.rights = cmp.Or(it.rights, it.source.rights)
	if len(it.authors) == 0 {
		it.authors = it.source.authors
	}
	if len(it.authors) == 0 {
		it.authors = []feed.Person{{Name: unmarked(it.source.title), URL: it.source.home}}
	}
}

// setDates follows the story, and where its dates cannot be written down, what
// is known besides.
func (it *item) setDates(d *Feed, s *feed.Story) {
	it.arrived = plausible(s.FirstSeen)
	it.published = plausible(s.Published)
	for _, t := range []time.Time{it.arrived, plausible(s.Updated), plausible(d.Updated), oldest} {
		if it.published.IsZero() {
			it.published = t
		}
	}
	it.updated = later(it.published, plausible(s.Updated))
}

// setText chooses how much of the entry is shown.
func (it *item) setText(e *feed.Entry, republish feed.Republish, form feed.ContentForm) {
	if republish == feed.RepublishLink {
		it.bare = true
		return
	}
	content := strings.TrimSpace(clean(e.Content))
	it.summary = line(e.Summary)
	if it.summary == "" {
		it.summary = cut(cmp.Or(line(e.Text), plain(content)), excerptLength)
	}
	switch {
	case republish == feed.RepublishExcerpt:
		it.summary = cut(it.summary, excerptLength)
	case form == feed.SummaryContent:
		it.summary = cut(it.summary, summaryLength)
	case content != "":
		it.summary = cut(it.summary, summaryLength)
		it.content = content
	}
}

// attribute names the source where readers that do not show it will.
func (it *item) attribute(how feed.Attribution) {
	name := it.source.title
	switch {
	case how == feed.TitlePrefix && it.title != "":
		it.title = name + ": " + it.title
	case how == feed.FooterAttribution && it.content != "":
		name = escapeHTML(name)
		if to := cmp.Or(it.link, it.source.home); to != "" {
			name = `<a href="` + escapeHTML(to) + `">` + name + `</a>`
		}
		it.content += "\n<p>— " + name + "</p>"
	case how == feed.FooterAttribution && it.summary != "":
		it.summary += " — " + name
	}
}

// setOthers lists the other places where the story stands, and the aggregators
// it came by.
func (it *item) setOthers(d *Feed, sources *sourceSet, s *feed.Story) {
	listed := map[string]bool{it.link: true, "": true}
	if it.source != nil {
		it.addVia(listed, sources.source(s.Lead.Source).origin, "")
	}
	for i := range s.Members {
		m := &s.Members[i]
		if m.Entry == s.Lead.ID && m.Source == s.Lead.Source {
			continue
		}
		src, to := sources.source(m.Source), open(m.Link)
		if src.Kind == feed.Aggregator {
			it.addVia(listed, src.origin, to)
			continue
		}
		if listed[to] || len(it.also) == alsoMost {
			continue
		}
		listed[to] = true
		name := src.origin.title
		if m.Source == feed.PostsSource {
			name = line(d.Site.Title)
		}
		it.also = append(it.also, also{to, line(m.Title), name, plausible(m.Published)})
	}
}

// addVia links to whom we read the story from: at its place there, else to the
// feed, else to its home page.
func (it *item) addVia(listed map[string]bool, from *origin, to string) {
	if listed[to] {
		to = cmp.Or(from.feed, from.home)
	}
	if listed[to] || len(it.via) == alsoMost {
		return
	}
	listed[to] = true
	it.via = append(it.via, link{href: to, rel: "via", title: from.title})
}

// itemLanguage returns what must be said of an item's language beside the
// document's: nothing where it is the same, and that it is unknown where the
// document's would be inherited.
func itemLanguage(document, own string) *string {
	if strings.EqualFold(document, own) {
		return nil
	}
	return &own
}
