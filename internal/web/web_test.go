package web

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ask sends a request of the form "METHOD /path", with headers as "Name: value".
func (s *sample) ask(tb testing.TB, request string, headers ...string) *httptest.ResponseRecorder {
	tb.Helper()
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequestWithContext(tb.Context(), method, target, http.NoBody)
	r.Host = "caucasus.example"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// Values that change with the content, which other tests look at.
var volatile = regexp.MustCompile(`(?m)^(Etag|Content-Length|Last-Modified): .*|style-[0-9a-f]+`)

// answered writes an answer down as people read it.
func answered(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", w.Code)
	for _, key := range slices.Sorted(maps.Keys(w.Header())) {
		for _, value := range w.Header()[key] {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		fmt.Fprintf(&b, "| %s\n", strings.ReplaceAll(strings.TrimSpace(w.Body.String()), "\n", "\n| "))
	}
	return volatile.ReplaceAllStringFunc(b.String(), func(s string) string {
		name, _, _ := strings.Cut(s, ":")
		if strings.HasPrefix(s, "style-") {
			return "style-*"
		}
		return name + ": *"
	})
}

func TestRequests(t *testing.T) {
	s := newSample(t)
	var b strings.Builder
	for _, request := range []string{
		"GET /", "HEAD /", "POST /", "OPTIONS /", "GET /nothing", "GET /channels/own", "GET /channels/nothing",
		"GET /?q=river", "GET /?q=" + strings.Repeat("x", 201), "GET /?language=az", "GET /?language=%3Cscript%3E", "GET /?source=kura",
		"GET /?source=nobody", "GET /?before=-1", "GET /?before=zzzzzzzzzzzzzz.zz", "GET /?before=1e99",
		"GET /feeds/all.rss", "HEAD /feeds/all.atom", "GET /feeds/all.json", "OPTIONS /feeds/all.rss", "POST /feeds/all.rss",
		"GET /feeds/nothing.rss", "GET /feeds/all.rss/more", "GET /feeds/all", "GET /feeds/all.opml", "GET /feeds/nothing",
		"GET /rss.xml", "GET /atom.xml", "GET /feed.json", "GET /feed", "GET /feed.xml", "GET /index.xml",
		"GET /posts/dams", "GET /posts/gone", "GET /posts/nothing", "GET /posts/dams/map.png", "GET /posts/dams/tool.bin", "GET /posts/gone/map.png",
		"GET /sources", "GET /sources.opml", "GET /about", "GET /healthz", "GET /readyz", "GET /robots.txt", "GET /sitemap.xml",
		"GET /favicon.svg", "GET /favicon.ico", "GET /assets/" + s.pages.style, "GET /assets/style-old.css", "GET /hub", "GET /admin/", "TRACE /",
	} {
		fmt.Fprintf(&b, "== %s\n%s\n", volatile.ReplaceAllString(request, "style-*"), answered(s.ask(t, request)))
	}
	golden(t, "requests", b.String())
}

func TestConditional(t *testing.T) {
	s := newSample(t)
	snapshot, err := s.publisher.Snapshot("all", render.RSS)
	if err != nil {
		t.Fatal(err)
	}
	plain, zipped := snapshot.ETag, snapshot.GzipETag
	bare := strings.Trim(plain, `"`)
	at := func(d time.Duration) string {
		return "If-Modified-Since: " + snapshot.Modified.Add(d).Format(http.TimeFormat)
	}
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
		etag    string
	}{
		{"without_conditions", nil, 200, plain},
		{"same_tag", []string{"If-None-Match: " + plain}, 304, plain},
		{"weak_tag", []string{"If-None-Match: W/" + plain}, 304, plain},
		{"list_of_tags", []string{`If-None-Match: "a", "b" ,` + plain + `, "c"`}, 304, plain},
		{"tags_in_two_fields", []string{`If-None-Match: "a"`, "If-None-Match: " + plain}, 304, plain},
		{"any_tag", []string{"If-None-Match: *"}, 304, plain},
		{"any_tag_of_gzip", []string{"If-None-Match: *", "Accept-Encoding: gzip"}, 304, zipped},
		{"other_tag", []string{`If-None-Match: "a"`}, 200, plain},
		{"empty_tag", []string{"If-None-Match: "}, 200, plain},
		{"lost_quotes", []string{"If-None-Match: " + bare}, 304, plain},
		{"one_lost_quote", []string{`If-None-Match: "` + bare}, 304, plain},
		{"proxy_marked_gzip", []string{`If-None-Match: "` + bare + `-gzip"`}, 304, plain},
		{"longer_tag", []string{`If-None-Match: "` + bare + `x"`}, 200, plain},
		{"gzip_wanted_has_plain", []string{"If-None-Match: " + plain, "Accept-Encoding: gzip"}, 304, plain},
		{"plain_wanted_has_gzip", []string{"If-None-Match: " + zipped}, 304, zipped},
		{"not_modified_since", []string{at(0)}, 304, plain},
		{"modified_since", []string{at(-time.Second)}, 200, plain},
		{"date_in_the_future", []string{"If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT"}, 200, plain},
		{"date_that_is_none", []string{"If-Modified-Since: yesterday"}, 200, plain},
		{"date_in_rfc_850", []string{"If-Modified-Since: " + snapshot.Modified.Format("Monday, 02-Jan-06 15:04:05 GMT")}, 304, plain},
		{"tag_before_date", []string{`If-None-Match: "a"`, at(0)}, 200, plain},
		{"gzip_is_given", []string{"Accept-Encoding: gzip, br"}, 200, zipped},
		{"range_is_not", []string{"Range: bytes=0-9"}, 200, plain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := s.ask(t, "GET /feeds/all.rss", tt.headers...)
			if w.Code != tt.status || w.Header().Get("Etag") != tt.etag {
				t.Errorf("%d %s, want %d %s", w.Code, w.Header().Get("Etag"), tt.status, tt.etag)
			}
			for _, name := range []string{"Etag", "Cache-Control", "Vary", "Last-Modified", "Link", "Access-Control-Allow-Origin"} {
				if w.Header().Get(name) == "" {
					t.Errorf("no %s", name)
				}
			}
			if empty := w.Body.Len() == 0; empty != (tt.status == 304) {
				t.Errorf("%d bytes of body", w.Body.Len())
			}
		})
	}
}

func TestModifiedSince(t *testing.T) {
	modified := time.Now().Add(-time.Hour)
	a := (&answer{body: []byte("x"), modified: modified}).finish()
	for d, want := range map[time.Duration]bool{-time.Second: false, 0: true, time.Minute: true, 2 * time.Hour: false} {
		r := &http.Request{Header: http.Header{"If-Modified-Since": {modified.Add(d).UTC().Format(http.TimeFormat)}}}
		if _, got := a.unchanged(r, a.etag); got != want {
			t.Errorf("%v after the change: unchanged %v", d, got)
		}
	}
}

func TestPagesAreConditional(t *testing.T) {
	s := newSample(t)
	for path, err := range s.Paths(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, coding := range []string{"identity", "gzip"} {
			accept := "Accept-Encoding: " + coding
			first := s.ask(t, "GET "+path, accept)
			head := s.ask(t, "HEAD "+path, accept)
			again := s.ask(t, "GET "+path, accept, "If-None-Match: "+first.Header().Get("Etag"))
			if first.Code != 200 || head.Code != 200 || again.Code != 304 {
				t.Errorf("%s %s: %d, HEAD %d, again %d; want 200, 200, 304", path, coding, first.Code, head.Code, again.Code)
			}
			if head.Body.Len() != 0 || again.Body.Len() != 0 {
				t.Errorf("%s: HEAD or 304 with a body", path)
			}
			if diff := cmp.Diff(first.Header(), head.Header()); diff != "" {
				t.Errorf("%s: HEAD says otherwise than GET:\n%s", path, diff)
			}
			if length := fmt.Sprint(first.Body.Len()); first.Header().Get("Content-Length") != length {
				t.Errorf("%s: Content-Length %s of %s bytes", path, first.Header().Get("Content-Length"), length)
			}
		}
	}
}

// TestOverTheWire asks the server as readers do, several at once, so that the
// race detector sees what answers share.
func TestOverTheWire(t *testing.T) {
	s := newSample(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = s.HTTP("")
	server.Start()
	defer server.Close()
	get := func(path, etag string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			return nil, err
		}
		r.Header.Set("If-None-Match", etag)
		resp, err := server.Client().Do(r)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return resp, errors.Join(err, resp.Body.Close())
	}
	var group errgroup.Group
	for _, path := range []string{"/feeds/all.rss", "/feeds/all.rss", "/feeds/all.json", "/", "/posts/dams"} {
		group.Go(func() error {
			for range 20 {
				first, err := get(path, "") //nolint:bodyclose // get closes it
				if err != nil {
					return err
				}
				again, err := get(path, first.Header.Get("Etag")) //nolint:bodyclose // likewise
				switch {
				case err != nil:
					return err
				case first.StatusCode != http.StatusOK || again.StatusCode != http.StatusNotModified:
					return fmt.Errorf("%s: %d, then %d", path, first.StatusCode, again.StatusCode)
				case again.Header.Get("Content-Type") != "" || again.Header.Get("Date") == "":
					return fmt.Errorf("%s: 304 with %v", path, again.Header)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestPaths(t *testing.T) {
	s := newSample(t)
	var paths []string
	for path, err := range s.Paths(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, volatile.ReplaceAllString(path, "style-*"))
	}
	golden(t, "paths", strings.Join(paths, "\n")+"\n")
}

func TestNotReady(t *testing.T) {
	s := newSample(t)
	fresh := New(Options{Reader: s.store, Publisher: publish.New(s.store, s.Log), Log: s.Log})
	config := publish.Config{Site: s.config.Site, Channels: s.config.Channels}
	fresh.Publisher.Configure(config)
	fresh.Configure(s.config)
	r := &sample{Server: fresh}
	w := r.ask(t, "GET /feeds/all.rss")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a feed that is not rendered yet: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	unset := &sample{Server: New(Options{Reader: s.store, Log: s.Log})}
	if w := unset.ask(t, "GET /"); w.Code != 503 {
		t.Errorf("without configuration: %d", w.Code)
	}
}

func TestBelowAPath(t *testing.T) {
	s := newSample(t)
	s.config.Site.URL = siteURL + "/news"
	s.Configure(s.config)
	s.refresh(t)
	for _, path := range []string{"/news/", "/news/channels/own", "/news/feeds/all.rss", "/feeds/all.rss", "/news/sources", "/news/posts/dams", "/channels/own"} {
		if w := s.ask(t, "GET "+path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := s.ask(t, "GET /news/feed").Header().Get("Location"); got != "/news/feeds/all.rss" {
		t.Errorf("redirected to %s", got)
	}
	body := s.ask(t, "GET /news/").Body.String()
	for _, want := range []string{`href="/news/channels/own"`, `href="/news/assets/style-`, `action="/news/"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s on the page", want)
		}
	}
}

// TestHostileRequests sends what scanners send. Nothing of it may be found,
// break anything, or be echoed.
func TestHostileRequests(t *testing.T) {
	s := newSample(t)
	for _, target := range []string{
		"//", "//evil.example/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/posts/%00", "/posts/dams/%00.png", "/posts/..%2f..%2fetc",
		"/channels/%3Cscript%3E", "/feeds/%3Cscript%3E.rss", "/channels/" + strings.Repeat("a", 8000), "/posts/dams/" + strings.Repeat("a/", 2000) + "x.png",
		"/?q=%ff%fe", "/?q=%22+OR+1%3D1+--", "/?q=NEAR(a,b)+*+%22", "/?q=%00", "/?%zz", "/?q=a;b", "/admin/../admin/", "/assets/..%2fweb.go", "/metrics/../admin/",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "BREW"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Method = method
			path, query, _ := strings.Cut(target, "?")
			r.URL.Path, r.URL.RawQuery = strings.NewReplacer("%2e", ".", "%2f", "/", "%00", "\x00", "%3C", "<", "%3E", ">").Replace(path), query
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s %.60q: %d", method, target, w.Code)
			}
			if strings.Contains(w.Body.String(), "<script") {
				t.Errorf("%s %.60q is echoed", method, target)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	s := newSample(t)
	for _, tt := range []struct {
		name   string
		status int
		kind   string
	}{
		{"map.png", 200, "image/png"},
		{"chart.svg", 200, "image/svg+xml"},
		{"data/flow.csv", 200, "text/csv; charset=utf-8"},
		{"tool.bin", 200, "application/octet-stream"},
		{"dams.md", 404, ""}, {"page.html", 404, ""}, {".hidden.png", 404, ""}, {"data/.x/flow.csv", 404, ""},
		{"way-out.png", 404, ""}, {"folder.png", 404, ""}, {"data", 404, ""}, {"nothing.png", 404, ""},
		{"../feeds.png", 404, ""}, {"data/../../feeds.png", 404, ""}, {"/etc/passwd.png", 404, ""}, {`..\feeds.png`, 404, ""}, {"map.png\x00.png", 404, ""}, {"map.png~", 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.SetPathValue("slug", "dams")
			r.SetPathValue("file", tt.name)
			w := httptest.NewRecorder()
			s.page("file", s.file).ServeHTTP(w, r)
			if w.Code != tt.status || tt.kind != "" && w.Header().Get("Content-Type") != tt.kind {
				t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
			}
			if tt.status == 200 && !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
				t.Error("served without a sandbox")
			}
		})
	}
}

func TestPrefersGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "deflate, gzip;q=1.0, *;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"*": true, "*;q=0": false, "identity": false, "identity;q=0": false, "gzip;q=0.5, identity": false, "gzip;q=0.5, identity;q=0.5": true,
		"identity;q=0, *": true, "br": false, "gzip;q=x": true, "gzip;q=NaN": true, "gzip;q=-1": true, ",,gzip": true, ";q=1": false,
	} {
		if got := prefersGzip([]string{accept}); got != want {
			t.Errorf("prefersGzip(%q) = %v", accept, got)
		}
	}
}

func TestPreferredFormat(t *testing.T) {
	for accept, want := range map[string]string{
		"*/*": "rss", "application/atom+xml": "atom", "application/feed+json, application/rss+xml;q=0.5": "json", "application/json": "json",
		"application/rss+xml;q=0, application/atom+xml;q=0.1": "atom", "application/*": "rss", "text/xml": "rss", "image/png": "rss",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "page", "application/rss+xml, text/html": "rss",
	} {
		f, page := preferredFormat([]string{accept})
		got := f.Name
		if page {
			got = "page"
		}
		if got != want {
			t.Errorf("preferredFormat(%q) = %s, want %s", accept, got, want)
		}
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("gzip;q=0.5, *")
	f.Add(`W/"a", "b`)
	f.Fuzz(func(t *testing.T, value string) {
		// Where gzip is refused by name, it is never sent.
		if prefersGzip([]string{value, "gzip;q=0"}) {
			t.Errorf("gzip is sent to %q", value)
		}
		_, _ = preferredFormat([]string{value})
		a := (&answer{body: []byte("x")}).finish()
		r := &http.Request{Header: http.Header{"If-None-Match": {value}}}
		tag := strings.Trim(a.etag[0], `"`)
		if _, ok := a.unchanged(r, a.etag); ok && !strings.Contains(value, tag) && !strings.Contains(value, "*") {
			t.Errorf("%q is taken for %s", value, tag)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("mk3p1c.4z")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			return
		}
		// A place that was read is the same place when it is written and read again.
		again, err := parseCursor(formatCursor(c))
		if err != nil || again != c {
			t.Errorf("%q is %v, then %v, %v", text, c, again, err)
		}
	})
}

func TestReload(t *testing.T) {
	s := newSample(t)
	s.config.Channels = s.config.Channels[:1]
	s.config.Site.Title = "Renamed"
	s.Configure(s.config)
	s.refresh(t)
	if w := s.ask(t, "GET /feeds/water.rss"); w.Code != 404 {
		t.Errorf("a channel that is no longer declared: %d", w.Code)
	}
	if !strings.Contains(s.ask(t, "GET /").Body.String(), "<title>Renamed</title>") {
		t.Error("the page has its old title")
	}
}

// Inside a bubble the clock starts long before the sample's dates, so that no
// source has been quiet for too long, whenever the test runs.
func TestMetrics(t *testing.T) { synctest.Test(t, testMetrics) }

func testMetrics(t *testing.T) {
	t.Helper()
	s := newSample(t)
	s.ask(t, "GET /feeds/all.rss")
	s.ask(t, "GET /feeds/all.rss", "If-None-Match: *")
	s.ask(t, "GET /nothing")
	s.Metrics.Observe(feed.Poll{Outcome: feed.New, New: 3, Updated: 1, Took: time.Second})
	s.Metrics.ReloadFailed(true)
	body := s.ask(t, "GET /metrics").Body.String()
	for _, want := range []string{
		`serai_polls_total{outcome="new"} 1`, `serai_polls_total{outcome="gone"} 0`, `serai_entries_total{change="new"} 3`,
		`serai_http_requests_total{code="200",route="feed"} 1`, `serai_http_requests_total{code="304",route="feed"} 1`,
		`serai_http_requests_total{code="404",route="none"} 1`, `serai_config_reload_failed 1`, `serai_build_info{version="1.0"} 1`,
		`serai_sources{state="failing"} 1`, `serai_sources{state="gone"} 1`, `serai_stored{what="sources"} 9`, `serai_channel_revision{channel="all"}`, `go_goroutines`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	var none *Metrics
	none.Observe(feed.Poll{})
	none.ReloadFailed(true)
	none.feed(200)
}

// nobody is a connection that nothing is sent over.
type nobody struct{ header http.Header }

func (n *nobody) Header() http.Header       { return n.header }
func (*nobody) Write(b []byte) (int, error) { return len(b), nil }
func (*nobody) WriteHeader(int)             {}

func BenchmarkNotModified(b *testing.B) {
	s := newSample(b)
	snapshot, err := s.publisher.Snapshot("all", render.RSS)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/feeds/all.rss", http.NoBody)
	r.Header["If-None-Match"] = []string{snapshot.GzipETag}
	r.Header["Accept-Encoding"] = []string{"gzip, deflate, br"}
	w, h := &nobody{make(http.Header)}, s.Handler()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

func BenchmarkRiver(b *testing.B) {
	s := newSample(b)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody)
	w, h := &nobody{make(http.Header)}, s.Handler()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}
