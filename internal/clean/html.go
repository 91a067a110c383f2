package clean

import (
	"strings"

	"serai/internal/feed"
)

// HTML returns the fragment as it may be published: nothing in it is active,
// every element is closed, and every address is absolute. Addresses are
// relative to base, and so are links to a part of the page itself. It is
// idempotent, total, and takes time in proportion to the length of the source,
// of which it reads the first 2 MiB.
func HTML(html, base string) string {
	return fragment(html, base, base).html
}

// A cleaned is a safe fragment and what else is known of it.
type cleaned struct {
	html, text string
	media      int // images and players in it
}

// fragment cleans a source whose own page is at permalink.
func fragment(source, base, permalink string) cleaned {
	b := builder{resolver: resolver{base: base}, permalink: permalink}
	b.build(source)
	safe := policy().SanitizeBytes(b.out)
	return cleaned{
		html:  strings.TrimSpace(unescapeQuotes(string(safe))),
		text:  string(b.text.out),
		media: b.mediaCount,
	}
}

// unescapeQuotes takes back what the filter escapes without need: quotes in
// text, which would lengthen every English article. Both writers put values
// between double quotes and escape both angle brackets everywhere, so tags are
// told from text by these alone.
func unescapeQuotes(s string) string {
	if !strings.Contains(s, "&#3") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	from, inTag := 0, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			inTag = true
		case '>':
			inTag = false
		case '&':
			var quote byte
			switch {
			case strings.HasPrefix(s[i:], "&#39;"):
				quote = '\''
			case !inTag && strings.HasPrefix(s[i:], "&#34;"):
				quote = '"'
			default:
				continue
			}
			b.WriteString(s[from:i])
			b.WriteByte(quote)
			from = i + len("&#39;")
			i = from - 1
		}
	}
	b.WriteString(s[from:])
	return b.String()
}

// Text returns the words of a fragment as plain text: one line a block, words
// parted by single spaces. The result is text, never markup: it has to be
// escaped where it is shown.
func Text(html string) string {
	var b builder
	b.build(html)
	return string(b.text.out)
}

// Plain returns a text as one line. Text stays what it says, also where it
// looks like markup ("use <b> or 3 < 4"); HTML loses its tags, and its entities
// are decoded once. Like that of [Text], the result is not markup.
func Plain(t feed.Text) string { return plain(t, 0) }

// plain returns at most limit characters of a text, zero for any number.
func plain(t feed.Text, limit int) string {
	if t.HTML && strings.ContainsAny(t.Body, "<&") {
		return oneLine(Text(t.Body), limit)
	}
	return oneLine(t.Body, limit)
}

// textAsHTML writes plain text as HTML that says the same: blank lines part
// paragraphs, and lines stay lines.
func textAsHTML(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	var out []byte
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph == "" {
			continue
		}
		out = append(out, "<p>"...)
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				out = append(out, "<br/>\n"...)
			}
			out = appendEscaped(out, strings.TrimSpace(line), false)
		}
		out = append(out, "</p>\n"...)
	}
	return string(out)
}
