package parse

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	ext "github.com/mmcdole/gofeed/extensions"

	"serai/internal/feed"
)

// The bounds of one entry. What is longer is cut, and said to be.
const (
	maxTitle   = 4 << 10
	maxContent = 2 << 20
	maxID      = 4 << 10
	maxEach    = 200 // links, categories, enclosures or people of one entry
)

// A mapping turns what gofeed has split into fields into a document.
type mapping struct {
	texts []text
	base  string // the document's: xml:base of the root, or its address
	cut   int    // texts that were too long
}

// text returns what a field stands for.
func (m *mapping) text(field string) text {
	if digits, ok := strings.CutPrefix(field, textMark); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 && n < len(m.texts) {
			return m.texts[n]
		}
	}
	return text{body: field}
}

// str returns a field's characters, in memory of their own: a piece of the
// document would keep all of it from being freed.
func (m *mapping) str(field string) string { return strings.Clone(m.text(field).body) }

func (m *mapping) id(field string) string { return m.limit(m.str(field), maxID) }

// first returns the first field that says something, with its context.
func (m *mapping) first(fields ...string) text {
	for _, f := range fields {
		if t := m.text(f); t.body != "" {
			return t
		}
	}
	return text{}
}

func (m *mapping) title(fields ...string) feed.Text { return m.rich(m.first(fields...), maxTitle) }

func (m *mapping) rich(t text, most int) feed.Text {
	return feed.Text{Body: m.limit(strings.Clone(t.body), most), HTML: t.html}
}

// limit cuts a text that is too long, between two characters.
func (m *mapping) limit(s string, most int) string {
	if len(s) <= most {
		return s
	}
	m.cut++
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.Clone(s[:most])
}

// modules are the elements that gofeed keeps by prefix and name.
type modules map[string]map[string][]ext.Extension

func (x modules) all(name string) []ext.Extension {
	prefix, local := cutName(name)
	return x[prefix][local]
}

// value returns the first element's content, or nothing.
func (x modules) value(name string) string {
	if all := x.all(name); len(all) > 0 {
		return all[0].Value
	}
	return ""
}

func (x modules) attr(name, attr string) string {
	if all := x.all(name); len(all) > 0 {
		return all[0].Attrs[attr]
	}
	return ""
}

// date returns the first of the elements that holds a date.
func (m *mapping) date(x modules, names ...string) time.Time {
	for _, n := range names {
		if s := m.text(x.value(n)).body; s != "" {
			if t, ok := readDate(s); ok {
				return t
			}
		}
	}
	return time.Time{}
}

// entryModules maps what items of both formats may carry besides their own.
// What the format says for itself stands already and is not overruled.
func (m *mapping) entryModules(e *feed.RawEntry, x modules) {
	e.Published = m.date(x, "own:published", "own:issued", "dc:date", "dcterms:issued")
	e.Updated = m.date(x, "own:updated", "own:modified", "dcterms:modified")
	e.Created = m.date(x, "own:created", "dcterms:created")
	if e.Published.IsZero() && e.Updated.IsZero() {
		e.Published = e.Created
	}
	e.Subtitle = m.title(x.value("itunes:subtitle"))
	e.Explicit = m.str(x.value("itunes:explicit"))
	e.Duration = m.str(x.value("itunes:duration"))
	e.License = m.str(x.attr("own:license", "resource"))
	e.License = cmp.Or(e.License, m.str(x.attr("own:license", "href")))
	e.Canonical = m.str(x.value("own:original"))
	if n, err := strconv.Atoi(strings.TrimSpace(x.value("slash:comments"))); err == nil && n > 0 {
		e.Comments = n
	}
	for _, c := range x.all("dc:contributor") {
		e.Contributors = addPerson(e.Contributors, readPerson(m.str(c.Value)))
	}
	e.Categories = m.moduleCategories(e.Categories, x)
	m.media(e, x)
	e.Image = cmp.Or(m.str(x.attr("itunes:image", "href")), m.str(x.attr("itunes:image", "url")), e.Image)
}

// moduleCategories adds the tags that stand in modules.
func (m *mapping) moduleCategories(to []feed.Category, x modules) []feed.Category {
	for _, c := range x.all("dc:subject") {
		to = addCategory(to, feed.Category{Term: m.str(c.Value)})
	}
	for _, c := range x.all("itunes:category") {
		to = addCategory(to, feed.Category{Term: m.str(c.Attrs["text"])})
		for _, sub := range c.Children["category"] {
			to = addCategory(to, feed.Category{Term: m.str(sub.Attrs["text"])})
		}
	}
	for _, c := range x.all("media:category") {
		to = addCategory(to, feed.Category{Term: m.str(c.Value), Scheme: m.str(c.Attrs["scheme"]), Label: m.str(c.Attrs["label"])})
	}
	for _, name := range []string{"itunes:keywords", "media:keywords"} {
		for word := range strings.SplitSeq(m.text(x.value(name)).body, ",") {
			to = addCategory(to, feed.Category{Term: strings.TrimSpace(strings.Clone(word))})
		}
	}
	return to
}

// addCategory appends a category that says something new.
func addCategory(to []feed.Category, c feed.Category) []feed.Category {
	c.Term = cmp.Or(strings.Join(strings.Fields(c.Term), " "), c.Label)
	if c.Term == "" || len(c.Term) > maxTitle || len(to) >= maxEach || slices.Contains(to, c) {
		return to
	}
	return append(to, c)
}

func addLink(to []feed.Link, l feed.Link) []feed.Link {
	if l.Href == "" || len(to) >= maxEach || slices.Contains(to, l) {
		return to
	}
	return append(to, l)
}

// findLink returns the first link with that relation, and one of the wanted
// type before another one.
func findLink(links []feed.Link, rel, mediaType string) string {
	found := ""
	for _, l := range links {
		if l.Rel != rel {
			continue
		}
		if l.Type == "" || strings.Contains(l.Type, mediaType) {
			return l.Href
		}
		found = cmp.Or(found, l.Href)
	}
	return found
}

// atomLinks returns the atom:link elements of another format.
func (m *mapping) atomLinks(to []feed.Link, links []ext.Extension) []feed.Link {
	for _, l := range links {
		to = addLink(to, feed.Link{
			Href: m.str(l.Attrs["href"]), Rel: cmp.Or(m.str(l.Attrs["rel"]), "alternate"), Type: m.str(l.Attrs["type"]),
			Language: m.str(l.Attrs["hreflang"]), Title: m.str(l.Attrs["title"]), Length: m.str(l.Attrs["length"]),
		})
	}
	return to
}

// enclosuresOf appends the enclosures among links.
func enclosuresOf(to []feed.Enclosure, links []feed.Link) []feed.Enclosure {
	for _, l := range links {
		if l.Rel == "enclosure" {
			to = addEnclosure(to, feed.Enclosure{URL: l.Href, Type: l.Type, Title: l.Title, Length: readSize(l.Length)})
		}
	}
	return to
}

// addEnclosure appends an enclosure whose address is new.
func addEnclosure(to []feed.Enclosure, e feed.Enclosure) []feed.Enclosure {
	if e.URL == "" || len(to) >= maxEach || slices.ContainsFunc(to, func(o feed.Enclosure) bool { return o.URL == e.URL }) {
		return to
	}
	return append(to, e)
}

// readSize reads a number of bytes as people write it: "1,024", "12 345".
func readSize(s string) int64 {
	s = strings.NewReplacer(",", "", " ", "", "\u00a0", "").Replace(strings.TrimSpace(s))
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// headModules maps what documents of both formats may carry besides.
func (m *mapping) headModules(d *feed.Document, x modules) {
	d.Published = m.date(x, "own:published", "own:issued", "dc:date", "dcterms:issued", "dcterms:created")
	d.Updated = m.date(x, "own:updated", "own:modified", "dcterms:modified")
	d.Explicit = m.str(x.value("itunes:explicit"))
	for _, c := range x.all("dc:contributor") {
		d.Contributors = addPerson(d.Contributors, readPerson(m.str(c.Value)))
	}
	d.Categories = m.moduleCategories(d.Categories, x)
	artwork := cmp.Or(m.str(x.attr("itunes:image", "href")), m.str(x.attr("itunes:image", "url")))
	d.Icon = cmp.Or(d.Icon, m.str(x.value("webfeeds:icon")), m.str(x.value("atom:icon")), artwork)
	d.Logo = cmp.Or(d.Logo, m.str(x.value("webfeeds:logo")), m.str(x.value("atom:logo")), artwork)
	d.Language = cmp.Or(d.Language, m.str(x.value("dc:language")), m.str(x.value("own:lang")))
	m.base = cmp.Or(m.str(x.value("own:base")), m.base)
	d.Base = m.base
	d.Hints.UpdateEvery = m.updateEvery(x)
	for _, l := range d.Links {
		switch l.Rel {
		case "hub":
			d.Hubs = append(d.Hubs, l.Href)
		case "self":
			d.SelfURL = cmp.Or(d.SelfURL, l.Href)
		}
	}
	d.HomeURL = cmp.Or(d.HomeURL, findLink(d.Links, "alternate", "html"))
}

// updateEvery reads the syndication module: so many updates in such a period.
func (m *mapping) updateEvery(x modules) time.Duration {
	const day = 24 * time.Hour
	var period time.Duration
	switch strings.ToLower(m.text(x.value("sy:updateperiod")).body) {
	case "hourly":
		period = time.Hour
	case "daily":
		period = day
	case "weekly":
		period = 7 * day
	case "monthly":
		period = 30 * day
	case "yearly":
		period = 365 * day
	}
	n, err := strconv.Atoi(strings.TrimSpace(x.value("sy:updatefrequency")))
	if err != nil || n < 1 || n > 100_000 {
		n = 1
	}
	return period / time.Duration(n)
}
