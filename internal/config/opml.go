package config

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/post"
)

// Bounds of an OPML document.
const (
	maxOPML     = 10 << 20 // bytes
	maxOutlines = 5_000    // feeds
	maxNesting  = 32
)

// An Import is what an OPML document brings: sources with id, address, title,
// language and tags, and lines on what was left out.
type Import struct {
	Sources []feed.Source
	Report  []string
}

// ReadOPML reads a list of feeds (OPML 2.0). It is read in full or not at all;
// single feeds that cannot be sources are left out and reported. Folders become
// tags. Lists that it includes are not fetched. allow is what the network of
// the configuration allows.
func ReadOPML(r io.Reader, allow []feed.AllowedNet) (Import, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxOPML+1))
	if err != nil {
		return Import{}, fmt.Errorf("read OPML: %w", err)
	}
	if len(data) > maxOPML {
		return Import{}, fmt.Errorf("read OPML: it is larger than %d MiB", maxOPML>>20)
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return Import{}, errors.New("read OPML: it is UTF-16; save it as UTF-8")
	}
	o := &outlines{allow: allow, ids: map[string]bool{feed.PostsSource: true}, addresses: map[string]bool{}}
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	if err := o.read(dec); err != nil {
		line, _ := dec.InputPos()
		return Import{}, fmt.Errorf("read OPML: line %d: %w", line, err)
	}
	return o.found, nil
}

// outlines is a reading of an OPML document under way.
type outlines struct {
	allow     []feed.AllowedNet
	found     Import
	ids       map[string]bool
	addresses map[string]bool // in canonical form
	folders   []string        // around the place we are at; "" for elements that are none
	feeds     int
}

// read walks the document. Nothing is expanded: the XML reader knows no
// entities but the five of XML.
func (o *outlines) read(dec *xml.Decoder) error {
	root := ""
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && root != "" {
			return nil
		}
		if err != nil {
			return readable(err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("it has a DOCTYPE, which no list of feeds needs; remove it")
		case xml.StartElement:
			if root = cmp.Or(root, t.Name.Local); !strings.EqualFold(root, "opml") {
				return fmt.Errorf("it is no OPML: it begins with <%s>", short(root, 40))
			}
			if len(o.folders) == maxNesting {
				return fmt.Errorf("it has more than %d levels", maxNesting)
			}
			folder := ""
			if strings.EqualFold(t.Name.Local, "outline") {
				line, _ := dec.InputPos()
				if folder, err = o.outline(t.Attr, line); err != nil {
					return err
				}
			}
			o.folders = append(o.folders, folder)
		case xml.EndElement:
			o.folders = o.folders[:len(o.folders)-1]
		}
	}
}

// readable says what is wrong with XML without the library's own line number.
func readable(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it ends early, or is empty")
	}
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return errors.New(e.Msg)
	}
	return err
}

// outline takes over one outline: a feed, or a folder, whose name it returns.
func (o *outlines) outline(attrs []xml.Attr, line int) (folder string, err error) {
	attr := make(map[string]string, len(attrs))
	for _, a := range attrs {
		// Writers differ in how they spell xmlUrl.
		name := strings.ToLower(a.Name.Local)
		attr[name] = cmp.Or(attr[name], strings.TrimSpace(a.Value))
	}
	title := short(cmp.Or(attr["title"], attr["text"]), 300)
	address := attr["xmlurl"]
	switch {
	case strings.EqualFold(attr["type"], "include") || strings.EqualFold(attr["type"], "link") && address == "":
		o.reportf(line, "%q is a list elsewhere and was not fetched", title)
		return "", nil
	case address == "":
		return short(title, maxTag), nil
	}
	if o.feeds++; o.feeds > maxOutlines {
		return "", fmt.Errorf("it has more than %d feeds", maxOutlines)
	}
	if err := fetch.CheckURL(address, o.allow); err != nil {
		o.reportf(line, "%q was left out: %v", title, err)
		return "", nil
	}
	canonical := feed.CanonicalURL(address)
	if o.addresses[canonical] {
		o.reportf(line, "%q was left out: its address stands above already", title)
		return "", nil
	}
	o.addresses[canonical] = true
	src := feed.Source{ID: o.id(title, address), URL: address, Title: title, Tags: o.tags(attr["category"])}
	if language := attr["language"]; len(language) <= 35 && languageTag.MatchString(language) {
		src.Language = language
	}
	o.found.Sources = append(o.found.Sources, src)
	return "", nil
}

// tags are the names of the folders around, and the categories, which stand
// apart by commas and may be paths (OPML 2.0, "category").
func (o *outlines) tags(categories string) []string {
	const most = 10
	var tags []string
	for _, tag := range append(slices.Clone(o.folders), strings.FieldsFunc(categories, func(r rune) bool { return r == ',' || r == '/' })...) {
		if tag = short(tag, maxTag); tag != "" && !slices.Contains(tags, tag) && len(tags) < most {
			tags = append(tags, tag)
		}
	}
	return tags
}

// id makes an id of the title, else of the host, that no other source here has.
func (o *outlines) id(title, address string) string {
	id := post.Slug(title)
	if u, err := url.Parse(address); id == "" && err == nil {
		id = post.Slug(strings.TrimPrefix(u.Hostname(), "www."))
	}
	return freeID(cmp.Or(id, "source"), o.ids)
}

// freeID returns the id, with a number if it is taken, and takes it.
func freeID(id string, taken map[string]bool) string {
	const room = 4 // for the number
	id = strings.TrimRight(id[:min(len(id), 64-room)], "-")
	free := id
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	taken[free] = true
	return free
}

func (o *outlines) reportf(line int, format string, args ...any) {
	o.found.Report = append(o.found.Report, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

// short makes one line of a text, of at most n characters, and takes out what
// could not stand in the file.
func short(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > n {
		return strings.TrimSpace(string(runes[:n]))
	}
	return text
}
