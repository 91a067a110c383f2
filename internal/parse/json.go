package parse

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/mmcdole/gofeed/json"

	"serai/internal/feed"
)

// A coerced document is a JSON Feed told again with the types that the
// specification wants, and its strings beside it.
type coerced struct {
	body    []byte
	texts   []text
	hubs    []string
	entries []itemExtras // of the items, in order
	skipped int
	cut     bool
}

// itemExtras are what gofeed's structure of an item has no place for.
type itemExtras struct {
	language string
}

// coerce reads a JSON document whatever its types are, and tells it again.
func coerce(s string, maxItems int, r *repairs) (*coerced, error) {
	in := jsonReader{s: s}
	top, ok := in.value(0).(jsonObject)
	items, hasItems := top.get("items").([]any)
	version, _ := top.get("version").(string)
	if !ok || !hasItems && !strings.Contains(version, "jsonfeed.org") {
		if in.cut && strings.Contains(version, "jsonfeed.org") {
			return nil, &NotFeedError{Looks: LooksCut}
		}
		return nil, &NotFeedError{Looks: LooksJSON}
	}
	if in.mended > 0 {
		r.add("json", "%d marks too many or too few", in.mended)
	}
	if in.deep {
		r.add("limit", "too many values, or nested too deep; some were left out")
	}
	if in.cut {
		r.add("truncated", "the document ends early")
	}
	c := &coerced{cut: in.cut}
	c.document(top, items, maxItems)
	if c.skipped > 0 {
		r.add("limit", "%d entries more than are read", c.skipped)
	}
	return c, nil
}

func (c *coerced) document(top jsonObject, items []any, maxItems int) {
	c.body = append(c.body, '{')
	for _, name := range []string{"version", "title", "home_page_url", "feed_url", "description", "icon", "favicon", "language"} {
		c.member(name, top.get(name))
	}
	c.authors(top)
	if hubs, ok := top.get("hubs").([]any); ok {
		for _, h := range hubs[:min(len(hubs), maxEach)] {
			if hub, ok := h.(jsonObject); ok {
				c.hubs = append(c.hubs, strings.Clone(jsonString(hub.get("url"))))
			}
		}
	}
	c.name("items")
	c.body = append(c.body, '[')
	for _, v := range items {
		item, ok := v.(jsonObject)
		switch {
		case !ok:
		case len(c.entries) >= maxItems:
			c.skipped++
		default:
			c.item(item)
		}
	}
	c.body = append(c.body, "]}"...)
}

func (c *coerced) item(item jsonObject) {
	c.separate('[')
	c.body = append(c.body, '{')
	for _, name := range []string{
		"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image",
		"date_published", "date_modified",
	} {
		c.member(name, item.get(name))
	}
	c.authors(item)
	c.tags(item.get("tags"))
	c.attachments(item.get("attachments"))
	c.body = append(c.body, '}')
	c.entries = append(c.entries, itemExtras{language: strings.Clone(jsonString(item.get("language")))})
}

// separate writes a comma unless the list or object has just been opened.
func (c *coerced) separate(opened byte) {
	if c.body[len(c.body)-1] != opened {
		c.body = append(c.body, ',')
	}
}

func (c *coerced) name(name string) {
	c.separate('{')
	c.body = strconv.AppendQuote(c.body, name)
	c.body = append(c.body, ':')
}

// text puts a string beside the document and its number into it.
func (c *coerced) text(s string) {
	c.body = append(append(c.body, '"'), textMark...)
	c.body = strconv.AppendInt(c.body, int64(len(c.texts)), 10)
	c.body = append(c.body, '"')
	c.texts = append(c.texts, text{body: s})
}

// member writes a string member, unless there is nothing to say.
func (c *coerced) member(name string, v any) {
	if s := jsonString(v); s != "" {
		c.name(name)
		c.text(s)
	}
}

// jsonString returns what a value says as a string. An image may be an object
// with its address in it.
func jsonString(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case jsonNumber:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case jsonObject:
		return cmp.Or(plainString(v.get("url")), plainString(v.get("href")), plainString(v.get("name")))
	case []any:
		if len(v) > 0 {
			return plainString(v[0])
		}
	}
	return ""
}

func plainString(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

// authors writes version 1.1's list, of what is a list, an object or a name.
func (c *coerced) authors(of jsonObject) {
	all, ok := of.get("authors").([]any)
	if !ok && of.get("authors") != nil {
		all = []any{of.get("authors")}
	}
	if one := of.get("author"); len(all) == 0 && one != nil {
		if list, ok := one.([]any); ok {
			all = list
		} else {
			all = []any{one}
		}
	}
	if len(all) == 0 {
		return
	}
	c.name("authors")
	c.body = append(c.body, '[')
	for _, v := range all[:min(len(all), maxEach)] {
		switch a := v.(type) {
		case jsonObject:
			c.separate('[')
			c.body = append(c.body, '{')
			for _, name := range []string{"name", "url", "avatar"} {
				c.member(name, a.get(name))
			}
			c.body = append(c.body, '}')
		case string:
			c.separate('[')
			c.body = append(c.body, '{')
			c.member("name", a)
			c.body = append(c.body, '}')
		}
	}
	c.body = append(c.body, ']')
}

// tags writes the tags, of what is a list or a string with commas.
func (c *coerced) tags(v any) {
	list, ok := v.([]any)
	if s, isString := v.(string); isString {
		for tag := range strings.SplitSeq(s, ",") {
			list = append(list, strings.TrimSpace(tag))
			if len(list) >= maxEach {
				break
			}
		}
	} else if !ok {
		return
	}
	c.name("tags")
	c.body = append(c.body, '[')
	for _, tag := range list[:min(len(list), maxEach)] {
		if s := jsonString(tag); s != "" {
			c.separate('[')
			c.text(s)
		}
	}
	c.body = append(c.body, ']')
}

func (c *coerced) attachments(v any) {
	list, ok := v.([]any)
	if one, isOne := v.(jsonObject); isOne {
		list, ok = []any{one}, true
	}
	if !ok {
		return
	}
	c.name("attachments")
	c.body = append(c.body, '[')
	for _, v := range list[:min(len(list), maxEach)] {
		a, ok := v.(jsonObject)
		if !ok {
			continue
		}
		c.separate('[')
		c.body = append(c.body, '{')
		for _, name := range []string{"url", "mime_type", "title"} {
			c.member(name, a.get(name))
		}
		c.size("size_in_bytes", a.get("size_in_bytes"))
		c.size("duration_in_seconds", a.get("duration_in_seconds"))
		c.body = append(c.body, '}')
	}
	c.body = append(c.body, ']')
}

// size writes a whole number, of what is one, a fraction, or one in a string.
func (c *coerced) size(name string, v any) {
	f, err := strconv.ParseFloat(jsonString(v), 64)
	if err != nil || !(f > 0 && f < 1<<53) {
		return
	}
	c.name(name)
	c.body = strconv.AppendInt(c.body, int64(f), 10)
}

// json maps JSON Feed.
func (m *mapping) json(f *json.Feed, c *coerced) feed.Document {
	m.texts = c.texts
	m.base = cmp.Or(m.base, webOr(m.str(f.FeedURL)), webOr(m.str(f.HomePageURL)))
	d := feed.Document{
		Format:      "json",
		Title:       m.title(f.Title),
		Description: m.title(f.Description),
		HomeURL:     m.address(f.HomePageURL),
		SelfURL:     m.address(f.FeedURL),
		Base:        m.base,
		Language:    m.str(f.Language),
		Icon:        m.address(cmp.Or(f.Favicon, f.Icon)),
		Logo:        m.address(f.Icon),
		Authors:     m.jsonAuthors(f.Authors),
	}
	d.Links = addLink(d.Links, feed.Link{Href: d.HomeURL, Rel: "alternate"})
	d.Links = addLink(d.Links, feed.Link{Href: d.SelfURL, Rel: "self"})
	for _, h := range c.hubs {
		if h = resolve(m.base, h); h != "" {
			d.Hubs = append(d.Hubs, h)
		}
	}
	d.Entries = make([]feed.RawEntry, 0, len(f.Items))
	for n, i := range f.Items {
		if i != nil && n < len(c.entries) {
			d.Entries = append(d.Entries, m.jsonItem(i, c.entries[n]))
		}
	}
	return d
}

// webOr returns an address of the web, or nothing.
func webOr(address string) string {
	if isWeb(address) {
		return address
	}
	return ""
}

func (m *mapping) address(field string) string {
	if s := m.str(field); len(s) <= maxAddress {
		return resolve(m.base, s)
	}
	return ""
}

func (m *mapping) jsonAuthors(of []*json.Author) []feed.Person {
	var out []feed.Person
	for _, a := range of {
		if a != nil {
			p := atomPersonOf(m.str(a.Name), "", m.address(a.URL))
			p.Avatar = m.address(a.Avatar)
			out = addPerson(out, p)
		}
	}
	return out
}

func (m *mapping) jsonItem(i *json.Item, extras itemExtras) feed.RawEntry {
	e := feed.RawEntry{
		GUID:    m.id(i.ID),
		Link:    m.address(i.URL),
		Title:   m.title(i.Title),
		Summary: m.rich(m.text(i.Summary), maxContent),
		Content: m.rich(text{body: m.text(i.ContentHTML).body, html: true}, maxContent),
	}
	if e.Content.Body == "" {
		e.Content = m.rich(m.text(i.ContentText), maxContent)
	}
	if t, ok := readDate(m.text(i.DatePublished).body); ok {
		e.Published = t
	}
	if t, ok := readDate(m.text(i.DateModified).body); ok {
		e.Updated = t
	}
	e.Base = m.base
	e.Language = extras.language
	e.ExternalURL = m.address(i.ExternalURL)
	e.Image = m.address(i.Image)
	e.BannerImage = m.address(i.BannerImage)
	e.Authors = m.jsonAuthors(i.Authors)
	for _, tag := range i.Tags {
		e.Categories = addCategory(e.Categories, feed.Category{Term: m.str(tag)})
	}
	if i.Attachments != nil {
		for _, a := range *i.Attachments {
			e.Enclosures = addEnclosure(e.Enclosures, feed.Enclosure{
				URL: m.address(a.URL), Type: m.str(a.MimeType), Title: m.str(a.Title), Length: a.SizeInBytes, Duration: a.DurationInSeconds,
			})
		}
	}
	e.Links = addLink(e.Links, feed.Link{Href: e.Link, Rel: "alternate"})
	if e.Link == "" && isWeb(e.GUID) {
		e.Link = e.GUID
	}
	return e
}
