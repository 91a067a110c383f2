package post

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// New starts a post: a file with a front matter to fill in, marked as a draft.
// The ending of its name, such as ".md", decides its kind. It returns the path
// of the file and never writes over one that is there.
func (l Library) New(title, ending string, now time.Time) (path string, err error) {
	title = oneLine(title)
	slug := Slug(title)
	if slug == "" {
		return "", fmt.Errorf("the title %q has no letters that a file could be named by", title)
	}
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	content, err := template(title, ending, l.Author.Name, now.In(zone))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return "", fmt.Errorf("make posts folder: %w", err)
	}
	path = filepath.Join(l.Dir, slug+ending)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already: choose another title, or edit that file", path)
	}
	if err != nil {
		return "", fmt.Errorf("start post: %w", err)
	}
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("start post: %w", err)
	}
	return path, nil
}

// template returns the text that a post begins with.
func template(title, ending, author string, now time.Time) (string, error) {
	var b strings.Builder
	// A Go string literal of printable text is a YAML one as well.
	fmt.Fprintf(&b, "---\ntitle: %s\n", strconv.QuoteToGraphic(title))
	if author != "" {
		fmt.Fprintf(&b, "authors: [%s]\n", strconv.QuoteToGraphic(author))
	}
	fmt.Fprintf(&b, "date: %s\ntags: []\n# language: en\n# summary: One or two sentences for lists of posts.\ndraft: true   # remove this line to publish\n---\n\n", now.Format("2006-01-02 15:04"))
	switch ending {
	case ".md", ".markdown":
		b.WriteString("Write here, in Markdown.\n")
	case ".html", ".htm":
		b.WriteString("<p>Write here, in HTML.</p>\n")
	case ".txt":
		b.WriteString("Write here. A blank line parts paragraphs.\n")
	default:
		return "", fmt.Errorf("posts end in .md, .html or .txt, not %q", ending)
	}
	return b.String(), nil
}
