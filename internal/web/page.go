package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"serai/internal/feed"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/style.css
var styleSheet []byte

//go:embed assets/favicon.svg
var favicon []byte

// pages are the parsed templates, and the style sheet they name. Its name
// changes with its content, so that it may be kept for ever.
type pages struct {
	byName map[string]*template.Template
	style  string // name of the style sheet
}

func parsePages() *pages {
	sum := sha256.Sum256(styleSheet)
	p := &pages{byName: make(map[string]*template.Template), style: "style-" + hex.EncodeToString(sum[:6]) + ".css"}
	frame := template.Must(template.New("frame.html").Funcs(template.FuncMap{
		"date": humanDate, "clock": humanClock, "stamp": stamp, "since": humanSpan, "language": languageName, "size": humanSize,
	}).ParseFS(templates, "templates/frame.html"))
	for _, name := range []string{"river", "post", "sources", "about", "error", "admin", "admin-source"} {
		own := template.Must(frame.Clone())
		p.byName[name] = template.Must(own.ParseFS(templates, "templates/"+name+".html"))
	}
	return p
}

// A view is what the frame of every page shows. Main is the page's own.
type view struct {
	Title       string // of the document
	Site        string // title of the site
	SiteLang    string
	Tagline     string
	Base        string
	Style       string
	Nav         []*channel
	More        []*channel // of the channels, those that the bar has no room for
	Current     string     // ID of the channel shown
	Channel     *channel   // whose feeds the page belongs to; the first where it belongs to none
	First       *channel   // when it is not the same
	Canonical   string
	Description string
	Type        string // Open Graph's word for what it is; empty says nothing
	NoIndex     bool
	Admin       bool
	Zone        string // of the times shown
	Main        any
}

// navRoom is how many channels the bar of a page shows.
const navRoom = 7

func (s *Server) view(site *site, title string, main any) *view {
	v := &view{
		Title: title, Site: site.title, SiteLang: site.Site.Language, Tagline: site.Site.Description, Base: site.base,
		Style: site.base + "/assets/" + s.pages.style, Nav: site.order, Channel: site.first(), Main: main, Zone: site.Zone.String(),
	}
	if len(v.Nav) > navRoom+1 {
		v.Nav, v.More = v.Nav[:navRoom], v.Nav[navRoom:]
	}
	return v
}

// The policies of pages. Forms are allowed where there is one.
const (
	pagePolicy  = "default-src 'none'; img-src 'self' https: data:; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	formPolicy  = "default-src 'none'; img-src 'self' https: data:; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	htmlType    = "text/html; charset=utf-8"
	pageCaching = "public, max-age=60"
)

// render makes the page of that name.
func (s *Server) render(name string, v *view) ([]byte, error) {
	var b bytes.Buffer
	if err := s.pages.byName[name].ExecuteTemplate(&b, "frame.html", v); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// show renders a page and sends it.
func (s *Server) show(w http.ResponseWriter, r *http.Request, name, policy string, v *view) error {
	body, err := s.render(name, v)
	if err != nil {
		return err
	}
	a := &answer{
		body: body, compress: true,
		always: []field{varyEncoding, {"Cache-Control", []string{pageCaching}}},
		content: []field{
			{"Content-Type", []string{htmlType}}, {"Content-Security-Policy", []string{policy}}, nosniff, noReferrer,
		},
	}
	a.finish().serve(w, r)
	return nil
}

// A handler answers in full or returns an error, never both.
type handler func(w http.ResponseWriter, r *http.Request, site *site) error

// A problem is an error that is meant for the reader: a status, and a sentence
// of our own.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func badRequest(text string) error { return &problem{http.StatusBadRequest, text} }

// page takes the step from error to answer, once for all handlers of what is
// read with GET, and counts them under the name of the route.
func (s *Server) page(route string, fn handler) http.Handler {
	return s.counted(route, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := s.site.Load()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", getHead)
			s.fail(w, r, site, &problem{http.StatusMethodNotAllowed, "This address can only be read."})
			return
		}
		if err := fn(w, r, site); err != nil {
			s.fail(w, r, site, err)
		}
	}))
}

// fail answers with an error page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, site *site, err error) {
	p, ok := errors.AsType[*problem](err)
	switch {
	case ok:
	case errors.Is(err, feed.ErrNotFound):
		p = &problem{http.StatusNotFound, "There is nothing at this address. It may have been mistyped, or what was here has moved."}
	case r.Context().Err() != nil:
		return // the reader hung up; there is nobody left to answer
	case errors.Is(err, context.DeadlineExceeded):
		p = &problem{http.StatusServiceUnavailable, "This took too long. Please try again in a moment."}
	default:
		s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "err", err)
		p = &problem{http.StatusInternalServerError, "Something went wrong on our side. Please try again in a moment."}
	}
	v := s.view(site, http.StatusText(p.status), errorPage{p.status, http.StatusText(p.status), p.text})
	v.NoIndex = true
	body, renderErr := s.render("error", v)
	if renderErr != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "err", renderErr)
		plainError(w, p.status, p.text)
		return
	}
	h := w.Header()
	h.Set("Content-Type", htmlType)
	h.Set("Content-Security-Policy", pagePolicy)
	h[nosniff.key] = nosniff.values
	h[noReferrer.key] = noReferrer.values
	if h.Get("Cache-Control") == "" && (p.status == http.StatusNotFound || p.status == http.StatusGone) {
		h.Set("Cache-Control", pageCaching)
	} else {
		h.Set("Cache-Control", "no-store")
	}
	if p.status >= 500 {
		h.Set("Retry-After", "30")
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

type errorPage struct {
	Status      int
	Title, Text string
}

func (s *Server) notFound(http.ResponseWriter, *http.Request, *site) error { return feed.ErrNotFound }

// How people read dates. Machines read the attribute beside them.

func humanDate(t time.Time) string  { return t.Format("2 January 2006") }
func humanClock(t time.Time) string { return t.Format("15:04") }
func stamp(t time.Time) string      { return t.UTC().Format(time.RFC3339) }

// humanSpan writes a duration in its two largest units.
func humanSpan(d time.Duration) string {
	if d < 0 {
		return "-" + humanSpan(-d)
	}
	const day = 24 * time.Hour
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func humanSize(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, 0
	for value >= unit && prefix < 4 {
		value /= unit
		prefix++
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + " " + []string{"KiB", "MiB", "GiB", "TiB", "PiB"}[prefix]
}
