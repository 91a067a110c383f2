// Package parse reads feeds: RSS of all versions and RDF, Atom 1.0, 0.3 and its
// drafts, JSON Feed, in any character set, and damaged in any way.
//
// A document goes one road. Its bytes become UTF-8. An own tokenizer, which
// never fails, tells it again as an outline: known elements by their usual
// names, values in their places, and texts, ids and addresses beside it, so
// that nothing after can change a character of them or lose their types. The
// outline is bounded in every direction and always well-formed; gofeed splits
// it into fields. What the fields mean is decided here, dates included.
//
// The package keeps no state and reads no clock. Nothing it returns is safe to
// publish yet.
package parse

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mmcdole/gofeed/atom"
	"github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"

	"serai/internal/feed"
)

// DefaultMaxEntries is how many entries are read of a document when the caller
// does not say.
const DefaultMaxEntries = 10_000

// Options say what is known about a document besides its bytes.
type Options struct {
	URL             string // where it was fetched from, after redirects: the base of its relative links; may be empty
	ContentType     string // the header, for its charset; may be empty
	ContentLanguage string // the header, where the document does not say; may be empty
	MaxEntries      int    // zero is DefaultMaxEntries
}

// Document reads a feed. It returns a [*NotFeedError] for what is none. A
// document that breaks off yields the entries that are whole, and says so.
//
// The caller limits the size of body; time and memory are then in proportion
// to it, whatever it says. Nothing of body is kept.
func Document(body []byte, o Options) (doc feed.Document, err error) {
	defer func() {
		// gofeed is handed bounded and well-formed documents only, but it is
		// a stranger's code with strangers' words.
		if r := recover(); r != nil {
			doc, err = feed.Document{}, fmt.Errorf("parse: %v", r)
		}
	}()
	if o.MaxEntries <= 0 {
		o.MaxEntries = DefaultMaxEntries
	}
	if !isWeb(o.URL) {
		o.URL = ""
	}
	var repairs repairs
	s, err := decode(body, o.ContentType, &repairs)
	if err != nil {
		return feed.Document{}, err
	}
	switch trimmed := strings.TrimLeft(s, " \t\r\n"); {
	case trimmed == "":
		return feed.Document{}, &NotFeedError{Looks: LooksEmpty}
	case trimmed[0] == '{' || trimmed[0] == '[':
		doc, err = jsonDocument(trimmed, o, &repairs)
	default:
		doc, err = xmlDocument(s, o, &repairs)
	}
	if err != nil {
		return feed.Document{}, err
	}
	doc.Language = firstLanguage(doc.Language, o.ContentLanguage)
	doc.Repairs = repairs
	return doc, nil
}

// repairs collects what had to be mended.
type repairs []feed.Repair

func (r *repairs) add(kind, format string, args ...any) {
	*r = append(*r, feed.Repair{Kind: kind, Detail: clip(cleanCharacters(fmt.Sprintf(format, args...)), 200)})
}

// xmlDocument reads RSS and Atom.
func xmlDocument(s string, o Options, r *repairs) (feed.Document, error) {
	out := outline{lex: lexer{s: s}, maxItems: o.MaxEntries}
	if !out.read(o.URL) || out.cut && out.items == 0 && len(out.texts) == 0 {
		return feed.Document{}, notFeed(s, &out, o.URL)
	}
	m := mapping{texts: out.texts, base: o.URL}
	var doc feed.Document
	switch out.format {
	case "atom":
		var p atom.Parser
		f, err := p.Parse(bytes.NewReader(out.out))
		if err != nil {
			return feed.Document{}, fmt.Errorf("parse atom: %w", err)
		}
		doc = m.atom(f)
	default:
		var p rss.Parser
		f, err := p.Parse(bytes.NewReader(out.out))
		if err != nil {
			return feed.Document{}, fmt.Errorf("parse rss: %w", err)
		}
		doc = m.rss(f)
	}
	doc.Truncated = out.cut
	doc.Skipped = out.skipped
	out.report(r)
	m.report(r)
	return doc, nil
}

// report says what the outline had to mend.
func (o *outline) report(r *repairs) {
	if o.lead > 0 {
		r.add("lead", "%d bytes of something else before the feed", o.lead)
	}
	if o.lex.strays > 0 {
		r.add("markup", "%d brackets that are no markup, or markup that does not end", o.lex.strays)
	}
	if o.implied > 0 {
		r.add("tree", "%d tags without a counterpart", o.implied)
	}
	if o.ns.misspelt != "" {
		r.add("namespace", "read as a known one: %s", o.ns.misspelt)
	}
	if o.ns.forgotten != "" {
		r.add("namespace", "prefix is not declared: %s", o.ns.forgotten)
	}
	if o.ent.unknown > 0 {
		r.add("entity", "%d references to nothing", o.ent.unknown)
	}
	if o.ent.declared != nil && o.ent.budget < 0 {
		r.add("limit", "declared entities become too much text")
	}
	if o.tooDeep {
		r.add("limit", "elements more than %d deep", maxDepth)
	}
	if o.tooMany {
		r.add("limit", "too many elements; some were left out")
	}
	if o.skipped > 0 {
		r.add("limit", "%d entries more than are read", o.skipped)
	}
	if o.cut {
		r.add("truncated", "the document ends early")
	}
}

func (m *mapping) report(r *repairs) {
	if m.cut > 0 {
		r.add("limit", "%d texts were too long and were cut", m.cut)
	}
}

// jsonDocument reads JSON Feed.
func jsonDocument(s string, o Options, r *repairs) (feed.Document, error) {
	c, err := coerce(s, o.MaxEntries, r)
	if err != nil {
		return feed.Document{}, err
	}
	var p json.Parser
	f, err := p.Parse(bytes.NewReader(c.body))
	if err != nil {
		return feed.Document{}, fmt.Errorf("parse json: %w", err)
	}
	m := mapping{base: o.URL}
	doc := m.json(f, c)
	doc.Skipped = c.skipped
	doc.Truncated = c.cut
	m.report(r)
	return doc, nil
}

// firstLanguage returns the document's own mark, or else the first language of
// the header (RFC 9110 8.5).
func firstLanguage(own, header string) string {
	if own = strings.TrimSpace(own); own != "" {
		if len(own) > 40 {
			return ""
		}
		return own
	}
	first, _, _ := strings.Cut(header, ",")
	if first = strings.TrimSpace(first); len(first) > 40 {
		return ""
	}
	return first
}
