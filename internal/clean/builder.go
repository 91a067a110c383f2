package clean

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const (
	// maxContent is the most HTML that is read and written for one entry.
	maxContent = 2 << 20
	// maxDepth is how deep elements may stand in each other. Browsers stop at
	// 512 and readers earlier.
	maxDepth = 100
	// maxTag is more than one start tag takes and the end tags of all that is open.
	maxTag = 128 << 10
	// tableDepth is how many levels below a table or a list have to be free for
	// the parts that it needs: section, row, cell.
	tableDepth = 4
	// maxReopened is how many inline elements go on after a block that may not
	// stand in them. It bounds how much longer the output gets.
	maxReopened = 4
)

// A builder writes the tokens of hostile HTML as a safe fragment: only elements
// and attributes of the tables, every element closed, each where a browser
// would leave it, so that the tree that readers build is the one written here.
// It also writes the fragment's plain text.
//
// It follows the algorithm of the standard where that matters (p, lists,
// tables, headings, links) and is simpler where documents are broken: there is
// no adoption agency and no foster parenting, which take quadratic time and
// move text. One pass, no tree in memory.
type builder struct {
	resolver  resolver
	permalink string // what "#part" is a part of

	out   []byte
	open  []node
	text  prose
	limit int            // of out, in bytes
	full  bool           // the limit is reached: the rest is left out
	deep  map[string]int // elements that were too deep to open, by name

	afterPre    bool            // the last token was the start of a pre
	preContent  int             // where in out the content of the last pre begins
	mediaCount  int             // images and players in it
	attrs       []attribute     // of the tag at hand
	lastPlayer  string          // the link that stands for the last player
	neverClosed map[string]bool // swallowed elements that have no end tag in the rest
}

// A node is an open element.
type node struct {
	e       *element
	tag     [2]int // where in out the start tag stands, for inline elements; they are reopened
	implied bool   // no tag asked for it
	ended   bool   // its end tag came while elements within it were open
}

// build reads the source and leaves the result in out and text.
func (b *builder) build(source string) {
	source = Chars(cutContent(source))
	from := *b
	b.read(source, maxContent-maxTag)
	if b.full {
		// Cut well below the limit, what comes out does not reach the limit
		// again, and stays as it is when it is cleaned once more.
		*b = from
		b.read(source, maxContent-4*maxTag)
	}
}

// read is one pass over a source.
func (b *builder) read(source string, limit int) {
	b.limit = limit
	b.preContent = -1
	reader := strings.NewReader(source)
	z := html.NewTokenizer(reader)
	for !b.full {
		kind := z.Next()
		if kind == html.ErrorToken {
			break // the end: reading a string does not fail
		}
		pre := b.afterPre
		b.afterPre = false
		switch kind {
		case html.TextToken:
			b.addText(z.Text(), pre)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			e, ok := elements[string(name)]
			switch {
			case ok:
				b.readAttributes(z)
				b.start(e)
			case embedded[string(name)] != "":
				b.readAttributes(z)
				b.addPlayer(b.attr(embedded[string(name)]), b.attr("title"))
			}
			if s := swallowed[string(name)]; s == rawContent || s == treeContent && kind == html.StartTagToken {
				rest := source[len(source)-reader.Len()-len(z.Buffered()):]
				b.swallow(z, string(name), s, rest)
			}
			if len(b.out) > b.limit {
				b.full = true
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if e, ok := elements[string(name)]; ok {
				b.end(e)
			}
		default: // comments and the like are left out
		}
	}
	b.popTo(0)
}

// cutContent cuts content that is too long, not within a tag or a word.
func cutContent(s string) string {
	if len(s) <= maxContent {
		return s
	}
	s = s[:maxContent]
	if i := strings.LastIndexAny(s[maxContent-1024:], " \n<"); i >= 0 {
		s = s[:maxContent-1024+i]
	}
	return s
}

// swallow passes over the content of an element that is not for reading. One
// that never ends does not take the rest of the article with it, unless
// browsers, too, read all of that as its raw text.
func (b *builder) swallow(z *html.Tokenizer, name string, content swallow, rest string) {
	if content == treeContent {
		if b.neverClosed[name] {
			return
		}
		if !hasEndTag(rest, name) {
			if b.neverClosed == nil {
				b.neverClosed = make(map[string]bool)
			}
			b.neverClosed[name] = true
			return
		}
	}
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.EndTagToken:
			if end, _ := z.TagName(); string(end) == name {
				return
			}
		default: // inside of what is left out
		}
	}
}

// hasEndTag reports whether the element may have an end tag in s.
func hasEndTag(s, name string) bool {
	for {
		i := strings.Index(s, "</")
		if i < 0 || len(s)-i-2 < len(name) {
			return false
		}
		s = s[i+2:]
		if strings.EqualFold(s[:len(name)], name) {
			return true
		}
	}
}

// start puts the element that a start tag asks for where it may stand.
func (b *builder) start(e *element) {
	if !b.cleanAttributes(e) {
		return
	}
	if !b.makeRoom(e) {
		return
	}
	switch e.shape {
	case void, column:
		b.writeTag(e)
		b.countMedia(e)
		if e == theBR {
			b.text.line()
		}
		return
	case block:
		if e == theHR {
			b.writeTag(e)
			b.text.line()
			return
		}
	default: // what is opened now and closed later
	}
	b.countMedia(e)
	b.push(e, false)
}

// countMedia remembers that there is something to see or hear, apart from text.
func (b *builder) countMedia(e *element) {
	if e == theImg || e == theAudio || e == theVideo {
		b.mediaCount++
	}
}

// makeRoom closes and opens what has to be before e, so that a browser reads
// the same tree. It reports false for an element that has no place here: its
// content stays.
func (b *builder) makeRoom(e *element) bool {
	limit := maxDepth - tableDepth
	switch e.shape {
	case item:
		return b.makeParent(theUL, list)
	case term:
		return b.makeParent(theDL, defs)
	case section, caption, columns:
		return b.inTable(theTable)
	case column:
		if !b.inTable(theTable, theColgroup) {
			return false
		}
		if b.top() != theColgroup {
			b.push(theColgroup, true)
		}
		return true
	case row:
		if !b.inTable(theTable, theTbody) {
			return false
		}
		if b.top() == theTable {
			b.push(theTbody, true)
		}
		return true
	case cell:
		if !b.inTable(theTable, theTbody, theTr) {
			return false
		}
		b.fillTable(theTr)
		return true
	case rubyPart:
		i := b.find(func(o *element) bool { return o.shape == ruby }, isCellLike)
		if i < 0 {
			return false
		}
		b.popTo(i + 1)
		return true
	case anchor:
		b.leaveText()
		if i := b.find(func(o *element) bool { return o == theA }, isCellLike); i >= 0 {
			b.popTo(i)
		} else if b.has(theA) {
			return false
		}
	case block, heading, list, defs, table:
		b.leaveText()
		b.leaveParagraph()
		if e.shape == heading {
			if i := b.find(func(o *element) bool { return o.shape == heading }, isCellLike); i >= 0 {
				b.popTo(i)
			}
		}
	default:
		b.leaveText()
	}
	if e.shape != void && e != theHR && len(b.open) >= limit {
		if b.deep == nil {
			b.deep = make(map[string]int)
		}
		b.deep[e.name]++
		return false
	}
	return true
}

// leaveText makes the current place one where text and inline elements may
// stand: out of a list that nobody opened, into a cell of a table.
func (b *builder) leaveText() {
	if n := len(b.open); n > 0 && b.open[n-1].implied && (b.top() == theUL || b.top() == theDL) {
		b.popTo(n - 1)
	}
	if b.top() == theColgroup {
		b.popTo(len(b.open) - 1)
	}
	if isTablePart(b.top()) {
		b.fillTable(theTr)
		b.push(theTd, true)
	}
}

// fillTable opens what lies between the current part of a table and a row.
func (b *builder) fillTable(parent *element) {
	if b.top() == theTable {
		b.push(theTbody, true)
	}
	if b.top() != parent {
		b.push(parent, true)
	}
}

// inTable goes back to the innermost of the places, parts of the table around
// here. It reports false where there is no table.
func (b *builder) inTable(places ...*element) bool {
	i := b.find(func(o *element) bool {
		for _, p := range places {
			if o.shape == p.shape {
				return true
			}
		}
		return false
	}, func(o *element) bool { return o == theTable })
	if i < 0 {
		return false
	}
	b.popTo(i + 1)
	return true
}

// makeParent goes back to the list that an item belongs to, and opens one for
// an item that stands alone.
func (b *builder) makeParent(parent *element, shape shape) bool {
	if i := b.find(func(o *element) bool { return o.shape == shape }, isCellLike); i >= 0 {
		b.popTo(i + 1)
		return true
	}
	b.leaveText()
	b.leaveParagraph()
	if len(b.open) >= maxDepth-tableDepth {
		return false
	}
	b.push(parent, true)
	return true
}

// leaveParagraph closes an open p before a block. Inline elements that were
// open in it go on after it.
func (b *builder) leaveParagraph() {
	i := b.find(func(o *element) bool { return o == theP }, isCellLike)
	if i < 0 {
		return
	}
	var again []node
	for _, n := range b.open[i+1:] {
		if n.tag[1] > 0 && !n.ended && len(again) < maxReopened {
			again = append(again, n)
		}
	}
	b.popTo(i)
	for _, n := range again {
		b.out = append(b.out, b.out[n.tag[0]:n.tag[1]]...)
		b.open = append(b.open, n)
	}
}

// end closes the element that an end tag names, if it is open here, and all
// that is open in it.
func (b *builder) end(e *element) {
	if e.shape == void {
		if e == theBR { // browsers read </br> as <br>
			b.attrs = b.attrs[:0]
			b.start(e)
		}
		return
	}
	if b.deep[e.name] > 0 {
		b.deep[e.name]--
		return
	}
	boundary := isCellLike
	if e.shape == item {
		boundary = func(o *element) bool { return isCellLike(o) || o.shape == list }
	}
	if isTablePart(e) || isCellLike(e) || e.shape == columns {
		boundary = func(o *element) bool { return o == theTable }
	}
	i := b.find(func(o *element) bool { return o == e }, boundary)
	if i < 0 {
		return
	}
	if e.shape == inline || e.shape == anchor {
		// <b><p>…</b></p>: the block is not cut short by it.
		for _, n := range b.open[i+1:] {
			if n.e.shape != inline && n.e.shape != anchor {
				b.open[i].ended = true
				return
			}
		}
	}
	b.popTo(i)
}

// find returns the place of the innermost open element that is wanted, not
// looking beyond a boundary; -1 where there is none.
func (b *builder) find(wanted, boundary func(*element) bool) int {
	for i, v := range slices.Backward(b.open) {
		if wanted(v.e) {
			return i
		}
		if boundary(v.e) {
			return -1
		}
	}
	return -1
}

func (b *builder) has(e *element) bool {
	for _, n := range b.open {
		if n.e == e {
			return true
		}
	}
	return false
}

// top returns the innermost open element, or nil.
func (b *builder) top() *element {
	if len(b.open) == 0 {
		return nil
	}
	return b.open[len(b.open)-1].e
}

// isCellLike tells the elements that shield what is in them from what is
// around: the content of a table's cell, and its structure.
func isCellLike(e *element) bool {
	return e.shape == cell || e.shape == caption || e.shape == table
}

// isTablePart tells the elements that hold other parts of a table, and no text.
func isTablePart(e *element) bool {
	return e != nil && (e.shape == table || e.shape == section || e.shape == row)
}

// push opens an element with the attributes at hand; an implied one has none.
func (b *builder) push(e *element, implied bool) {
	from := len(b.out)
	if implied {
		b.out = append(b.out, '<')
		b.out = append(b.out, e.name...)
		b.out = append(b.out, '>')
	} else {
		b.writeTag(e)
	}
	n := node{e: e, implied: implied}
	if e.shape == inline || e.shape == anchor {
		n.tag = [2]int{from, len(b.out)}
	}
	b.open = append(b.open, n)
	if e == thePre {
		b.afterPre = true
		b.preContent = len(b.out)
	}
	b.text.edge(e)
}

// popTo closes open elements until n are left, and those around that only
// waited for it.
func (b *builder) popTo(n int) {
	for len(b.open) > n || len(b.open) > 0 && b.open[len(b.open)-1].ended {
		e := b.open[len(b.open)-1].e
		b.open = b.open[:len(b.open)-1]
		b.out = append(b.out, "</"...)
		b.out = append(b.out, e.name...)
		b.out = append(b.out, '>')
		b.text.edge(e)
	}
}

// addText writes text. The first line feed of a pre is part of its tag (HTML
// 13.1.2.5), on the way in as on the way out.
func (b *builder) addText(text []byte, afterPre bool) {
	clean := Chars(string(text))
	if strings.Contains(clean, "\r") { // from &#13;
		clean = strings.ReplaceAll(clean, "\r", "\n")
	}
	if afterPre {
		clean = strings.TrimPrefix(clean, "\n")
	}
	if clean == "" {
		return
	}
	if strings.Trim(clean, " \t\n") != "" {
		b.leaveText()
		b.text.add(clean)
	} else {
		b.text.space()
	}
	if clean[0] == '\n' && b.preContent == len(b.out) {
		b.out = append(b.out, '\n')
	}
	from := len(b.out)
	b.out = appendEscaped(b.out, clean, false)
	if len(b.out) > b.limit {
		b.full = true
		cut := bytes.LastIndexByte(b.out[from:max(from, b.limit)], ' ')
		b.out = b.out[:from+max(cut, 0)]
	}
}
