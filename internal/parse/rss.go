package parse

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	ext "github.com/mmcdole/gofeed/extensions"
	"github.com/mmcdole/gofeed/rss"

	"serai/internal/feed"
)

// rss maps RSS of all versions.
func (m *mapping) rss(f *rss.Feed) feed.Document {
	x := modules(f.Extensions)
	d := feed.Document{
		Format:      "rss",
		ID:          m.id(cmp.Or(x.value("atom:id"), x.value("own:about"))),
		Title:       m.title(f.Title, x.value("dc:title"), x.value("atom:title"), x.value("itunes:title")),
		Description: m.title(f.Description, x.value("dc:description"), x.value("itunes:summary"), x.value("atom:subtitle"), x.value("own:summary"), x.value("itunes:subtitle")),
		Rights:      m.title(f.Copyright, x.value("dc:rights"), x.value("atom:rights"), x.value("media:copyright")),
		Language:    m.str(f.Language),
		Generator:   m.str(cmp.Or(f.Generator, x.value("atom:generator"))),
		Links:       m.atomLinks(m.plainLinks(f.Links), x.all("atom:link")),
	}
	if len(d.Links) > 0 && len(f.Links) > 0 {
		d.HomeURL = d.Links[0].Href
	}
	if f.Image != nil {
		d.Logo = m.str(f.Image.URL)
		d.HomeURL = cmp.Or(d.HomeURL, m.str(f.Image.Link))
	}
	d.Authors = m.rssAuthors(x)
	if len(d.Authors) == 0 {
		for _, o := range x.all("itunes:owner") {
			d.Authors = m.atomPeople(d.Authors, []ext.Extension{o})
		}
	}
	d.Contributors = m.atomPeople(nil, x.all("atom:contributor"))
	d.Categories = m.rssCategories(f.Categories, x)
	m.headModules(&d, x)
	d.Icon = cmp.Or(d.Icon, d.Logo)
	m.rssHints(&d, f)
	d.Entries = make([]feed.RawEntry, 0, len(f.Items))
	for _, item := range f.Items {
		if item != nil {
			d.Entries = append(d.Entries, m.rssItem(item))
		}
	}
	return d
}

// plainLinks makes links of RSS, which has only one kind.
func (m *mapping) plainLinks(links []string) []feed.Link {
	var out []feed.Link
	for _, l := range links {
		out = addLink(out, feed.Link{Href: m.str(l), Rel: "alternate"})
	}
	return out
}

func (m *mapping) rssAuthors(x modules) []feed.Person {
	var people []feed.Person
	for _, name := range []string{"own:author", "dc:creator"} {
		for _, e := range x.all(name) {
			people = addPerson(people, readPerson(m.str(e.Value)))
		}
	}
	people = merge(m.atomPeople(people, x.all("atom:author")))
	if len(people) == 0 {
		people = addPerson(people, readPerson(m.str(x.value("itunes:author"))))
	}
	for _, e := range x.all("media:credit") {
		if role := e.Attrs["role"]; len(people) == 0 && (role == "author" || role == "") {
			people = addPerson(people, readPerson(m.str(e.Value)))
		}
	}
	return people
}

func (m *mapping) rssCategories(of []*rss.Category, x modules) []feed.Category {
	var all []feed.Category
	for _, c := range of {
		all = addCategory(all, feed.Category{Term: m.str(c.Value), Scheme: m.str(c.Domain)})
	}
	for _, c := range x.all("atom:category") {
		all = addCategory(all, feed.Category{Term: m.str(c.Attrs["term"]), Scheme: m.str(c.Attrs["scheme"]), Label: m.str(c.Attrs["label"])})
	}
	return all
}

// rssHints reads when the channel asks to be polled.
func (m *mapping) rssHints(d *feed.Document, f *rss.Feed) {
	if n, err := strconv.Atoi(strings.TrimSpace(f.TTL)); err == nil && n > 0 && n <= 366*24*60 {
		d.Hints.TTL = time.Duration(n) * time.Minute
	}
	for _, h := range f.SkipHours {
		// The specification counts from 0, some count to 24.
		if n, err := strconv.Atoi(strings.TrimSpace(h)); err == nil && n >= 0 && n <= 24 && len(d.Hints.SkipHours) < 24 {
			d.Hints.SkipHours = append(d.Hints.SkipHours, n%24)
		}
	}
	for _, day := range f.SkipDays {
		for w := time.Sunday; w <= time.Saturday; w++ {
			if strings.EqualFold(strings.TrimSpace(day), w.String()) && len(d.Hints.SkipDays) < 7 {
				d.Hints.SkipDays = append(d.Hints.SkipDays, w)
			}
		}
	}
}

func (m *mapping) rssItem(i *rss.Item) feed.RawEntry {
	x := modules(i.Extensions)
	content := m.first(i.Content, x.value("atom:content"), x.value("own:fulltext"), x.value("own:body"), x.value("own:content"))
	summary := m.first(i.Description, x.value("dc:description"), x.value("atom:summary"), x.value("own:summary"),
		x.value("itunes:summary"), x.value("media:description"))
	e := feed.RawEntry{
		Title:   m.title(i.Title, x.value("dc:title"), x.value("atom:title"), x.value("media:title"), x.value("itunes:title")),
		Content: m.rich(content, maxContent),
		Summary: m.rich(summary, maxContent),
	}
	isPermalink := true
	if i.GUID != nil {
		e.GUID = m.id(i.GUID.Value)
		isPermalink = !strings.EqualFold(i.GUID.IsPermalink, "false")
	}
	e.Links = m.atomLinks(m.plainLinks(i.Links), x.all("atom:link"))
	if len(i.Links) > 0 && len(e.Links) > 0 {
		e.Link = e.Links[0].Href
	}
	e.Link = cmp.Or(e.Link, findLink(e.Links, "alternate", "html"))
	if e.Link == "" && isPermalink && e.GUID != "" {
		if link := resolve(m.base, e.GUID); isWeb(link) && (isWeb(e.GUID) || strings.HasPrefix(e.GUID, "/")) {
			e.Link = link
		}
	}
	e.GUID = cmp.Or(e.GUID, m.id(x.value("atom:id")), m.id(x.value("own:about")), m.id(x.value("dc:identifier")))
	if about := m.str(x.value("own:about")); e.Link == "" && isWeb(about) {
		e.Link = about
	}
	e.Authors = m.rssAuthors(x)
	e.Contributors = m.atomPeople(nil, x.all("atom:contributor"))
	e.Categories = m.rssCategories(i.Categories, x)
	e.CommentsURL = m.str(i.Comments)
	for _, enc := range i.Enclosures {
		e.Enclosures = addEnclosure(e.Enclosures, feed.Enclosure{URL: m.str(enc.URL), Type: m.str(enc.Type), Length: readSize(enc.Length)})
	}
	e.Enclosures = enclosuresOf(e.Enclosures, e.Links)
	if e.GUID == "" && e.Link == "" && len(e.Enclosures) > 0 {
		e.GUID = e.Enclosures[0].URL // of an episode without a page its file is all there is
	}
	e.RightsText = m.title(x.value("own:rights"), x.value("dc:rights"), x.value("atom:rights"), x.value("media:copyright"))
	e.Origin = m.rssOrigin(i, x)
	e.ContentSrc = m.str(x.attr("atom:content", "src"))
	m.rssImage(&e, x)
	m.entryModules(&e, x)
	m.context(&e, x, content, summary)
	return e
}

func (m *mapping) rssImage(e *feed.RawEntry, x modules) {
	for _, img := range x.all("own:image") {
		e.Image = cmp.Or(e.Image, m.str(img.Attrs["url"]), m.str(img.Attrs["href"]))
		if c := img.Children["url"]; len(c) > 0 {
			e.Image = cmp.Or(e.Image, m.str(c[0].Value))
		}
	}
}

// context sets what an entry's place in the document says about its texts: the
// content's word goes before the summary's, and that before the item's.
func (m *mapping) context(e *feed.RawEntry, x modules, content, summary text) {
	main := content
	if main.body == "" {
		main = summary
	}
	e.Base = strings.Clone(cmp.Or(main.base, m.text(x.value("own:base")).body, m.base))
	e.Language = strings.Clone(cmp.Or(m.text(x.value("dc:language")).body, main.lang, m.text(x.value("own:lang")).body))
}

// rssOrigin reads where an item was taken from.
func (m *mapping) rssOrigin(i *rss.Item, x modules) *feed.Origin {
	if all := x.all("atom:source"); len(all) > 0 {
		return m.foreignOrigin(all[0])
	}
	if i.Source == nil || i.Source.Title == "" && i.Source.URL == "" {
		return nil
	}
	return &feed.Origin{Title: m.limit(m.str(i.Source.Title), maxTitle), FeedURL: m.str(i.Source.URL)}
}

// foreignOrigin reads an atom:source in RSS.
func (m *mapping) foreignOrigin(e ext.Extension) *feed.Origin {
	x := modules{"": e.Children}
	o := &feed.Origin{
		ID: m.id(x.value("id")), Title: m.limit(m.str(x.value("title")), maxTitle),
		Description: m.limit(m.str(x.value("subtitle")), maxTitle), Rights: m.limit(m.str(x.value("rights")), maxTitle),
		Icon: m.str(x.value("icon")), Logo: m.str(x.value("logo")), Generator: m.str(x.value("generator")),
		Updated: m.date(x, "updated", "modified"),
		Authors: m.atomPeople(nil, x.all("author")), Contributors: m.atomPeople(nil, x.all("contributor")),
		Links: m.atomLinks(nil, x.all("link")),
	}
	o.HomeURL, o.FeedURL = findLink(o.Links, "alternate", "html"), findLink(o.Links, "self", "xml")
	return o
}
