package parse

import (
	"strconv"
	"strings"
)

// The bounds of a document. Beyond them it is still read, with less in it.
const (
	maxDepth     = 500
	maxAttrs     = 1024
	maxElements  = 500_000 // that are carried over from one document
	maxPerItem   = 2_000
	maxAddress   = 8 << 10
	maxLead      = 64 << 10 // bytes of something else before the feed begins
	textMark     = "x-text:"
	maxPlainHere = 48 // longer values travel beside the outline
)

// An outline is a document told again in the one spelling that is easy to
// split into fields: known elements by their usual names without namespaces,
// each value in its place but the long and the delicate ones beside it, where
// no later step can change a character of them.
type outline struct {
	lex lexer
	ent entities
	ns  namespaces

	format string // "rss" or "atom"
	out    []byte // the document, told again
	texts  []text // what the marks in out stand for

	stack  []frame  // the open elements, the root first
	over   int      // elements that are open beyond the greatest depth
	seen   []string // what the open frames already have of what counts once
	item   int      // height of the open item's frame; 0 when none is open
	ofItem int      // elements of the open item
	texted int      // where the open item begins in texts
	key    []byte   // scratch space of find
	closed bool     // the root's end tag came

	maxItems int
	items    int // that were carried over
	skipped  int // that were not
	elements int // that were carried over

	// What there is to report.
	lead      int    // bytes before the root
	otherRoot string // an element before it, rather one that is not HTML
	implied   int    // tags that had to be thought of, or away
	tooDeep   bool   // some elements were, and are left out
	tooMany   bool   // likewise
	cut       bool   // the input ended before the document did
}

// A text is a value beside the outline, with what its place in the document
// said about it.
type text struct {
	body string
	html bool
	base string // where it differs from the item's
	lang string // likewise
}

// A frame is an open element.
type frame struct {
	name     string // as written
	rule     *rule  // nil for the root, and where nothing is read
	kids     vocabulary
	base     string
	lang     string
	loose    string // text directly in it
	bindings int    // how many there were before it
	seen     int    // likewise
	out      int    // where it begins
	full     int    // where its content begins
}

func (o *outline) top() *frame { return &o.stack[len(o.stack)-1] }

// read tells the document again. It reports false when there is no feed in it.
func (o *outline) read(base string) bool {
	root, ok := o.findRoot()
	if !ok {
		return false
	}
	o.openRoot(root, base)
	for !o.closed {
		t := o.lex.next()
		switch t.kind {
		case endOfInput:
			o.end()
			return true
		case characters, verbatim:
			o.looseText(t)
		case openTag:
			o.open(t)
		case closeTag:
			o.close(t.text)
		case declaration:
		}
	}
	o.finish()
	return true
}

// find returns the rule for a tag below a frame.
func (o *outline) find(kids vocabulary, name string) *rule {
	prefix, local := cutName(name)
	v := o.ns.of(prefix)
	o.key = o.key[:0]
	if v != native {
		o.key = append(append(o.key, v...), ':')
	}
	for i := range len(local) {
		c := local[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		o.key = append(o.key, c)
	}
	return kids[string(o.key)]
}

// open takes an open tag.
func (o *outline) open(t token) {
	if t.cut {
		return // the end of the input follows
	}
	parent := o.top()
	f := frame{name: t.text, base: parent.base, lang: parent.lang, seen: len(o.seen)}
	if parent.rule != nil || len(o.stack) == 1 {
		o.scope(&f, t.attrs, false)
	} else {
		f.bindings = len(o.ns.bindings)
	}
	r := o.find(parent.kids, t.text)
	if r == nil {
		if k := string(o.key); k == "item" || k == "entry" {
			o.misplacedItem(t, f)
			return
		}
	}
	if r == nil || !o.room(r) {
		r = unknown
	}
	switch r.kind {
	case plainValue, address, richText:
		o.value(t, r, &f)
	case leaf:
		o.leaf(t, r, &f)
	case entry:
		o.openItem(t, r, f)
		return
	case wrapper:
		f.rule, f.kids, f.seen = r, parent.kids, -1
		o.about(t.attrs)
		if t.empty {
			break
		}
		o.push(f)
		return
	case group:
		o.openGroup(t, r, f)
		return
	case skipped:
		if !t.empty {
			o.push(f)
			return
		}
	}
	o.ns.bindings = o.ns.bindings[:f.bindings]
}

// room reports whether there is still room for an element, and counts it.
func (o *outline) room(r *rule) bool {
	if r.kind == wrapper || r.kind == entry {
		return true
	}
	if o.elements >= maxElements || o.item > 0 && o.ofItem >= maxPerItem {
		o.tooMany = true
		return false
	}
	o.elements++
	o.ofItem++
	return true
}

func (o *outline) push(f frame) {
	if len(o.stack) >= maxDepth {
		o.over++
		o.tooDeep = true
		o.ns.bindings = o.ns.bindings[:f.bindings]
		return
	}
	o.stack = append(o.stack, f)
}

// misplacedItem takes an item where none should be: in an item whose end is
// missing, or in an element we know nothing of.
func (o *outline) misplacedItem(t token, f frame) {
	o.implied++
	if o.item > 0 {
		o.popTo(o.item - 1)
		o.ns.bindings = o.ns.bindings[:min(f.bindings, len(o.ns.bindings))]
		o.open(t)
		return
	}
	r := rssChannel["item"]
	if o.format == "atom" {
		r = atomFeed["entry"]
	}
	o.openItem(t, r, f)
}

func (o *outline) openItem(t token, r *rule, f frame) {
	if o.items >= o.maxItems || o.elements >= maxElements {
		o.skipped++
		f.rule = nil
		if !t.empty {
			o.push(f)
		}
		return
	}
	o.items++
	o.elements++
	f.rule, f.kids, f.out = r, rssItem, len(o.out)
	if o.format == "atom" {
		f.kids = atomEntry
	}
	o.texted, o.ofItem = len(o.texts), 0
	o.out = append(append(append(o.out, '<'), r.as...), '>')
	if o.format == "rss" {
		o.about(t.attrs)
	}
	o.context(f.base != o.stack[0].base, &f)
	o.push(f)
	if len(o.stack) >= maxDepth {
		o.out = o.out[:f.out]
		o.items--
		return
	}
	o.item = len(o.stack)
	if t.empty {
		o.popTo(o.item - 1)
	}
}

// context writes what an item, or the document, inherits or says for itself.
func (o *outline) context(newBase bool, f *frame) {
	if f.lang != "" {
		o.write("own:lang", text{body: f.lang})
	}
	if newBase {
		o.write("own:base", text{body: f.base})
	}
}

// about writes the name that RDF gives a resource.
func (o *outline) about(attrs string) {
	if strings.Contains(attrs, "about") {
		if id := o.attr(attrs, "about"); id != "" && len(id) <= maxAddress {
			o.write("own:about", text{body: id})
		}
	}
}

func (o *outline) write(name string, t text) {
	o.out = append(append(append(o.out, '<'), name...), '>')
	o.refer(t)
	o.out = append(append(append(o.out, "</"...), name...), '>')
}

// refer puts a text beside the outline and its number into it.
func (o *outline) refer(t text) {
	o.out = append(o.out, textMark...)
	o.out = strconv.AppendInt(o.out, int64(len(o.texts)), 10)
	o.texts = append(o.texts, t)
}

func (o *outline) openGroup(t token, r *rule, f frame) {
	f.rule, f.kids, f.out = r, r.kids, len(o.out)
	o.startTag(t, r, &f)
	f.full = len(o.out)
	before := len(o.stack)
	o.push(f)
	if len(o.stack) == before { // too deep
		o.out = o.out[:f.out]
		return
	}
	if t.empty {
		o.pop()
	}
}

// looseText keeps the text of an element that should hold elements.
func (o *outline) looseText(t token) {
	f := o.top()
	if f.rule == nil || f.rule.loose == "" || f.loose != "" || o.over > 0 {
		return
	}
	if s := strings.TrimSpace(t.text); s != "" && len(s) <= maxAddress {
		if t.kind == characters {
			s = o.ent.decode(s)
		}
		f.loose = s
	}
}

// close takes an end tag: of the open element, of one further out, whose inner
// ones are then closed as well, or of none.
func (o *outline) close(name string) {
	if o.over > 0 {
		o.over--
		return
	}
	if o.top().name == name {
		o.pop()
		return
	}
	if i := o.isOpen(name); i >= 0 {
		o.implied++
		o.popTo(i)
		return
	}
	o.implied++
}

// isOpen returns the height of the innermost open element with that name, or
// -1. It looks a bounded way down, and then only at the item and the root.
func (o *outline) isOpen(name string) int {
	lowest := max(0, len(o.stack)-64)
	for i := len(o.stack) - 1; i >= lowest; i-- {
		if sameName(o.stack[i].name, name) {
			return i
		}
	}
	if o.item > 0 && sameName(o.stack[o.item-1].name, name) {
		return o.item - 1
	}
	if sameName(o.stack[0].name, name) {
		return 0
	}
	return -1
}

// sameName reports whether two tags are of one element, whatever their case.
func sameName(a, b string) bool {
	return len(a) == len(b) && a != "" && a[0]|0x20 == b[0]|0x20 && strings.EqualFold(a, b)
}

// popTo closes elements until height are left.
func (o *outline) popTo(height int) {
	for len(o.stack) > height && !o.closed {
		o.pop()
	}
}

// pop closes the innermost element.
func (o *outline) pop() {
	height := len(o.stack)
	f := o.top()
	if height == 1 {
		o.closed = true
		return
	}
	if f.rule != nil && f.rule.kind != wrapper {
		if f.rule.loose != "" && f.loose != "" && len(o.out) == f.full {
			o.write(f.rule.loose, text{body: f.loose})
		}
		o.out = append(append(append(o.out, "</"...), f.rule.as...), '>')
	}
	if f.seen >= 0 {
		o.seen = o.seen[:min(f.seen, len(o.seen))]
	}
	o.ns.bindings = o.ns.bindings[:min(f.bindings, len(o.ns.bindings))]
	o.stack = o.stack[:height-1]
	if o.item == height {
		o.item = 0
	}
}
