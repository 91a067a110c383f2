package clean

import (
	"strings"
	"unicode/utf8"
)

// Chars returns s with only those characters that XML 1.0 (2.2) allows and that
// mean something: valid UTF-8, no controls but tab, line feed and carriage
// return, no noncharacters, no replacement characters. The C1 controls, which
// nobody means, are read as the windows-1252 characters they were before a
// wrong conversion. Text that is fine already is returned as it is, without
// allocation.
func Chars(s string) string {
	i := fineBytes(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		b.WriteString(s[:i])
		s = s[i:]
		if s == "" {
			return b.String()
		}
		r, size := utf8.DecodeRuneInString(s)
		if r >= 0x80 && r <= 0x9f {
			if r = windows1252[r-0x80]; r != 0 {
				b.WriteRune(r)
			}
		}
		s = s[size:]
		i = fineBytes(s)
	}
}

// fineBytes returns the length of the part of s that [Chars] has nothing to do
// with.
func fineBytes(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isFine(r) {
			return i
		}
		i += size
	}
	return len(s)
}

// isFine reports whether a character beyond ASCII may stand in a document.
// Bytes that are no UTF-8 arrive here as U+FFFD. Surrogates can't.
func isFine(r rune) bool {
	switch {
	case r < 0xa0, r == utf8.RuneError:
		return false
	case r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
		return false // noncharacters (Unicode 23.7)
	}
	return true
}

// windows1252 is what the bytes 80 to 9F mean in windows-1252 (WHATWG Encoding,
// index windows-1252); zero where they mean nothing.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}
