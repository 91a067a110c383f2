package post

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// converter reads GitHub's Markdown with footnotes and definition lists. It
// leaves quotes and dashes as they are typed, and HTML for the cleaner.
var converter = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithRendererOptions(render.WithUnsafe()),
)

// markdown reads Markdown. A heading of the first order at the top is the title
// where the front matter has none.
func (d *draft) markdown(body string, _ *time.Location) (err error) {
	// The converter is large, and a mistake in it must cost one post at most.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the Markdown cannot be converted (%v); simplify it", p)
		}
	}()
	if err := checkEffort(body); err != nil {
		return err
	}
	source := []byte(body)
	doc := converter.Parser().Parse(text.NewReader(source))
	if h, ok := doc.FirstChild().(*ast.Heading); ok && h.Level == 1 && d.title == "" {
		d.title = oneLine(headingText(h, source))
		doc.RemoveChild(doc, h)
	}
	var out bytes.Buffer
	if err := converter.Renderer().Render(&out, source, doc); err != nil {
		return fmt.Errorf("the Markdown cannot be converted: %w", err)
	}
	d.content = out.String()
	return nil
}

// headingText returns what a heading says, without its markup.
func headingText(n ast.Node, source []byte) string {
	var b strings.Builder
	// The walker returns no error of its own.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				b.WriteString(html.UnescapeString(string(n.Segment.Value(source))))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(n.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// The parts of a whole HTML document that matter here. What they find is text
// to be cleaned, so that a document written to mislead them gains nothing.
var (
	commentPart = regexp.MustCompile(`(?s)<!--.*?-->`)
	titlePart   = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title\s*>`)
	headPart    = regexp.MustCompile(`(?is)^.*?</head\s*>`)
	bodyPart    = regexp.MustCompile(`(?is)<body(?:\s[^>]*)?>`)
	bodyEnd     = regexp.MustCompile(`(?is)</body\s*>`)
	htmlPart    = regexp.MustCompile(`(?is)^\s*(?:<!doctype[^>]*>\s*)?<html([^>]*)>`)
	langPart    = regexp.MustCompile(`(?i)\slang\s*=\s*["']?([a-z0-9-]{2,35})`)
)

// html reads HTML: a fragment, or a whole document with title, language and
// body.
func (d *draft) html(body string, _ *time.Location) error {
	opening := body[:min(len(body), maxFront)]
	root := htmlPart.FindStringSubmatch(opening)
	if root == nil && !bodyPart.MatchString(opening) {
		d.content = body
		return nil
	}
	body = commentPart.ReplaceAllString(body, "")
	opening = body[:min(len(body), maxFront)]
	if root != nil && d.language == "" {
		if lang := langPart.FindStringSubmatch(root[1]); lang != nil {
			d.language = lang[1]
		}
	}
	if title := titlePart.FindStringSubmatch(opening); title != nil && d.title == "" {
		d.title = oneLine(html.UnescapeString(title[1]))
	}
	if at := bodyPart.FindStringIndex(body); at != nil {
		body = body[at[1]:]
		if ends := bodyEnd.FindAllStringIndex(body, -1); ends != nil {
			body = body[:ends[len(ends)-1][0]]
		}
	} else {
		body = headPart.ReplaceAllString(body, "")
	}
	d.content = body
	return nil
}
