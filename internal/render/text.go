package render

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// clean returns s fit for XML 1.0 and JSON: valid UTF-8 without control
// characters and noncharacters, lines ending in LF. XML readers turn CR LF into
// LF anyway; done here, all formats carry the same text. One character left
// unfiltered in a CDATA section makes a whole document unreadable, so every
// string on its way out passes here.
func clean(s string) string {
	bad := firstBad(s)
	if bad < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:bad])
	for i := bad; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r':
			if !strings.HasPrefix(s[i+1:], "\n") {
				b.WriteByte('\n')
			}
		case r >= 0x80 && r <= 0x9f:
			if meant := windows1252[r-0x80]; meant != 0 {
				b.WriteRune(meant)
			}
		case !isBad(r):
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// firstBad returns the index of the first character of s that cannot stay, or
// -1. Nearly every string has none, and is then used as it is. This runs over
// every byte we publish, so what is plainly fine is passed over without being
// decoded.
func firstBad(s string) int {
	valid := utf8.ValidString(s)
	for i := 0; i < len(s); i++ {
		if !suspect[s[i]] && (valid || s[i] < utf8.RuneSelf) {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if isBad(r) {
			return i
		}
		i += size - 1
	}
	return -1
}

// suspect marks the bytes that begin a character which may be bad: controls,
// U+0080 to U+00BF, U+F000 to U+FFFF, and what lies beyond the basic plane.
var suspect = func() (table [256]bool) {
	for c := range table {
		table[c] = c < 0x20 && c != '\n' && c != '\t' || c == 0x7f || c == 0xc2 || c >= 0xef
	}
	return table
}()

// isBad reports whether r has no place in a feed. Invalid UTF-8 decodes to
// U+FFFD, which is unwanted itself: it only says that something was lost.
func isBad(r rune) bool {
	switch {
	case r < 0x20:
		return r != '\n' && r != '\t'
	case r < 0x7f:
		return false
	case r <= 0x9f, r == utf8.RuneError:
		return true
	}
	return r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
}

// windows1252 is what U+0080 to U+009F nearly always stand for: bytes of
// windows-1252 that were taken for ISO 8859-1. Zero has no meaning there.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// line returns s clean and on one line, without space at its ends.
func line(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, "\n\t\u00a0\u2028\u2029") && !strings.Contains(s, "  ") {
		return strings.TrimSpace(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

// markup matches text that a reader which takes it for HTML would not show as
// it is: a tag or a character reference.
var markup = regexp.MustCompile(`<[A-Za-z/!?]|&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)

// looksLikeHTML reports whether plain text would be taken for HTML.
func looksLikeHTML(s string) bool {
	return strings.ContainsAny(s, "<&") && markup.MatchString(s)
}

// unmarked returns plain text for places that have no way to say that it is
// plain, such as attributes and names. What would be taken for HTML there loses
// its brackets, because no way of escaping it twice is understood by all.
func unmarked(s string) string {
	if !looksLikeHTML(s) {
		return s
	}
	return withoutBrackets.Replace(s)
}

var withoutBrackets = strings.NewReplacer("<", "‹", ">", "›", "&", "＆")

// escapeHTML escapes plain text for HTML, and no more than that needs.
func escapeHTML(s string) string { return htmlEscaper.Replace(s) }

// Quotes are left alone: what is escaped stands between tags, never inside one.
var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// The escapes of the two XML formats. RSS does not say whether its texts are
// plain or HTML; hexadecimal references are the form that most readers agree
// on (RSS Advisory Board, RSS Best Practices Profile, "Character Data").
var (
	xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	hexEscaper = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")
)

// plain returns the text of safe HTML on one line, as much of it as an excerpt
// needs, or a little more.
func plain(safe string) string {
	var b strings.Builder
	for count := 0; safe != "" && count <= excerptLength; {
		text, rest, _ := strings.Cut(safe, "<")
		b.WriteString(text)
		count += utf8.RuneCountInString(text)
		tag, after, closed := strings.Cut(rest, ">")
		if !closed {
			break
		}
		if !isInline(tag) {
			b.WriteByte(' ')
		}
		safe = after
	}
	return line(html.UnescapeString(b.String()))
}

// isInline reports whether a tag, without its brackets, stands within a word's
// flow, so that nothing must part the text on its two sides.
func isInline(tag string) bool {
	name := strings.TrimPrefix(tag, "/")
	if end := strings.IndexAny(name, " \t\n/"); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "wbr":
		return true
	}
	return false
}

// cut shortens one line of text to at most limit characters, at a word where
// there is one, and marks the cut.
func cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	end, count := 0, 0
	for i := range s {
		if count == limit-1 { // the mark takes one place
			end = i
			break
		}
		count++
	}
	short := s[:end]
	if s[end] != ' ' {
		if space := strings.LastIndexByte(short, ' '); space > len(short)/2 {
			short = short[:space]
		}
	}
	return strings.TrimRight(short, " ,;:–—-") + "…"
}

// email matches an address, with the brackets it is mostly written in.
var email = regexp.MustCompile(`[<(\[]?(?:mailto:)?[^\s<>()\[\]]+@[^\s<>()\[\]]+\.[^\s<>()\[\]]+[>)\]]?`)

// withoutEmail returns a person's name without the addresses in it: whoever
// gave it to a publisher did not give it to us.
func withoutEmail(name string) string {
	name = line(name)
	if !strings.Contains(name, "@") {
		return name
	}
	name = line(email.ReplaceAllString(name, " "))
	if rest, ok := strings.CutPrefix(name, "("); ok { // joe@example.org (Joe)
		name = strings.TrimSuffix(rest, ")")
	}
	return strings.TrimSpace(name)
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// language returns a tag of the shape of BCP 47, or nothing.
func language(tag string) string {
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
