package post

import (
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode"

	"serai/internal/feed"
	"serai/internal/strict"
)

// maxFront is the size of the largest front matter, in bytes.
const maxFront = 64 << 10

// maxListed is how many problems of one file are listed.
const maxListed = 10

// front is the YAML that may stand before a post, between two lines of ---.
type front struct {
	Title        string      `yaml:"title"`
	Authors      people      `yaml:"authors"`
	Date         string      `yaml:"date"`
	Updated      string      `yaml:"updated"`
	Tags         words       `yaml:"tags"`
	Language     string      `yaml:"language"`
	Slug         string      `yaml:"slug"`
	Summary      string      `yaml:"summary"`
	Draft        bool        `yaml:"draft"`
	CanonicalURL string      `yaml:"canonical_url"`
	Enclosures   []enclosure `yaml:"enclosures"`
	ID           string      `yaml:"id"`
}

type person struct {
	Name  string `yaml:"name"`
	URL   string `yaml:"url"`
	Email string `yaml:"email"`
}

// Short reads a person of whom only the name is given.
func (p *person) Short(text string) { p.Name = text }

type people []person

// Short reads a single author.
func (p *people) Short(text string) { *p = people{{Name: text}} }

type words []string

// Short reads tags with commas between them.
func (w *words) Short(text string) {
	for word := range strings.SplitSeq(text, ",") {
		*w = append(*w, word)
	}
}

type enclosure struct {
	URL      string `yaml:"url"`
	Type     string `yaml:"type"`
	Title    string `yaml:"title"`
	Length   int64  `yaml:"length"`
	Duration int64  `yaml:"duration"`
}

// Short reads an enclosure of which only the address is given.
func (e *enclosure) Short(text string) { e.URL = text }

// cutFront parts the front matter from the text below it. ok tells that there
// is any; an end that is missing makes body the whole text.
func cutFront(text string) (yaml, body string, ok, ended bool) {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimRight(first, " \t") != "---" {
		return "", text, false, false
	}
	for at := 0; at < len(rest); {
		line, _, _ := strings.Cut(rest[at:], "\n")
		next := min(at+len(line)+1, len(rest))
		if end := strings.TrimRight(line, " \t"); end == "---" || end == "..." {
			return rest[:at], rest[next:], true, true
		}
		at = next
	}
	return rest, "", true, false
}

// frontMatter reads the YAML before the text into the draft and returns the
// text below.
func (d *draft) frontMatter(text string, zone *time.Location) (body string, problems []Problem) {
	yaml, body, ok, ended := cutFront(text)
	switch {
	case !ok:
		return body, nil
	case !ended:
		return "", []Problem{{Path: d.path, Line: 1, Text: "the front matter has no end; close it with a line of ---"}}
	case strings.TrimSpace(yaml) == "":
		return body, nil
	}
	var raw front
	f := strict.Read(d.path, []byte(yaml), strict.Limits{Bytes: maxFront, Lines: 1}, &raw)
	if f.Err() == nil {
		d.fill(f, raw, zone)
	}
	if all, wrong := errors.AsType[*strict.Problems](f.Err()); wrong {
		for _, p := range all.List[:min(len(all.List), maxListed)] {
			text := p.Text
			if p.Key != "" {
				text = p.Key + ": " + text
			}
			problems = append(problems, Problem{Path: d.path, Line: p.Line, Text: text})
		}
	}
	return body, problems
}

// fill checks what the front matter says and takes it over.
func (d *draft) fill(f *strict.File, raw front, zone *time.Location) {
	d.line = map[string]int{}
	for _, key := range []string{"id", "slug", "draft"} {
		d.line[key], _ = f.Position(key)
	}
	d.title, d.summary, d.hold = oneLine(raw.Title), strings.TrimSpace(raw.Summary), raw.Draft
	d.date = readDate(f, "date", raw.Date, zone)
	d.updated = readDate(f, "updated", raw.Updated, zone)
	if d.language = raw.Language; strings.ContainsFunc(d.language, notTag) || len(d.language) > 35 {
		f.Problemf("language", "%q is no language; want a tag such as en, az or zh-Hant", strict.Clip(d.language, 60))
	}
	if d.id = strings.TrimSpace(raw.ID); len(d.id) > 500 || strings.ContainsFunc(d.id, unicode.IsControl) {
		f.Problemf("id", "is no name; want one line of at most 500 bytes")
	}
	if f.Has("slug") {
		if d.slug = Slug(raw.Slug); d.slug == "" {
			f.Problemf("slug", "%q has nothing that can stand in an address; want a-z, 0-9 and -", strict.Clip(raw.Slug, 60))
		}
	}
	for _, a := range raw.Authors {
		if name := oneLine(a.Name); name != "" {
			d.authors = append(d.authors, feed.Person{Name: name, URL: a.URL, Email: a.Email})
		}
	}
	for _, tag := range raw.Tags {
		if tag = oneLine(tag); tag != "" {
			d.tags = append(d.tags, tag)
		}
	}
	d.original = raw.CanonicalURL
	if u, err := url.Parse(d.original); d.original != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		f.Problemf("canonical_url", "%q is no http or https address", strict.Clip(d.original, 60))
	}
	for _, e := range raw.Enclosures {
		if _, err := url.Parse(e.URL); err != nil || e.URL == "" {
			f.Problemf("enclosures", "%q is no address", strict.Clip(e.URL, 60))
		}
		d.files = append(d.files, feed.Enclosure{URL: e.URL, Type: e.Type, Title: oneLine(e.Title), Length: max(e.Length, 0), Duration: max(e.Duration, 0)})
	}
}

func readDate(f *strict.File, key, text string, zone *time.Location) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, ok := parseDate(text, zone)
	if !ok {
		f.Problemf(key, "%q is no date; want 2020-09-25, 2020-09-25 14:30, 25.09.2020 or 25 September 2020", strict.Clip(text, 60))
	}
	return t
}

// notTag reports characters that no language tag has (RFC 5646 2.1).
func notTag(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
}

// oneLine makes one line of a text, with single spaces.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
