package post

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"serai/internal/feed"
)

// Where the head of a plain text is looked for.
const (
	headLines  = 8   // lines that are not blank, the date's among them
	headLength = 300 // characters of a line
	shortHead  = 3   // lines before the date: section, title, author
	titleWidth = 120 // characters of a line of a broken title
)

// plainText reads a text without markup. Its head is known by a line that is a
// date and nothing else: the line before it is the author's, the one before
// that the title, and before that the section. Without a date the first line is
// the title. Every word of the file is in one of these or in a paragraph.
func (d *draft) plainText(body string, zone *time.Location) error {
	lines := strings.Split(body, "\n")
	if d.title == "" {
		if head, date, rest := cutHead(lines, zone); head != nil {
			d.head(head)
			if d.date.IsZero() {
				d.date = date
			}
			lines = rest
		}
	}
	d.content = paragraphs(lines)
	return nil
}

// cutHead finds the head of a text: its lines without the date's, and the lines
// after it. A head without a date is one line.
func cutHead(lines []string, zone *time.Location) (head []string, date time.Time, rest []string) {
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if t, ok := parseDate(line, zone); ok {
			if len(head) == 0 { // a date that stands first is followed by the title
				head, rest = cutTitle(lines[i+1:])
				return head, t, rest
			}
			if isHead(head) {
				return head, t, lines[i+1:]
			}
			break
		}
		if len(head) == headLines-1 || utf8.RuneCountInString(line) > headLength {
			break
		}
		head = append(head, line)
	}
	head, rest = cutTitle(lines)
	return head, time.Time{}, rest
}

// cutTitle takes the first line as the title, unless it is a whole paragraph.
func cutTitle(lines []string) (title, rest []string) {
	for i, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			if utf8.RuneCountInString(line) > headLength {
				break
			}
			return []string{line}, lines[i+1:]
		}
	}
	return nil, lines
}

// isHead reports whether lines before a date are a head. More of them than a
// head has may also be the first paragraphs of a text that has a date further
// down: they end in full stops or are long.
func isHead(lines []string) bool {
	return len(lines) <= shortHead || !slices.ContainsFunc(lines, func(line string) bool {
		last, _ := utf8.DecodeLastRuneInString(line)
		return strings.ContainsRune(".:։", last) || utf8.RuneCountInString(line) > titleWidth
	})
}

// head takes over the lines that stand before the date: the title; title and
// author; or section, title and author. Of more lines, those in the middle are
// a title that was broken.
func (d *draft) head(lines []string) {
	last := len(lines) - 1
	switch last {
	case 0:
		d.title = lines[0]
		return
	case 1:
		d.title = lines[0]
	default:
		d.section = lines[0]
		d.title = strings.Join(lines[1:last], " ")
	}
	if len(d.authors) == 0 {
		d.authors = []feed.Person{{Name: lines[last]}}
	}
}

// paragraphs makes HTML of text whose paragraphs are parted by blank lines. A
// line break within one is a space.
func paragraphs(lines []string) string {
	var b strings.Builder
	open := false
	for _, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "" && open:
			b.WriteString("</p>\n")
			open = false
		case line == "":
		case open:
			b.WriteString(" " + escape(line))
		default:
			b.WriteString("<p>" + escape(line))
			open = true
		}
	}
	if open {
		b.WriteString("</p>\n")
	}
	return b.String()
}

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text of what would be markup, and leaves every other character
// as its author wrote it.
func escape(text string) string { return markup.Replace(text) }
