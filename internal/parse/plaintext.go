package parse

import (
	"html"
	"strings"
)

// plainOf returns a text as one line of plain text.
func (m *mapping) plainOf(field string) string {
	t := m.text(field)
	body := t.body
	if t.html {
		body = html.UnescapeString(stripTags(body))
	}
	return m.limit(strings.Join(strings.Fields(body), " "), maxTitle)
}

// stripTags leaves out the tags of a text, and what scripts and style sheets
// hold. What it returns is characters; it is no sanitiser.
func stripTags(s string) string {
	var b strings.Builder
	l := lexer{s: s, cdataEnd: 0}
	hidden := ""
	for {
		t := l.next()
		switch t.kind {
		case endOfInput:
			return b.String()
		case characters, verbatim:
			if hidden == "" {
				b.WriteString(t.text)
			}
		case openTag:
			if name := strings.ToLower(t.text); hidden == "" && (name == "script" || name == "style") && !t.empty {
				hidden = name
			}
		case closeTag:
			if strings.EqualFold(t.text, hidden) {
				hidden = ""
			}
		case declaration:
		}
	}
}
