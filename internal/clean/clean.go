// Package clean turns what strangers send into what may be published: hostile
// HTML into safe HTML and plain text, addresses into absolute http(s) ones,
// claims about dates and languages into usable ones.
//
// It is the one place where this happens, and a security boundary. What comes
// out has no script, no form, no frame, no style, no name that could clash with
// the page around it, and no character that XML does not allow. Every function
// is total and bounded: any input gives a result, in time and memory in
// proportion to its length.
package clean

import (
	"time"

	"serai/internal/feed"
)

// Options are what an entry's own words do not say.
type Options struct {
	Base     string // what relative addresses are relative to, when the entry does not say
	Language string // of the source, for entries that have none; BCP 47
}

const (
	// maxExcerpt is the length of a summary made from content, and what a
	// summary may have before it counts as the content itself, in characters.
	maxExcerpt = 300
	// maxSummary is the most of a source's own summary that is kept.
	maxSummary = 2000
	// maxTitle is the most of a title that is kept.
	maxTitle = 500
	// maxName is the most of any other line of text that is kept.
	maxName = 500
	// maxGUID is the most of a publisher's own identifier that is kept.
	maxGUID = 2048
)

// Entry cleans an entry. It sets what the source says and what follows from
// that alone, and no name, date or hash of ours.
func Entry(raw feed.RawEntry, o Options) feed.Entry {
	links := resolver{base: firstBase(raw.Base, o.Base)}
	e := feed.Entry{
		GUID:      cut(Chars(raw.GUID), maxGUID),
		Link:      links.resolve(raw.Link),
		Title:     plain(raw.Title, maxTitle),
		Rights:    plain(raw.RightsText, maxSummary),
		Published: plausible(raw.Published),
		Updated:   plausible(raw.Updated),
	}
	if e.Published.IsZero() {
		e.Published = plausible(raw.Created)
	}
	// Where nothing else is said, readers take what stands in an article as
	// relative to the article.
	bodyBase := firstBase(raw.Base, e.Link, o.Base)
	permalink := firstBase(e.Link, bodyBase)

	content := body(raw.Content, bodyBase, permalink)
	switch {
	case content.isEmpty() && servesAsContent(raw.Summary):
		content = body(raw.Summary, bodyBase, permalink)
		e.Summary = Excerpt(oneLine(content.text, 0), maxExcerpt)
	default:
		e.Summary = plain(raw.Summary, maxSummary)
	}
	e.Content, e.Text = content.html, content.text
	if e.Summary == "" {
		e.Summary = plain(raw.Subtitle, maxSummary)
	}
	if e.Summary == "" {
		e.Summary = Excerpt(oneLine(e.Text, 0), maxExcerpt)
	}
	if e.Words = wordCount(e.Text); e.Words == 0 {
		e.Words = wordCount(e.Summary)
	}
	e.Language = entryLanguage(raw.Language, e.Title, e.Text, e.Summary, o.Language)
	e.Details = details(raw.Details, &links)
	return e
}

// body cleans a text that is the body of an entry.
func body(t feed.Text, base, permalink string) cleaned {
	source := t.Body
	if !t.HTML {
		source = textAsHTML(cutContent(source))
	}
	c := fragment(source, base, permalink)
	if c.isEmpty() {
		return cleaned{}
	}
	return c
}

// isEmpty reports whether there is nothing to read, see or hear.
func (c cleaned) isEmpty() bool { return c.text == "" && c.media == 0 }

// servesAsContent reports whether a summary is the whole of what the source
// gives, as an RSS description without content is.
func servesAsContent(summary feed.Text) bool {
	return summary.HTML || len(summary.Body) > maxExcerpt && len([]rune(summary.Body)) > maxExcerpt
}

// firstBase returns the first that addresses can be relative to.
func firstBase(candidates ...string) string {
	for _, c := range candidates {
		if base := URL(c, ""); base != "" {
			return base
		}
	}
	return ""
}

// plausible returns a claimed date in UTC, or none where it can't be one: feeds
// are full of years 1, 1601 and 10000.
func plausible(t time.Time) time.Time {
	if t.IsZero() || t.Unix() <= 0 || t.UTC().Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}
