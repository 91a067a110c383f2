// Package web is the site: the channels as feeds and as pages, the posts, the
// list of sources, the hub's address, the admin pages, health and metrics.
//
// It reads the store and cannot write to it: feeds come ready-made from
// snapshots, and the few things that an admin can do are functions handed in.
// What it shows of others is text that the templates escape, except for the
// bodies of the site's own posts, which were cleaned before they were stored.
// No page holds a script, and every page forbids them.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/store"
)

// Options are what a Server works with.
type Options struct {
	Reader    store.Reader       // always set
	Publisher *publish.Publisher // always set
	Log       *slog.Logger       // always set
	Version   string             // of the program; may be empty
	// Ready returns why the daemon cannot do its work now; nil is always ready.
	Ready func(ctx context.Context) error
	// Hub answers at /hub; nil is no hub.
	Hub http.Handler
	// Metrics are shown at /metrics; nil shows none.
	Metrics *Metrics
	// PollNow and Resume do what an admin asked for, and return when it is
	// done. Where one is nil, its button is not shown.
	PollNow func(ctx context.Context, source string) error
	Resume  func(ctx context.Context, source string) error
}

// A Config is what the site shows, as feeds.yaml says it. Nothing in it may be
// changed once it was handed over.
type Config struct {
	Site       feed.Site
	Channels   []feed.Channel
	Sources    []feed.Source
	PostsDir   string         // where the files beside posts are; empty serves none
	AdminToken string         // empty: there are no admin pages
	Zone       *time.Location // of the dates that people read; nil is UTC
	UserAgent  string         // as sources see it; may be empty
	Problem    string         // why the last reload was refused; empty when it was not
}

// A Server answers requests. It answers none before Configure was called.
type Server struct {
	Options

	site    atomic.Pointer[site]
	pages   *pages
	routes  http.Handler
	failed  attempts // of logging in
	sources sourceNames
}

// New returns a server that still has to be configured.
func New(o Options) *Server {
	s := &Server{Options: o, pages: parsePages()}
	s.routes = s.mux()
	s.Configure(Config{})
	return s
}

// Configure sets what the site shows. It may be called again at any time;
// requests under way finish with what they began with.
func (s *Server) Configure(c Config) {
	s.site.Store(newSite(c, s.Publisher))
	s.sources.forget()
}

// HTTP returns a server for the address with the limits that keep slow and
// greedy clients from holding it up. Its connections end where the caller's
// listener accepts them; the caller serves and shuts it down.
func (s *Server) HTTP(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      2 * time.Minute, // a megabyte over a bad line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug), // strangers' broken handshakes
	}
}

// Handler returns the site. Addresses of feeds are looked up in one step: they
// are asked for far more often than all the others together.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	defer func() { //nolint:contextcheck // the request carries it
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // it is thrown as it is
			s.Log.ErrorContext(r.Context(), "request panicked", "path", r.URL.Path, "cause", cause, "stack", string(debug.Stack()))
			plainError(w, http.StatusInternalServerError, "Something went wrong on our side.")
		}
	}()
	if d := s.site.Load().documents[r.URL.Path]; d != nil {
		s.serveDocument(w, r, d)
		return
	}
	s.routes.ServeHTTP(w, r)
}

// mux is the map of the site: every address that we answer is listed here, and
// nowhere else, but for the feeds themselves, which newSite lists.
func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", s.page("river", s.front))
	mux.Handle("/channels/{id}", s.page("river", s.channel))
	mux.Handle("/feeds/{id}", s.page("feed", s.negotiate))
	mux.Handle("/feeds/{id}/", s.page("feed", s.noFeed))
	for _, short := range shortcuts {
		mux.Handle(short.path, s.page("shortcut", s.shortcut(short)))
	}
	mux.Handle("/posts/{slug}", s.page("post", s.post))
	mux.Handle("/posts/{slug}/{file...}", s.page("file", s.file))
	mux.Handle("/sources", s.page("sources", s.sourcesPage))
	mux.Handle("/about", s.page("about", s.about))
	mux.Handle("/sitemap.xml", s.page("sitemap", s.sitemap))
	mux.Handle("/robots.txt", s.page("robots", s.robots))
	mux.Handle("/favicon.svg", s.page("asset", s.favicon))
	mux.Handle("/favicon.ico", s.page("asset", s.noIcon))
	mux.Handle("/assets/{name}", s.page("asset", s.asset))
	mux.Handle("/healthz", s.page("health", s.healthz))
	mux.Handle("/readyz", s.page("health", s.readyz))
	mux.Handle("/metrics", s.page("metrics", s.metrics))
	mux.Handle("/admin/", s.counted("admin", s.admin()))
	if s.Hub != nil {
		mux.Handle("/hub", s.counted("hub", s.Hub))
	}
	mux.Handle("/", s.page("none", s.notFound))
	return s.belowBase(mux)
}

// belowBase takes the path of the public address off, where no proxy in front
// has done it.
func (s *Server) belowBase(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := s.site.Load().base
		if base != "" && strings.HasPrefix(r.URL.Path, base+"/") {
			http.StripPrefix(base, next).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
