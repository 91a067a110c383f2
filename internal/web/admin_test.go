package web

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const bearer = "Authorization: Bearer open sesame"

func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestAdminAccess(t *testing.T) {
	s := newSample(t)
	for _, tt := range []struct {
		name    string
		request string
		headers []string
		status  int
	}{
		{"nobody", "GET /admin/", nil, 401},
		{"bearer", "GET /admin/", []string{bearer}, 200},
		{"password_with_any_name", "GET /admin/", []string{basic("me", "open sesame")}, 200},
		{"wrong_password", "GET /admin/", []string{basic("me", "open")}, 401},
		{"empty_password", "GET /admin/", []string{basic("", "")}, 401},
		{"other_scheme", "GET /admin/", []string{"Authorization: Digest open sesame"}, 401},
		{"unknown_page_is_hidden_too", "GET /admin/nothing", nil, 401},
		{"unknown_page", "GET /admin/nothing", []string{bearer}, 404},
		{"unknown_source", "GET /admin/sources/nothing", []string{bearer}, 404},
		{"by_address", "GET /admin/", []string{bearer, "Host: 192.0.2.1:8080"}, 200},
		{"by_ipv6", "GET /admin/", []string{bearer, "Host: [::1]:8080"}, 200},
		{"by_localhost", "GET /admin/", []string{bearer, "Host: localhost:8080"}, 200},
		{"by_a_name_inside", "GET /admin/", []string{bearer, "Host: serai:8080"}, 200},
		{"by_a_stranger's_name", "GET /admin/", []string{bearer, "Host: evil.example"}, 421},
		{"reading_changes_nothing", "GET /admin/sources/kura/poll", []string{bearer}, 405},
		{"poll", "POST /admin/sources/most/poll", []string{bearer}, 303},
		{"poll_from_our_page", "POST /admin/sources/most/poll", []string{bearer, "Sec-Fetch-Site: same-origin"}, 303},
		{"poll_from_another_page", "POST /admin/sources/most/poll", []string{bearer, "Sec-Fetch-Site: cross-site"}, 403},
		{"poll_from_another_origin", "POST /admin/sources/most/poll", []string{bearer, "Origin: https://evil.example"}, 403},
		{"poll_without_password", "POST /admin/sources/most/poll", nil, 401},
		{"poll_under_way", "POST /admin/sources/kura/poll", []string{bearer}, 409},
		{"poll_of_nothing", "POST /admin/sources/nobody/poll", []string{bearer}, 404},
		{"resume_that_fails", "POST /admin/sources/most/resume", []string{bearer}, 502},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.failed = attempts{}
			polled = nil
			w := s.ask(t, tt.request, tt.headers...)
			if w.Code != tt.status {
				t.Errorf("%d, want %d", w.Code, tt.status)
			}
			if did := len(polled) > 0; did != (tt.status == 303) {
				t.Errorf("polled %v", polled)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if tt.status == 401 != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
			}
			if strings.Contains(w.Body.String(), "<full>") {
				t.Error("an error is shown raw")
			}
		})
	}
}

func TestAdminIsOffWithoutToken(t *testing.T) {
	s := newSample(t)
	s.config.AdminToken = ""
	s.Configure(s.config)
	for _, headers := range [][]string{nil, {bearer}, {basic("", "")}, {"Authorization: Bearer "}} {
		if w := s.ask(t, "GET /admin/", headers...); w.Code != http.StatusNotFound {
			t.Errorf("%v: %d", headers, w.Code)
		}
	}
}

func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a attempts
		for range maxAttempts {
			if a.blocked("a", time.Now()) {
				t.Fatal("blocked too early")
			}
			a.add("a", time.Now())
		}
		if !a.blocked("a", time.Now()) || a.blocked("b", time.Now()) {
			t.Error("blocks the wrong one")
		}
		// By the bubble's clock.
		time.Sleep(attemptWindow)
		if a.blocked("a", time.Now()) {
			t.Error("blocked for longer than a window")
		}
	})
	s := newSample(t)
	var got []int
	for range maxAttempts + 1 {
		got = append(got, s.ask(t, "GET /admin/", basic("me", "guess")).Code)
	}
	got = append(got, s.ask(t, "GET /admin/", bearer).Code, s.ask(t, "GET /").Code)
	if want := []int{401, 401, 401, 401, 401, 429, 429, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/", http.NoBody)
	r.Host, r.RemoteAddr = "localhost", "[2001:db8::7]:1"
	r.Header.Set("Authorization", "Bearer open sesame")
	r.Header.Set("X-Forwarded-For", "192.0.2.1") // the blocked address of the test's requests
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("another address: %d", w.Code)
	}
}

func TestAdminShows(t *testing.T) { synctest.Test(t, testAdminShows) }

func testAdminShows(t *testing.T) {
	t.Helper()
	s := newSample(t)
	s.config.Problem = "feeds.yaml:14:5: sources[2].url: not an absolute URL"
	s.Configure(s.config)
	for path, wants := range map[string][]string{
		"/admin/": {
			s.config.Problem, "1 gone", "1 failing", "6 ok", "4 in a row since 2026-11-23 09:30", "adaptive: an entry every 3 h",
			"TLS: the certificate expired on &lt;2026-11-20&gt; [31m<", "Who will run the trains?", "names the other&#39;s address as its original", `action="/admin/sources/gather/resume"`,
		},
		"/admin/?state=gone":                    {"Gatherer"},
		"/admin/sources/most":                   {"https://most.example/feed", "310 ms", "18 KiB", `action="/admin/sources/most/poll"`},
		"/admin/sources/most?done=poll":         {"Polled."},
		"/admin/sources/hidden":                 {"Members’ letter"},
		"/admin/sources/most?done=%3Cscript%3E": {"Polls"},
	} {
		body := s.ask(t, "GET "+path, bearer).Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %q", path, want)
			}
		}
	}
}

func TestTame(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                      "plain",
		"a\nb\r\n c":                 "a b c",
		"\x1b[31mred\x1b[0m":         "[31mred [0m",
		"left\u202eright\u2066":      "leftright",
		"bad \xff\xfe bytes":         "bad bytes",
		strings.Repeat("long ", 999): strings.TrimSpace(strings.Repeat("long ", 80))[:399] + "…",
	} {
		if got := tame(text); got != want {
			t.Errorf("tame(%.20q) = %q", text, got)
		}
	}
}
