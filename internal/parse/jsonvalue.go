package parse

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a JSON document.
const (
	maxJSONDepth  = 64
	maxJSONValues = 1 << 20
)

// A jsonReader reads JSON with the mistakes that people and programs make in
// it: commas too many or too few, control characters in strings, an end that
// is missing. Numbers come out as they are written.
type jsonReader struct {
	s      string
	pos    int
	values int
	mended int
	cut    bool // the input ended early
	deep   bool // something was nested too deep, or there was too much, and is left out
}

// A jsonNumber is a number as written.
type jsonNumber string

// A jsonMember is one member of an object.
type jsonMember struct {
	name  string
	value any
}

// A jsonObject is an object with its members in order.
type jsonObject []jsonMember

// get returns the last member of that name (RFC 8259 4 leaves the choice).
func (o jsonObject) get(name string) any {
	for _, m := range slices.Backward(o) {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (r *jsonReader) space() {
	for r.pos < len(r.s) && isSpace(r.s[r.pos]) {
		r.pos++
	}
}

// peek returns the next byte that is no white space, or 0 at the end.
func (r *jsonReader) peek() byte {
	r.space()
	if r.pos >= len(r.s) {
		return 0
	}
	return r.s[r.pos]
}

// value reads one value: nil, bool, jsonNumber, string, []any or jsonObject. A
// value that the input breaks off is reported by cut.
func (r *jsonReader) value(depth int) any {
	r.values++
	if r.values > maxJSONValues {
		r.deep = true
	}
	switch c := r.peek(); c {
	case 0:
		r.cut = true
		return nil
	case '"':
		return r.str()
	case '{', '[':
		if depth >= maxJSONDepth || r.values > maxJSONValues {
			r.deep = true
			r.skipNested()
			return nil
		}
		if c == '{' {
			return r.object(depth)
		}
		return r.array(depth)
	default:
		return r.word()
	}
}

// skipNested passes over an array or object without looking into it.
func (r *jsonReader) skipNested() {
	for open := 0; r.pos < len(r.s); r.pos++ {
		switch r.s[r.pos] {
		case '"':
			r.skipString()
			r.pos--
		case '{', '[':
			open++
		case '}', ']':
			if open--; open <= 0 {
				r.pos++
				return
			}
		}
	}
	r.cut = true
}

func (r *jsonReader) skipString() {
	for r.pos++; r.pos < len(r.s); r.pos++ {
		switch r.s[r.pos] {
		case '\\':
			r.pos++
		case '"':
			r.pos++
			return
		}
	}
	r.pos = len(r.s)
	r.cut = true
}

func (r *jsonReader) object(depth int) any {
	r.pos++
	o := jsonObject{}
	commas := commaCount{r: r}
	for {
		switch c := r.peek(); c {
		case 0:
			r.cut = true
			return o
		case '}':
			commas.end()
			return o
		case ',':
			commas.comma()
		case '"':
			commas.value()
			name := r.str()
			if r.peek() == ':' {
				r.pos++
			} else {
				r.mended++
			}
			v := r.value(depth + 1)
			if !r.cut && r.values <= maxJSONValues {
				o = append(o, jsonMember{name, v})
			} else if list, ok := v.([]any); ok && !r.deep { // whole entries of a list that breaks off
				o = append(o, jsonMember{name, list})
			}
		default:
			r.mended++
			r.pos++
		}
	}
}

func (r *jsonReader) array(depth int) any {
	r.pos++
	list := []any{}
	commas := commaCount{r: r}
	for {
		switch c := r.peek(); c {
		case 0:
			r.cut = true
			return list
		case ']':
			commas.end()
			return list
		case ',':
			commas.comma()
		case '}', ':':
			r.mended++
			r.pos++
		default:
			commas.value()
			if v := r.value(depth + 1); !r.cut && r.values <= maxJSONValues {
				list = append(list, v)
			}
		}
	}
}

// A commaCount counts the commas of an array or object that are too many or
// missing, and steps over those that are there.
type commaCount struct {
	r       *jsonReader
	isAfter bool // the last thing was a comma
	any     bool // there was a value
}

func (c *commaCount) comma() {
	if c.isAfter || !c.any {
		c.r.mended++
	}
	c.isAfter = true
	c.r.pos++
}

func (c *commaCount) value() {
	if c.any && !c.isAfter {
		c.r.mended++
	}
	c.isAfter, c.any = false, true
}

func (c *commaCount) end() {
	if c.isAfter {
		c.r.mended++
	}
	c.r.pos++
}

// word reads true, false, null or a number. Anything else is null.
func (r *jsonReader) word() any {
	from := r.pos
	for r.pos < len(r.s) && !isSpace(r.s[r.pos]) && strings.IndexByte(",]}:\"", r.s[r.pos]) < 0 {
		r.pos++
	}
	if r.pos == from {
		r.pos++
		r.mended++
		return nil
	}
	switch w := r.s[from:r.pos]; w {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		if len(w) <= 64 {
			if _, err := strconv.ParseFloat(w, 64); err == nil || w[0] == '-' || w[0] >= '0' && w[0] <= '9' {
				return jsonNumber(w)
			}
		}
		r.mended++
		return nil
	}
}

// str reads a string. One without escapes is not copied.
func (r *jsonReader) str() string {
	r.pos++
	from := r.pos
	for r.pos < len(r.s) {
		switch r.s[r.pos] {
		case '"':
			s := r.s[from:r.pos]
			r.pos++
			return s
		case '\\':
			return r.escaped(from)
		}
		r.pos++
	}
	r.cut = true
	return ""
}

func (r *jsonReader) escaped(from int) string {
	var b strings.Builder
	b.WriteString(r.s[from:r.pos])
	for r.pos < len(r.s) {
		rest := r.s[r.pos:]
		i := strings.IndexAny(rest, `"\`)
		if i < 0 {
			break
		}
		b.WriteString(rest[:i])
		r.pos += i + 1
		if rest[i] == '"' {
			return cleanCharacters(b.String())
		}
		if r.pos < len(r.s) {
			r.escape(&b)
		}
	}
	r.pos = len(r.s)
	r.cut = true
	return ""
}

// escape writes the character of an escape sequence (RFC 8259 7).
func (r *jsonReader) escape(b *strings.Builder) {
	c := r.s[r.pos]
	r.pos++
	if c == 'u' {
		unit, ok := r.hex()
		if !ok {
			b.WriteRune(utf8.RuneError)
			return
		}
		if utf16.IsSurrogate(unit) && strings.HasPrefix(r.s[r.pos:], `\u`) {
			before := r.pos
			r.pos += 2
			if low, ok := r.hex(); ok && utf16.DecodeRune(unit, low) != utf8.RuneError {
				b.WriteRune(utf16.DecodeRune(unit, low))
				return
			}
			r.pos = before
		}
		b.WriteRune(unit) // half a pair becomes U+FFFD
		return
	}
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		b.WriteByte("\b\f\n\r\t"[i])
		return
	}
	b.WriteByte(c)
	if c >= utf8.RuneSelf { // the rest of the character follows
		r.mended++
	}
}

func (r *jsonReader) hex() (rune, bool) {
	if r.pos+4 > len(r.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(r.s[r.pos:r.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	r.pos += 4
	return rune(n), true
}
