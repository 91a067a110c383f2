package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pagesOf returns every page that people are shown, with the admin's.
func pagesOf(t *testing.T, s *sample) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	for path, err := range s.Paths(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if w := s.ask(t, "GET "+path); strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			pages[path] = w.Body.String()
		}
	}
	for _, path := range []string{"/admin/", "/admin/sources/most", "/admin/sources/gather", "/admin/sources/posts", "/admin/?state=failing"} {
		w := s.ask(t, "GET "+path, bearer)
		if w.Code != 200 {
			t.Fatalf("%s: %d", path, w.Code)
		}
		pages[path] = w.Body.String()
	}
	for _, path := range []string{"/nothing", "/posts/gone", "/?source=nobody", "/?q=alert", "/?q=%3Cscript%3E&language=az", "/?source=kura"} {
		pages[path] = s.ask(t, "GET "+path).Body.String()
	}
	return pages
}

// A tag of our templates, in which an attribute may only hold escaped quotes.
var (
	anyTag      = regexp.MustCompile(`<[A-Za-z][^>]*>`)
	attributeOn = regexp.MustCompile(`(?i)[\s"'/]on[a-z]+\s*=`)
	heading     = regexp.MustCompile(`<h1[ >]`)
)

// TestNothingActive looks at every page of a site that carries attacks in
// titles, authors, topics, languages, addresses and errors.
func TestNothingActive(t *testing.T) {
	s := newSample(t)
	s.record(t, told{source: "ridge-review", key: "evil", title: `" onmouseover="alert(1)`, summary: `'><svg onload=alert(1)>`, author: `"><script>`,
		language: "ar", channels: []string{"all"}, topics: []string{`"><iframe src=//evil.example>`}, ago: time.Minute}, "")
	s.config.Problem = "feeds.yaml:1:1: <script>alert(1)</script>"
	s.config.Site.Title += ` </title><script>`
	s.config.Site.Description = `"><script>alert(1)</script>`
	s.config.Channels[1].Title = `<img src=x onerror=alert(1)>`
	s.Configure(s.config)
	for path, body := range pagesOf(t, s) {
		for _, tag := range anyTag.FindAllString(body, -1) {
			name := strings.ToLower(strings.FieldsFunc(tag, func(r rune) bool { return strings.ContainsRune("< >/", r) })[0])
			switch name {
			case "script", "iframe", "svg", "object", "embed", "base", "style":
				t.Errorf("%s: %s", path, tag)
			}
			if bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`); attributeOn.MatchString(bare) {
				t.Errorf("%s: %s", path, tag)
			}
			if strings.Contains(strings.ToLower(tag), "javascript:") {
				t.Errorf("%s: %s", path, tag)
			}
		}
		if n := len(heading.FindAllString(body, -1)); n != 1 {
			t.Errorf("%s: %d headings of the first rank", path, n)
		}
	}
}

// TestNoSecrets looks for what must stay private on every public page and document.
func TestNoSecrets(t *testing.T) {
	s := newSample(t)
	for path, err := range s.Paths(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		body := s.ask(t, "GET "+path).Body.String()
		for _, secret := range []string{"geheim", "hidden.example/feed", "open sesame", "certificate expired", s.config.PostsDir} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
	if body := s.ask(t, "GET /admin/sources/hidden", bearer).Body.String(); strings.Contains(body, "geheim") {
		t.Error("the admin page shows the token of a source's address")
	}
}

func TestRiver(t *testing.T) {
	s := newSample(t)
	golden(t, "river", volatile.ReplaceAllString(s.ask(t, "GET /").Body.String(), "style-*"))
	golden(t, "filtered", volatile.ReplaceAllString(s.ask(t, "GET /?source=most&q=поезда").Body.String(), "style-*"))
}

func TestPost(t *testing.T) {
	s := newSample(t)
	golden(t, "post", volatile.ReplaceAllString(s.ask(t, "GET /posts/dams").Body.String(), "style-*"))
}

func TestOtherPages(t *testing.T) { synctest.Test(t, testOtherPages) }

func testOtherPages(t *testing.T) {
	t.Helper()
	s := newSample(t)
	for _, name := range []string{"sources", "about"} {
		golden(t, name, volatile.ReplaceAllString(s.ask(t, "GET /"+name).Body.String(), "style-*"))
	}
	golden(t, "sitemap", s.ask(t, "GET /sitemap.xml").Body.String())
}

// TestLinkOnlySource: of a source that is republished as link alone, no page
// shows more than the title.
func TestLinkOnlySource(t *testing.T) {
	s := newSample(t)
	for path, body := range pagesOf(t, s) {
		if strings.Contains(body, "not to be shown") {
			t.Errorf("%s shows the text", path)
		}
	}
}

var (
	olderLink  = regexp.MustCompile(`<a class="next" href="([^"]+)"`)
	storyTitle = regexp.MustCompile(`>story ([0-9]+)<`)
)

// TestPaging walks the channel back while new stories arrive: each story that
// was there at the start is seen once.
func TestPaging(t *testing.T) {
	s := newSample(t)
	const count = 3*perPage + 5
	add := func(n int, ago time.Duration) {
		s.record(t, told{source: "ridge-review", key: fmt.Sprint("p", n), title: fmt.Sprint("story ", n), channels: []string{"all"}, ago: ago}, "")
	}
	for n := range count {
		add(n, time.Duration(10-n/10)*time.Minute) // many share a moment
	}
	seen := make(map[string]int)
	target := "/"
	for pages := 0; ; pages++ {
		body := strings.ReplaceAll(s.ask(t, "GET "+target).Body.String(), "&amp;", "&")
		for _, m := range storyTitle.FindAllStringSubmatch(body, -1) {
			seen[m[1]]++
		}
		add(1000+pages, -time.Duration(pages)*time.Minute)
		next := olderLink.FindStringSubmatch(body)
		if next == nil {
			break
		}
		target = next[1]
	}
	for n := range count {
		if seen[fmt.Sprint(n)] != 1 {
			t.Errorf("story %d seen %d times", n, seen[fmt.Sprint(n)])
		}
	}
}

func TestZone(t *testing.T) {
	s := newSample(t)
	s.config.Zone = time.FixedZone("Asia/Baku", 4*3600)
	s.Configure(s.config)
	body := s.ask(t, "GET /").Body.String()
	for _, want := range []string{`datetime="2026-11-23T16:05:00Z">20:05<`, "Times are Asia/Baku."} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s on the page", want)
		}
	}
}

func TestHumanSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 310 * time.Millisecond: "310 ms", 1500 * time.Millisecond: "1.5 s", 90 * time.Second: "1 min 30 s",
		25 * time.Hour: "25 h 0 min", 50 * time.Hour: "2 d 2 h", -time.Minute: "-1 min 0 s",
	} {
		if got := humanSpan(d); got != want {
			t.Errorf("humanSpan(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestHumanSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 5 << 30: "5 GiB", 1 << 62: "4096 PiB"} {
		if got := humanSize(n); got != want {
			t.Errorf("humanSize(%d) = %s, want %s", n, got, want)
		}
	}
}
