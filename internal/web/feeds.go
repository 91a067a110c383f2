package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/render"
)

// A document is something that is served from a snapshot.
type document struct {
	snapshot func() (*publish.Snapshot, error)
	cors     bool // pages of other sites may read it
	ready    atomic.Pointer[prepared]
}

// A prepared snapshot is one whose header fields are made.
type prepared struct {
	snapshot *publish.Snapshot
	answer   *answer
}

// What feeds are sent with. A browser that is shown a feed runs the scripts of
// XHTML inside it, unless it is told not to.
var (
	feedPolicy = field{"Content-Security-Policy", []string{"default-src 'none'; sandbox"}}
	corsAny    = field{"Access-Control-Allow-Origin", []string{"*"}}
	corsExpose = field{"Access-Control-Expose-Headers", []string{"ETag, Last-Modified, Link, Retry-After"}}
)

const (
	getHead        = "GET, HEAD"
	getHeadOptions = "GET, HEAD, OPTIONS"
)

// serveDocument answers for a feed. It is what most requests come to, and most
// of those end at 304, so it makes nothing that it has made before.
func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request, d *document) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		preflight(w)
		s.Metrics.feed(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", getHeadOptions)
		plainError(w, http.StatusMethodNotAllowed, "Feeds are read with GET or HEAD.")
		s.Metrics.feed(http.StatusMethodNotAllowed)
		return
	}
	snapshot, err := d.snapshot()
	if err != nil {
		s.Metrics.feed(s.feedFailed(w, r, err))
		return
	}
	p := d.ready.Load()
	if p == nil || p.snapshot != snapshot {
		p = &prepared{snapshot, d.prepare(snapshot)}
		d.ready.Store(p)
	}
	s.Metrics.feed(p.answer.serve(w, r))
}

// prepare makes the header fields of a snapshot.
func (d *document) prepare(s *publish.Snapshot) *answer {
	a := &answer{
		body: s.Body, gzip: s.Gzip,
		etag: []string{s.ETag}, gzipETag: []string{s.GzipETag},
		modified: s.Modified,
		always:   []field{varyEncoding, {"Cache-Control", []string{cacheControl(s.MaxAge)}}},
		content:  []field{{"Content-Type", []string{s.MediaType}}, nosniff, feedPolicy},
	}
	if len(s.Links) > 0 {
		a.always = append(a.always, field{"Link", s.Links})
	}
	if d.cors {
		a.always = append(a.always, corsAny, corsExpose)
	}
	return a.finish()
}

// cacheControl lets caches serve a feed for as long as it is fresh, once more
// while they ask for a new one, and for a day when we do not answer (RFC 5861).
func cacheControl(fresh time.Duration) string {
	seconds := strconv.Itoa(max(int(fresh.Seconds()), 60))
	return "public, max-age=" + seconds + ", stale-while-revalidate=" + seconds + ", stale-if-error=86400"
}

// preflight answers a browser that asks on behalf of another site's page.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Allow", getHeadOptions)
	h[corsAny.key] = corsAny.values
	h.Set("Access-Control-Allow-Methods", getHeadOptions)
	h.Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, Cache-Control")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// feedFailed answers for a feed that cannot be served, in words and not in a
// page: it is programs that read them.
func (s *Server) feedFailed(w http.ResponseWriter, r *http.Request, err error) int {
	switch {
	case errors.Is(err, feed.ErrNotFound):
		w.Header().Set("Cache-Control", "public, max-age=300")
		return plainError(w, http.StatusNotFound, "There is no such feed here.")
	case errors.Is(err, publish.ErrNotReady):
		w.Header().Set("Retry-After", "30")
	default:
		s.Log.ErrorContext(r.Context(), "feed not served", "path", r.URL.Path, "err", err)
		w.Header().Set("Retry-After", "300")
	}
	w.Header().Set("Cache-Control", "no-store")
	return plainError(w, http.StatusServiceUnavailable, "This feed is not ready yet. Please try again a little later.")
}

// plainError answers with a line of our own words.
func plainError(w http.ResponseWriter, status int, text string) int {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h[nosniff.key] = nosniff.values
	h[feedPolicy.key] = feedPolicy.values
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // there is nobody left to tell
	return status
}

// negotiate redirects from an address without format to the one that the
// reader likes best, and serves the channel's list of sources.
func (s *Server) negotiate(w http.ResponseWriter, r *http.Request, site *site) error {
	id := r.PathValue("id")
	if name, ok := strings.CutSuffix(id, ".opml"); ok && site.channels[name] != nil {
		return s.channelOPML(w, r, site, site.channels[name])
	}
	ch := site.channels[id]
	if ch == nil {
		return s.noFeed(w, r, site)
	}
	format, page := preferredFormat(r.Header["Accept"])
	target := site.base + "/feeds/" + url.PathEscape(id) + "." + format.Extension
	if page {
		target = ch.Page
	}
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	redirect(w, http.StatusFound, target)
	return nil
}

func (s *Server) noFeed(w http.ResponseWriter, r *http.Request, _ *site) error {
	s.feedFailed(w, r, feed.ErrNotFound)
	return nil
}

// redirect sends the reader to another place on this site.
func redirect(w http.ResponseWriter, status int, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(status)
}

// A shortcut is an address that people and programs guess.
type shortcut struct {
	path   string
	format render.Format
}

var shortcuts = []shortcut{
	{"/rss.xml", render.RSS}, {"/atom.xml", render.Atom}, {"/feed.json", render.JSON},
	{"/feed", render.RSS}, {"/feed.xml", render.RSS}, {"/index.xml", render.RSS},
}

// shortcut redirects to the first channel for good.
func (s *Server) shortcut(short shortcut) handler {
	return func(w http.ResponseWriter, r *http.Request, site *site) error {
		first := site.first()
		if first == nil {
			return s.noFeed(w, r, site)
		}
		w.Header().Set("Cache-Control", "public, max-age=3600")
		redirect(w, http.StatusPermanentRedirect, site.base+"/feeds/"+url.PathEscape(first.ID)+"."+short.format.Extension)
		return nil
	}
}

// channelOPML serves the sources of one channel.
func (s *Server) channelOPML(w http.ResponseWriter, r *http.Request, site *site, ch *channel) error {
	var public []feed.Source
	origins := make(map[string]feed.Origin)
	for _, src := range site.sourcesOf(ch) {
		if isPrivate(&src) {
			continue
		}
		known, err := s.sources.of(r.Context(), s.Reader, src.ID)
		if err != nil {
			return err
		}
		origins[src.ID] = known
		public = append(public, src)
	}
	body, err := render.OPML(site.title+": "+ch.Name, public, origins)
	if err != nil {
		return err
	}
	a := &answer{
		body: body, compress: true,
		always:  []field{varyEncoding, {"Cache-Control", []string{cacheControl(time.Hour)}}, corsAny, corsExpose},
		content: []field{{"Content-Type", []string{"text/x-opml; charset=utf-8"}}, nosniff, feedPolicy},
	}
	a.finish().serve(w, r)
	return nil
}

// isPrivate reports whether the source's address must not be published.
func isPrivate(src *feed.Source) bool { return src.Private || feed.HasSecret(src.URL) }
