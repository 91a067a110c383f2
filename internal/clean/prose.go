package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A prose collects plain text: white space becomes one space, the edges of
// blocks become one line feed, and what is invisible within words goes.
type prose struct {
	out  []byte
	next byte // what parts the next word from the last: 0, ' ' or '\n'
}

func (p *prose) space() {
	if p.next == 0 {
		p.next = ' '
	}
}

func (p *prose) line() { p.next = '\n' }

// edge is called where an element begins and where it ends.
func (p *prose) edge(e *element) {
	switch e.shape {
	case inline, anchor, ruby, rubyPart:
	case cell:
		p.space()
	default:
		p.line()
	}
}

func (p *prose) add(s string) {
	from := 0 // where the run of characters begins that are taken as they are
	for i := 0; i < len(s); {
		c := s[i]
		if c > ' ' && !leadsSpace[c] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		space := unicode.IsSpace(r)
		if !space && !isInvisible(r) {
			i += size
			continue
		}
		p.run(s[from:i])
		if space {
			p.space()
		}
		i += size
		from = i
	}
	p.run(s[from:])
}

// leadsSpace are the first bytes of the characters beyond ASCII that
// [prose.add] does not take as they are.
var leadsSpace = [256]bool{0xc2: true, 0xe1: true, 0xe2: true, 0xe3: true, 0xef: true}

// run writes a part of a word.
func (p *prose) run(s string) {
	if s != "" {
		p.part()
		p.out = append(p.out, s...)
	}
}

// part writes what stands between the last word and the next.
func (p *prose) part() {
	if p.next != 0 {
		if len(p.out) > 0 {
			p.out = append(p.out, p.next)
		}
		p.next = 0
	}
}

// isInvisible tells the characters that break up words for programs and not for
// people: soft hyphen, zero width space, word joiner, byte order mark.
func isInvisible(r rune) bool {
	return r == 0xad || r == 0x200b || r == 0x2060 || r == 0xfeff
}

// isBidiControl tells the characters that change the direction of text beyond
// themselves (UAX 9, 2.1 to 2.4): left open in a title they turn around what
// stands after it on a page.
func isBidiControl(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// oneLine returns the text as one line of at most limit characters, zero for
// any number. Text that is so already is returned as it is.
func oneLine(s string, limit int) string {
	s = Chars(s)
	if !isOneLine(s) {
		var p prose
		p.out = make([]byte, 0, len(s))
		for part := range strings.FieldsFuncSeq(s, isBidiControl) {
			p.add(part)
		}
		s = string(p.out)
	}
	if limit > 0 {
		s = Excerpt(s, limit)
	}
	return s
}

// isOneLine reports whether [oneLine] has nothing to do.
func isOneLine(s string) bool {
	space := true // so far, a space would be one too many
	for _, r := range s {
		switch {
		case r == ' ' && !space:
			space = true
		case r <= ' ' || r >= 0x80 && (unicode.IsSpace(r) || isInvisible(r) || isBidiControl(r)):
			return false
		default:
			space = false
		}
	}
	return !space || s == ""
}

// Excerpt returns the text if it is not longer than n characters, and else as
// many of its first words as fit with an ellipsis into n characters.
func Excerpt(text string, n int) string {
	if len(text) <= n {
		return text
	}
	end, word := len(text), 0 // where n-1 characters end, and the last word that ends before
	count := 0
	for i, r := range text {
		if unicode.IsSpace(r) && count < n {
			word = i
		}
		if count == n-1 {
			end = i
		}
		if count == n {
			if word < end/2 { // one long word, or a script without spaces
				word = end
			}
			return strings.TrimRightFunc(text[:word], func(r rune) bool {
				return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-.…", r)
			}) + "…"
		}
		count++
	}
	return text
}

// wordCount counts the words of a text: runs of characters between white space
// that hold a letter or a digit.
func wordCount(text string) int {
	n := 0
	counted := false
	for _, r := range text {
		switch {
		case r == ' ' || r == '\n':
			counted = false
		case !counted && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			counted = true
			n++
		}
	}
	return n
}
