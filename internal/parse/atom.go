package parse

import (
	"cmp"
	"strings"

	"github.com/mmcdole/gofeed/atom"

	"serai/internal/feed"
)

// atom maps Atom 1.0, 0.3 and its drafts.
func (m *mapping) atom(f *atom.Feed) feed.Document {
	x := modules(f.Extensions)
	d := feed.Document{
		Format:       "atom",
		Title:        m.title(f.Title, x.value("dc:title")),
		Description:  m.title(f.Subtitle, x.value("own:summary"), x.value("dc:description"), x.value("itunes:summary"), x.value("itunes:subtitle")),
		Rights:       m.title(f.Rights, x.value("dc:rights")),
		Icon:         m.str(f.Icon),
		Logo:         m.str(f.Logo),
		Links:        m.links(f.Links),
		Authors:      m.people(f.Authors),
		Contributors: m.people(f.Contributors),
		Categories:   m.categories(f.Categories),
	}
	if f.Generator != nil {
		d.Generator = m.str(cmp.Or(f.Generator.Value, f.Generator.URI))
	}
	if len(d.Authors) == 0 {
		d.Authors = m.rssAuthors(x)
	}
	m.headModules(&d, x)
	d.ID = m.atomID(f.ID, d.Base)
	d.Entries = make([]feed.RawEntry, 0, len(f.Entries))
	for _, e := range f.Entries {
		if e != nil {
			d.Entries = append(d.Entries, m.atomEntry(e, d.Base))
		}
	}
	return d
}

// atomID returns an id. It is kept to the character (RFC 4287 4.2.6.1), but a
// path alone is no id, and means something only under the document's host.
func (m *mapping) atomID(field, base string) string {
	id := m.id(field)
	if strings.HasPrefix(id, "/") && !strings.ContainsAny(id, " \n") {
		return resolve(base, id)
	}
	return id
}

func (m *mapping) atomEntry(a *atom.Entry, base string) feed.RawEntry {
	x := modules(a.Extensions)
	var own text
	var src string
	if a.Content != nil {
		own, src = m.text(a.Content.Value), m.str(a.Content.Src)
	}
	content := own
	if content.body == "" {
		content = m.first(x.value("content:encoded"), x.value("own:fulltext"), x.value("own:body"))
	}
	summary := m.first(a.Summary, x.value("own:summary"), x.value("dc:description"), x.value("itunes:summary"), x.value("media:description"))
	if group := x.all("media:group"); summary.body == "" && len(group) > 0 {
		if c := group[0].Children["description"]; len(c) > 0 {
			summary = m.text(c[0].Value)
		}
	}
	e := feed.RawEntry{
		Title:   m.title(a.Title, x.value("dc:title"), x.value("media:title"), x.value("itunes:title")),
		Content: m.rich(content, maxContent),
		Summary: m.rich(summary, maxContent),
	}
	e.RightsText = m.title(a.Rights, x.value("dc:rights"))
	e.Links = m.links(a.Links)
	e.Authors = m.people(a.Authors)
	if len(e.Authors) == 0 {
		e.Authors = m.rssAuthors(x)
	}
	e.Contributors = m.people(a.Contributors)
	e.Categories = m.categories(a.Categories)
	e.Enclosures = enclosuresOf(nil, e.Links)
	for _, enc := range x.all("own:enclosure") {
		e.Enclosures = addEnclosure(e.Enclosures, feed.Enclosure{URL: m.str(enc.Attrs["url"]), Type: m.str(enc.Attrs["type"]), Length: readSize(enc.Attrs["length"])})
	}
	e.ContentSrc = src
	m.entryModules(&e, x)
	m.context(&e, x, content, summary)
	e.GUID = cmp.Or(m.atomID(a.ID, cmp.Or(e.Base, base)), m.id(x.value("own:guid")))
	m.atomAddresses(&e)
	if a.Source != nil {
		e.Origin = m.origin(a.Source)
	}
	return e
}

// atomAddresses picks the entry's own address and its relatives out of its
// links.
func (m *mapping) atomAddresses(e *feed.RawEntry) {
	e.Link = findLink(e.Links, "alternate", "html")
	if e.Link == "" && isWeb(e.GUID) {
		e.Link = e.GUID
	}
	if e.Link == "" && isWeb(e.ContentSrc) {
		e.Link = e.ContentSrc
	}
	e.CommentsURL = findLink(e.Links, "replies", "html")
	e.License = cmp.Or(e.License, findLink(e.Links, "license", ""))
	e.Canonical = cmp.Or(e.Canonical, findLink(e.Links, "canonical", ""))
}

func (m *mapping) origin(s *atom.Source) *feed.Origin {
	x := modules(s.Extensions)
	o := &feed.Origin{
		ID:           m.id(s.ID),
		Title:        m.plainOf(s.Title),
		Description:  m.plainOf(s.Subtitle),
		Rights:       m.plainOf(s.Rights),
		Icon:         m.str(s.Icon),
		Logo:         m.str(s.Logo),
		Links:        m.links(s.Links),
		Authors:      m.people(s.Authors),
		Contributors: m.people(s.Contributors),
		Categories:   m.categories(s.Categories),
		Updated:      m.date(x, "own:updated", "own:modified"),
	}
	if s.Generator != nil {
		o.Generator = m.str(cmp.Or(s.Generator.Value, s.Generator.URI))
	}
	o.HomeURL, o.FeedURL = findLink(o.Links, "alternate", "html"), findLink(o.Links, "self", "xml")
	return o
}

func (m *mapping) links(of []*atom.Link) []feed.Link {
	var out []feed.Link
	for _, l := range of {
		out = addLink(out, feed.Link{
			Href: m.str(l.Href), Rel: cmp.Or(relation(m.str(l.Rel)), "alternate"), Type: m.str(l.Type),
			Language: m.str(l.Hreflang), Title: m.str(l.Title), Length: m.str(l.Length),
		})
	}
	return out
}

// relation returns the short name of a registered relation (RFC 4287 4.2.7.2).
func relation(rel string) string {
	rel = strings.TrimPrefix(rel, "http://www.iana.org/assignments/relation/")
	return strings.TrimSpace(rel)
}

func (m *mapping) people(of []*atom.Person) []feed.Person {
	var out []feed.Person
	for _, p := range of {
		out = addPerson(out, atomPersonOf(m.str(p.Name), m.str(p.Email), m.str(p.URI)))
	}
	return out
}

func (m *mapping) categories(of []*atom.Category) []feed.Category {
	var out []feed.Category
	for _, c := range of {
		out = addCategory(out, feed.Category{Term: m.str(c.Term), Scheme: m.str(c.Scheme), Label: m.str(c.Label)})
	}
	return out
}
