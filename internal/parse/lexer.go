package parse

import "strings"

// A lexer cuts XML, or what passes for it, into tokens. It never fails: what is
// not markup is text. It looks at each byte a bounded number of times.
type lexer struct {
	s   string
	pos int

	inside string // name of the element whose content is read; may be empty

	strays       int  // angle brackets that turned out to be text, and tags that never ended
	cdataEnd     int  // a known position of "]]>"; -1 when there is none ahead
	noCommentEnd bool // there is no "-->" ahead
	noDoctypeEnd bool // a declaration was met that never ends
}

type tokenKind uint8

const (
	endOfInput  tokenKind = iota
	characters            // text holds it with its entities
	verbatim              // text holds the inside of a CDATA section
	openTag               // text holds the name, attrs the rest
	closeTag              // text holds the name
	declaration           // text holds a DOCTYPE with its internal subset
)

type token struct {
	kind  tokenKind
	text  string
	attrs string
	empty bool // an open tag that is its own end
	cut   bool // the input ended inside it
	start int
}

const (
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
	// maxQuoted is how far away the second quote of an attribute may be.
	maxQuoted = 64 << 10
)

// next returns the next token. Comments and processing instructions are passed
// over.
func (l *lexer) next() token {
	for l.pos < len(l.s) {
		rest := l.s[l.pos:]
		if !beginsMarkup(rest) {
			return l.characters()
		}
		switch {
		case strings.HasPrefix(rest, "<!--"):
			l.skipComment()
		case strings.HasPrefix(rest, cdataOpen):
			return l.cdata()
		case rest[1] == '!':
			return l.doctype()
		case rest[1] == '?':
			l.skipTag() // also one that lacks its second question mark
		case rest[1] == '/':
			return l.closeTag()
		default:
			if t, ok := l.openTag(); ok {
				return t
			}
			return l.characters()
		}
	}
	return token{start: l.pos}
}

// beginsMarkup reports whether s starts with a tag, a comment, a section or an
// instruction, and not with text such as "a" or "< b".
func beginsMarkup(s string) bool {
	if len(s) < 2 || s[0] != '<' {
		return false
	}
	switch c := s[1]; c {
	case '?':
		return true
	case '!':
		return strings.HasPrefix(s, "<!--") || strings.HasPrefix(s, cdataOpen) || len(s) > 2 && isLetter(s[2])
	case '/':
		return len(s) > 2 && isNameStart(s[2])
	default:
		return isNameStart(c)
	}
}

// characters returns the text up to the next markup. The first byte is text
// whatever it is.
func (l *lexer) characters() token {
	start := l.pos
	i := start
	if l.s[i] == '<' {
		l.strays++
		i++
	}
	for {
		j := strings.IndexByte(l.s[i:], '<')
		if j < 0 {
			i = len(l.s)
			break
		}
		i += j
		if beginsMarkup(l.s[i:]) {
			break
		}
		l.strays++
		i++
	}
	l.pos = i
	return token{kind: characters, text: l.s[start:i], start: start}
}

// skipComment passes over a comment; without an end it runs to the next ">".
func (l *lexer) skipComment() {
	if !l.noCommentEnd {
		if i := strings.Index(l.s[l.pos+4:], "-->"); i >= 0 {
			l.pos += 4 + i + 3
			return
		}
		l.noCommentEnd = true
	}
	l.strays++
	l.skipTag()
}

// skipTag passes over all up to the next ">".
func (l *lexer) skipTag() {
	if i := strings.IndexByte(l.s[l.pos:], '>'); i >= 0 {
		l.pos += i + 1
		return
	}
	l.pos = len(l.s)
}

// cdata returns a CDATA section. One that is not closed before the item around
// it ends stops where the next one begins, or it would eat all in between.
func (l *lexer) cdata() token {
	start := l.pos
	from := start + len(cdataOpen)
	t := token{kind: verbatim, start: start}
	if l.cdataEnd >= 0 && l.cdataEnd < from {
		l.cdataEnd = -1
		if i := strings.Index(l.s[from:], cdataClose); i >= 0 {
			l.cdataEnd = from + i
		}
	}
	if l.cdataEnd < 0 {
		t.text, t.cut = l.s[from:], true
		l.pos = len(l.s)
		return t
	}
	body := l.s[from:l.cdataEnd]
	if before, _, again := strings.Cut(body, cdataOpen); again {
		if j := l.elementEnd(before); j >= 0 {
			l.strays++
			t.text = body[:j]
			l.pos = from + j
			return t
		}
	}
	t.text = body
	l.pos = l.cdataEnd + len(cdataClose)
	return t
}

// elementEnd returns where a section that swallowed the end of an item should
// have ended: at the end tag of the element it is in. It returns -1 when s is
// all the section's own.
func (l *lexer) elementEnd(s string) int {
	item := strings.Index(s, "</item>")
	if item < 0 {
		item = strings.Index(s, "</entry>")
	}
	if item < 0 {
		return -1
	}
	if own := strings.Index(s, "</"+l.inside+">"); own >= 0 && own < item {
		return own
	}
	return item
}

// doctype returns a declaration with its internal subset.
func (l *lexer) doctype() token {
	start := l.pos
	inSubset := false
	for i := start + 2; i < len(l.s) && !l.noDoctypeEnd; i++ {
		switch c := l.s[i]; {
		case c == '[':
			inSubset = true
		case c == ']':
			inSubset = false
		case (c == '"' || c == '\'') && i-start < maxQuoted:
			if j := strings.IndexByte(l.s[i+1:min(len(l.s), i+1+maxQuoted)], c); j >= 0 {
				i += j + 1
			}
		case c == '>' && !inSubset:
			l.pos = i + 1
			return token{kind: declaration, text: l.s[start:l.pos], start: start}
		}
	}
	// It never ends: skip its first tag only, the feed may be behind it.
	l.strays++
	l.noDoctypeEnd = true
	l.skipTag()
	return token{kind: declaration, start: start}
}

func (l *lexer) closeTag() token {
	start := l.pos
	i := start + 2
	for i < len(l.s) && isNameByte(l.s[i]) {
		i++
	}
	t := token{kind: closeTag, text: l.s[start+2 : i], start: start}
	for i < len(l.s) && l.s[i] != '>' && l.s[i] != '<' {
		i++
	}
	switch {
	case i >= len(l.s):
		t.cut = true
	case l.s[i] == '>':
		i++
	default:
		l.strays++
	}
	l.pos = i
	return t
}

// openTag returns an open tag. It reports false for a bracket that is followed
// by something like a name but is no tag, as in "x<y and y<z".
func (l *lexer) openTag() (token, bool) {
	start := l.pos
	i := start + 1
	for i < len(l.s) && isNameByte(l.s[i]) {
		i++
	}
	t := token{kind: openTag, text: l.s[start+1 : i], start: start}
	from := i
	for {
		_, _, next := nextAttr(l.s, i)
		if next == i {
			break
		}
		i = next
	}
	t.attrs = l.s[from:i]
	for i < len(l.s) && (l.s[i] == '/' || isSpace(l.s[i])) {
		t.empty = l.s[i] == '/' || t.empty && isSpace(l.s[i])
		i++
	}
	switch {
	case i >= len(l.s):
		t.cut = true
	case l.s[i] == '>':
		i++
	default: // another bracket
		if strings.TrimSpace(t.attrs) != "" && !strings.Contains(t.attrs, "=") {
			return token{}, false
		}
		l.strays++
	}
	l.pos = i
	return t, true
}

// nextAttr reads one attribute of s from position i on: its name, its value as
// written, and the position after it, which is i again when there is none.
// Quotes may be missing.
func nextAttr(s string, i int) (name, value string, next int) {
	at := i
	for at < len(s) && (isSpace(s[at]) || s[at] == '"' || s[at] == '\'' || s[at] == '=' || s[at] == '/' && !endsTag(s, at)) {
		at++
	}
	from := at
	for at < len(s) && !isSpace(s[at]) && s[at] != '=' && s[at] != '>' && s[at] != '<' && s[at] != '/' {
		at++
	}
	if at == from {
		return "", "", i
	}
	name = s[from:at]
	after := at
	for after < len(s) && isSpace(s[after]) {
		after++
	}
	if after >= len(s) || s[after] != '=' {
		return name, "", at
	}
	at = after + 1
	for at < len(s) && isSpace(s[at]) {
		at++
	}
	value, at = attrValue(s, at)
	return name, value, at
}

// endsTag reports whether the slash at position i of s belongs to "/>".
func endsTag(s string, i int) bool {
	i++
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i >= len(s) || s[i] == '>'
}

func attrValue(s string, at int) (value string, next int) {
	if at >= len(s) {
		return "", at
	}
	if q := s[at]; q == '"' || q == '\'' {
		if j := strings.IndexByte(s[at+1:min(len(s), at+1+maxQuoted)], q); j >= 0 {
			end := at + 1 + j
			value = s[at+1 : end]
			// After a quote that was forgotten, the next one found begins
			// another value, and a whole tag lies in between.
			if !strings.Contains(value, ">") || end+1 >= len(s) || isSpace(s[end+1]) || strings.IndexByte("/>?", s[end+1]) >= 0 {
				return value, end + 1
			}
		}
		at++
	}
	from := at
	for at < len(s) && !isSpace(s[at]) && s[at] != '>' && s[at] != '<' && (s[at] != '/' || !endsTag(s, at)) {
		at++
	}
	return s[from:at], at
}

func isSpace(c byte) bool  { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isNameStart reports whether c begins a name of XML 1.0 (2.3); of the letters
// outside ASCII all are taken.
func isNameStart(c byte) bool { return isLetter(c) || c == '_' || c == ':' || c >= 0x80 }

func isNameByte(c byte) bool {
	return isNameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.'
}
