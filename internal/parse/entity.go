package parse

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Entities declared in a document are expanded within these bounds, which no
// honest feed comes near.
const (
	maxEntities    = 256
	maxEntityValue = 4 << 10
	maxEntityDepth = 8
	entityBudget   = 256 << 10 // bytes that they may become in one document
	maxEntityName  = 40        // the longest name in HTML has 31 letters
)

// entities decodes references, with those that the document declares itself.
// External entities are never looked at.
type entities struct {
	declared map[string]string
	budget   int
	unknown  int // references to nothing, left as they stand
}

// declare reads the internal subset of a DOCTYPE.
func (e *entities) declare(doctype string) {
	for len(e.declared) < maxEntities {
		i := strings.Index(doctype, "<!ENTITY")
		if i < 0 {
			return
		}
		doctype = doctype[i+len("<!ENTITY"):]
		name, rest, ok := strings.Cut(strings.TrimLeft(doctype, " \t\r\n"), " ")
		rest = strings.TrimLeft(rest, " \t\r\n")
		if !ok || name == "" || name == "%" || len(name) > maxEntityName || rest == "" || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		value, _, ok := strings.Cut(rest[1:], rest[:1])
		if !ok || len(value) > maxEntityValue {
			continue
		}
		if e.declared == nil {
			e.declared = make(map[string]string)
			e.budget = entityBudget
		}
		if _, again := e.declared[name]; !again { // XML 1.0 4.2: the first declaration binds
			e.declared[name] = value
		}
	}
}

// decode returns s with its references resolved. What is no reference stays as
// it is: a bare ampersand is the commonest mistake there is.
func (e *entities) decode(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	e.write(&b, s, 0)
	return b.String()
}

func (e *entities) write(b *strings.Builder, s string, depth int) {
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := e.reference(b, s, depth)
		if n == 0 {
			b.WriteByte('&')
			n = 1
		}
		s = s[n:]
	}
}

// reference writes what the reference at the start of s stands for and returns
// its length, which is 0 when there is none.
func (e *entities) reference(b *strings.Builder, s string, depth int) int {
	end := 1
	for end < len(s) && end <= maxEntityName && (isNameByte(s[end]) || s[end] == '#') {
		end++
	}
	if end >= len(s) || s[end] != ';' || end == 1 {
		return 0
	}
	name := s[1:end]
	switch name {
	case "amp":
		b.WriteByte('&')
	case "lt":
		b.WriteByte('<')
	case "gt":
		b.WriteByte('>')
	case "quot":
		b.WriteByte('"')
	case "apos":
		b.WriteByte('\'')
	default:
		if name[0] == '#' {
			return e.number(b, s[:end+1])
		}
		return e.named(b, s[:end+1], depth)
	}
	return end + 1
}

// number writes the character of a numeric reference. One that XML does not
// allow (2.2) is dropped.
func (e *entities) number(b *strings.Builder, ref string) int {
	digits, base := ref[2:len(ref)-1], 10
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		e.unknown++
		return 0
	}
	r := rune(min(n, utf8.MaxRune+1))
	if r >= 0x80 && r <= 0x9f {
		b.WriteString(html.UnescapeString(ref)) // they mean windows-1252, as in HTML
	} else if legal(r) {
		b.WriteRune(r)
	}
	return len(ref)
}

func (e *entities) named(b *strings.Builder, ref string, depth int) int {
	name := ref[1 : len(ref)-1]
	if value, ok := e.declared[name]; ok && depth < maxEntityDepth {
		if e.budget -= len(value) + 1; e.budget >= 0 {
			e.write(b, value, depth+1)
		}
		return len(ref)
	}
	// The library also knows names without a semicolon and would take "&copy"
	// out of "&copyright;".
	if text := html.UnescapeString(ref); text != ref && (name == "semi" || !strings.HasSuffix(text, ";")) {
		b.WriteString(text)
		return len(ref)
	}
	e.unknown++
	return 0
}

// legal reports whether XML 1.0 (2.2) has a place for r.
func legal(r rune) bool {
	return r >= 0x20 && r < 0xd800 || r == '\t' || r == '\n' || r == '\r' || r > 0xdfff && r < 0xfffe || r > 0xffff && r <= utf8.MaxRune
}

// escape appends s as character data or attribute value.
func escape(b []byte, s string) []byte {
	for {
		i := strings.IndexAny(s, "&<>\"\r\n\t")
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		switch s[i] {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&#34;"...)
		default: // white space that an attribute would lose
			b = append(b, "&#"...)
			b = strconv.AppendInt(b, int64(s[i]), 10)
			b = append(b, ';')
		}
		s = s[i+1:]
	}
}
