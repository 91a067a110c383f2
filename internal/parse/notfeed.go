package parse

import (
	"fmt"
	"strings"
)

// Looks says what a body that is no feed looks like.
type Looks string

// What bodies that are no feeds look like.
const (
	LooksEmpty   Looks = "empty"
	LooksHTML    Looks = "html"    // a page
	LooksError   Looks = "error"   // a page or a text that reports an error, or asks for a login or a proof
	LooksJSON    Looks = "json"    // JSON that is no JSON Feed
	LooksXML     Looks = "xml"     // XML of another kind
	LooksCut     Looks = "cut"     // a feed that breaks off before it says anything
	LooksBinary  Looks = "binary"  // a picture, an archive, compressed bytes
	LooksUnknown Looks = "unknown" // text of some kind
)

// A NotFeedError reports a body that is no feed.
type NotFeedError struct {
	Looks Looks
	Title string // of the page, or the name of the root element; may be empty
	Feed  string // address of the feed that the page offers in its head; may be empty
}

// Error says what the body looks like.
func (e *NotFeedError) Error() string {
	what := map[Looks]string{
		LooksEmpty: "the body is empty", LooksHTML: "it is an HTML page", LooksError: "it is an error page",
		LooksJSON: "it is JSON, but no JSON Feed", LooksXML: "it is XML of another kind",
		LooksCut: "it breaks off before it says anything", LooksBinary: "it is no text", LooksUnknown: "it is text without a feed in it",
	}[e.Looks]
	if e.Title != "" {
		what += fmt.Sprintf(" (%s)", e.Title)
	}
	if e.Feed != "" {
		what += "; it offers a feed at " + e.Feed
	}
	return "no feed: " + what
}

// maxHead is how much of a page is looked at.
const maxHead = 256 << 10

// notFeed says what a document without a feed is.
func notFeed(s string, o *outline, base string) *NotFeedError {
	if o.format != "" {
		return &NotFeedError{Looks: LooksCut}
	}
	head := s[:min(len(s), maxHead)]
	e := &NotFeedError{Looks: LooksUnknown}
	e.readHead(head, base)
	switch low := strings.ToLower(head[:min(len(head), 4<<10)]); {
	case isErrorTitle(e.Title):
		e.Looks = LooksError
	case strings.Contains(low, "<!doctype html") || strings.Contains(low, "<html") || strings.Contains(low, "<head") || strings.Contains(low, "<body"):
		e.Looks = LooksHTML
	case o.otherRoot != "" && strings.HasPrefix(strings.TrimSpace(low), "<"):
		e.Looks = LooksXML
		e.Title = clip(o.otherRoot, 60)
	case isErrorTitle(low[:min(len(low), 200)]):
		e.Looks = LooksError
	}
	return e
}

func clip(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Clone(s)
}

// readHead takes the title and the offered feed out of a page's head. Links in
// the body are content and could be anybody's.
func (e *NotFeedError) readHead(head, base string) {
	o := outline{lex: lexer{s: head}}
	for {
		t := o.lex.next()
		switch {
		case t.kind == endOfInput, t.kind == closeTag && strings.EqualFold(t.text, "head"),
			t.kind == openTag && strings.EqualFold(t.text, "body"):
			return
		case t.kind != openTag:
		case strings.EqualFold(t.text, "base"):
			base = nestBase(base, o.attr(t.attrs, "href"))
		case strings.EqualFold(t.text, "title") && e.Title == "":
			if in := o.lex.next(); in.kind == characters {
				e.Title = clip(o.ent.decode(in.text), 120)
			}
		case strings.EqualFold(t.text, "link") && e.Feed == "":
			if isFeedLink(o.attr(t.attrs, "rel"), o.attr(t.attrs, "type")) {
				e.Feed = strings.Clone(resolve(base, o.attr(t.attrs, "href")))
			}
		}
	}
}

func isFeedLink(rel, mediaType string) bool {
	alternate := false
	for word := range strings.FieldsSeq(strings.ToLower(rel)) {
		alternate = alternate || word == "alternate" || word == "feed"
	}
	switch mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";"); strings.TrimSpace(mediaType) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		return alternate
	}
	return false
}

// isErrorTitle reports whether a page's title is that of an error or of a gate.
func isErrorTitle(title string) bool {
	title = strings.ToLower(title)
	for _, sign := range []string{
		"404", "403", "500", "502", "503", "504", "not found", "forbidden", "access denied", "error", "unavailable", "bad gateway",
		"just a moment", "attention required", "captcha", "are you human", "checking your browser", "login", "log in", "sign in",
		"ошибка", "не найден", "доступ запрещ", "xəta", "hata", "tapılmadı", "bulunamadı",
	} {
		if strings.Contains(title, sign) {
			return true
		}
	}
	return false
}
