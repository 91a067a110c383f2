package parse

import (
	"slices"
	"strings"
)

// A captureMode says what the content of an element is made into.
type captureMode uint8

const (
	flat     captureMode = iota // characters alone
	escaped                     // characters that are HTML when read; elements stand among them as markup
	textual                     // characters; with the first element it becomes markedUp
	markedUp                    // markup: characters are escaped in it, elements are themselves
)

// A capture is the content of one element under way.
type capture struct {
	o      *outline
	mode   captureMode
	base   string // of the element
	whole  string // the content while it is one piece
	pieces int
	title  bool // the element is a title, where HTML's heavier elements have no place
	b      strings.Builder
	nested []nested
	markup bool // there were elements in it
	over   int  // elements open beyond the greatest depth
	// A single div around XHTML belongs to Atom, not to the text (RFC 4287
	// 3.1.1.3): where it starts, where its inside starts and ends.
	divFrom, divIn, divOut int
}

// nested is an open element within a capture.
type nested struct {
	name string // as written
	as   string // as written out
	base string
}

// capture reads the content of an element up to its end, and tells whether it
// had elements in it.
func (o *outline) capture(t token, mode captureMode, f *frame) (string, bool) {
	if t.empty {
		return "", false
	}
	bindings := len(o.ns.bindings)
	c := capture{o: o, mode: mode, base: f.base, divFrom: -1}
	o.lex.inside = t.text
	_, local := cutName(t.text)
	c.title = strings.EqualFold(local, "title")
	for done := false; !done; {
		in := o.lex.next()
		switch in.kind {
		case endOfInput:
			done = true
		case characters:
			c.characters(in.text)
		case verbatim:
			c.verbatim(in.text)
		case openTag:
			done = c.open(in)
		case closeTag:
			done = c.close(in, t.text)
		case declaration:
		}
	}
	o.ns.bindings = o.ns.bindings[:min(bindings, len(o.ns.bindings))]
	return c.finish(), c.markup
}

func (c *capture) characters(s string) {
	s = c.o.ent.decode(s)
	if c.mode == markedUp {
		s = escapeText(s)
	}
	c.add(s)
}

func (c *capture) verbatim(s string) {
	if c.mode == markedUp {
		s = escapeText(s)
	}
	c.add(s)
}

// add appends a piece. One piece alone is not copied.
func (c *capture) add(s string) {
	if s == "" {
		return
	}
	switch c.pieces {
	case 0:
		c.whole = s
	case 1:
		c.b.WriteString(c.whole)
		fallthrough
	default:
		c.b.WriteString(s)
	}
	c.pieces++
}

func (c *capture) body() string {
	if c.pieces > 1 {
		return c.b.String()
	}
	return c.whole
}

func (c *capture) size() int {
	if c.pieces > 1 {
		return c.b.Len()
	}
	return len(c.whole)
}

func (c *capture) finish() string {
	c.unwind(0)
	s := c.body()
	if c.divFrom >= 0 && c.divOut > 0 && c.mode == markedUp {
		if closing := c.divOut + len("</div>"); strings.TrimSpace(s[:c.divFrom]) == "" && strings.TrimSpace(s[closing:]) == "" {
			s = s[c.divIn:c.divOut]
		}
	}
	return strings.TrimSpace(s)
}

// open takes a start tag. It reports true when the tag belongs to what follows
// the element, whose end tag is missing then.
func (c *capture) open(t token) bool {
	if t.cut {
		return false
	}
	prefix, local := cutName(t.text)
	if c.isSibling(t.text, local) {
		c.o.lex.pos = t.start
		c.o.implied++
		return true
	}
	if c.mode == flat {
		if len(c.nested) < maxDepth && !t.empty {
			c.nested = append(c.nested, nested{name: t.text})
		}
		if c.pieces > 0 {
			c.add(" ")
		}
		return false
	}
	c.becomeMarkup()
	if len(c.nested) >= maxDepth {
		if !t.empty {
			c.over++
			c.o.tooDeep = true
		}
		return false
	}
	f := frame{base: c.baseNow()}
	c.o.scope(&f, t.attrs, false)
	if v := c.o.ns.of(prefix); prefix != "" && v == foreign {
		local = t.text
	}
	if len(c.nested) == 0 && strings.EqualFold(local, "div") && c.divFrom < 0 && !t.empty {
		c.divFrom = c.size()
	}
	c.writeTag(local, t.attrs, f.base)
	if c.divFrom >= 0 && c.divIn == 0 {
		c.divIn = c.size()
	}
	switch {
	case isVoid(local):
	case t.empty:
		c.add("</" + local + ">")
	default:
		c.nested = append(c.nested, nested{t.text, local, f.base})
	}
	return false
}

// becomeMarkup notes that there are elements in the text. What was read so far
// as characters was characters.
func (c *capture) becomeMarkup() {
	c.markup = true
	if c.mode == textual {
		c.mode = markedUp
		s := escapeText(c.body())
		c.whole, c.pieces = "", 0
		c.b.Reset()
		c.add(s)
	}
}

func (c *capture) baseNow() string {
	if n := len(c.nested); n > 0 {
		return c.nested[n-1].base
	}
	return c.base
}

// isSibling reports whether a tag within a text is no part of it. An element
// that the vocabulary around it knows and HTML does not is one that follows it;
// in a value that is no text there is no markup at all.
func (c *capture) isSibling(name, local string) bool {
	if strings.EqualFold(local, "item") || strings.EqualFold(local, "entry") {
		return c.o.ns.of(prefixOf(name)) == native
	}
	if c.mode == markedUp || c.o.find(c.o.top().kids, name) == nil {
		return false
	}
	return !isHTML(local) || c.title && c.mode != markedUp || c.mode == flat && len(c.nested) == 0
}

func prefixOf(name string) string {
	prefix, _ := cutName(name)
	return prefix
}

// close takes an end tag and reports whether it ends the element called own.
func (c *capture) close(t token, own string) bool {
	if c.over > 0 && !sameName(t.text, own) {
		c.over--
		return false
	}
	if n := len(c.nested); n > 0 && c.nested[n-1].name == t.text {
		c.unwind(n - 1)
		return false
	}
	lowest := max(0, len(c.nested)-64)
	for i := len(c.nested) - 1; i >= lowest; i-- {
		if sameName(c.nested[i].name, t.text) {
			c.unwind(i)
			return false
		}
	}
	if sameName(t.text, own) {
		return true
	}
	if c.o.isOpen(t.text) >= 0 {
		c.o.lex.pos = t.start
		c.o.implied++
		return true
	}
	// An end tag of nothing: a slip of the pen for this element's own, unless
	// it is left over from HTML.
	c.o.implied++
	_, local := cutName(t.text)
	return len(c.nested) == 0 && !c.markup && !isHTML(local)
}

// unwind closes nested elements until height are left.
func (c *capture) unwind(height int) {
	for n := len(c.nested); n > height; n-- {
		if c.mode != flat {
			if n == 1 && c.divFrom >= 0 && c.divOut == 0 {
				c.divOut = c.size()
			}
			c.add("</" + c.nested[n-1].as + ">")
		}
		c.nested = c.nested[:n-1]
	}
}

// writeTag writes a start tag as HTML has it: without namespaces, and with
// addresses resolved where the base is another one than the element's.
func (c *capture) writeTag(local, attrs, base string) {
	b := append(make([]byte, 0, len(local)+len(attrs)+2), '<')
	b = append(b, local...)
	var names []string
	eachAttr(attrs, func(name, value string) {
		prefix, plain := cutName(name)
		if name == "xmlns" || prefix != "" && prefix != "xml" || name == "xml:base" || slices.Contains(names, plain) || strings.ContainsAny(plain, "\"'`") {
			return
		}
		if len(names) < 64 { // enough to know a repeated one in what people write
			names = append(names, plain)
		}
		value = c.o.ent.decode(value)
		if base != c.base && (strings.EqualFold(plain, "href") || strings.EqualFold(plain, "src")) {
			value = resolve(base, value)
		}
		b = append(append(append(b, ' '), plain...), `="`...)
		b = append(escape(b, value), '"')
	})
	c.add(string(append(b, '>')))
}

// escapeText returns characters as HTML has them.
func escapeText(s string) string {
	if strings.IndexByte(s, '&') < 0 && strings.IndexByte(s, '<') < 0 && strings.IndexByte(s, '>') < 0 {
		return s
	}
	return textEscaper.Replace(s)
}

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
