package fetch

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"serai/internal/feed"
)

func TestRedirectsAreFollowedAndNoted(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308, 300} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/new" {
					_, _ = w.Write([]byte(small))
					return
				}
				w.Header().Set("Location", "/new")
				w.WriteHeader(code)
			})
			got := newClient(t).Get(t.Context(), Request{URL: o.URL + "/old"})
			brings(t, got, small)
			want := Hop{From: o.URL + "/old", To: o.URL + "/new", Status: code}
			if got.FinalURL != want.To || len(got.Hops) != 1 || got.Hops[0] != want {
				t.Errorf("final %s, hops %v, want %v", got.FinalURL, got.Hops, want)
			}
			if want := code == 301 || code == 308; got.Hops[0].Permanent() != want {
				t.Errorf("permanent is %v", !want)
			}
			if n := o.connections(); n != 1 {
				t.Errorf("made %d connections, want 1", n)
			}
		})
	}
}

func TestRedirectsCarryNothingThatIsNotTheTargets(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(small)) })
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/b", http.StatusFound)
			return
		}
		http.Redirect(w, r, other.URL+"/c", http.StatusMovedPermanently)
	})
	brings(t, newClient(t).Get(t.Context(), Request{
		URL:     o.URL + "/a",
		Headers: map[string]string{"authorization": "Bearer x", "X-Key": "y", "Accept-Encoding": "zip", "Host": "evil", "If-None-Match": "z"},
		Validators: map[string]feed.Validators{
			o.URL + "/a":     {ETag: `"a"`},
			other.URL + "/c": {LastModified: "c"},
		},
	}), small)
	got := append(o.requests(), other.requests()...)
	want := []struct{ key, auth, etag, modified string }{
		{"y", "Bearer x", `"a"`, ""},
		{"y", "Bearer x", "", ""},
		{"", "", "", "c"},
	}
	for i, w := range want {
		h := got[i].Header
		if h.Get("X-Key") != w.key || h.Get("Authorization") != w.auth || h.Get("If-None-Match") != w.etag || h.Get("If-Modified-Since") != w.modified {
			t.Errorf("hop %d: sent %v, want %v", i, h, w)
		}
		if h["Referer"] != nil || h["Cookie"] != nil || h.Get("Accept-Encoding") != "gzip, br, zstd" || got[i].Host == "evil" {
			t.Errorf("hop %d: sent %v to %s", i, h, got[i].Host)
		}
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		w.Header().Set("Location", "?n="+strconv.Itoa(n+1))
		w.WriteHeader(http.StatusFound)
	}
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
		}
	}
	tests := []struct {
		name   string
		h      http.HandlerFunc
		class  feed.Class
		phase  string
		asked  int
		saying string
	}{
		{"to_itself", to("/"), feed.FailProtocol, "header", 1, "circle"},
		{"nowhere", to(""), feed.FailProtocol, "header", 1, "without saying where"},
		{"without_end", endless, feed.FailProtocol, "header", 11, "more than 10"},
		{"to_a_file", to("file:///etc/passwd"), feed.FailRefused, "header", 1, "http and https"},
		{"to_gopher", to("gopher://127.0.0.1:6379/_FLUSHALL"), feed.FailRefused, "header", 1, "http and https"},
		{"with_a_password", to("http://user:secret@127.0.0.1/"), feed.FailRefused, "header", 1, "password"},
		{"to_a_private_address", to("http://10.1.2.3/"), feed.FailRefused, "connect", 1, "10.1.2.3/32:80"},
		{"to_a_metadata_service", to("http://169.254.169.254/latest/"), feed.FailRefused, "connect", 1, "not a public address"},
		{"to_a_mapped_address", to("http://[::ffff:10.0.0.1]/"), feed.FailRefused, "connect", 1, "not a public address"},
		{"to_a_translated_address", to("http://[64:ff9b::7f00:1]/"), feed.FailRefused, "connect", 1, "not a public address"},
		{"to_a_cache", to("http://127.0.0.1:6379/"), feed.FailRefused, "connect", 1, "127.0.0.1/32:6379"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, tt.h)
			got := newClient(t).Get(t.Context(), Request{URL: o.URL + "/"})
			fails(t, got, tt.class, tt.phase)
			if n := len(o.requests()); n != tt.asked {
				t.Errorf("asked %d times, want %d", n, tt.asked)
			}
			if text := got.Failure.Text; !strings.Contains(text, tt.saying) || strings.Contains(text, "secret") {
				t.Errorf("text is %q, want %q in it", text, tt.saying)
			}
		})
	}
}

func TestCredentialsAreNotTakenFromHTTPSToHTTP(t *testing.T) {
	open := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(small)) })
	secure := httptest.NewTLSServer(http.RedirectHandler(open.URL, http.StatusFound))
	t.Cleanup(secure.Close)
	c := newClient(t)
	c.transport.TLSClientConfig.RootCAs = secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	fails(t, c.Get(t.Context(), Request{URL: secure.URL, Headers: map[string]string{"Authorization": "x"}}), feed.FailRefused, "header")
	if n := len(open.requests()); n != 0 {
		t.Errorf("the open server was asked %d times", n)
	}
	brings(t, c.Get(t.Context(), Request{URL: secure.URL}), small)
}

func TestRedirectThatAsksToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, begun := piped(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ready" {
				_, _ = w.Write([]byte(small))
				return
			}
			w.Header().Set("Retry-After", r.URL.Query().Get("wait"))
			w.Header().Set("Location", "/ready")
			w.WriteHeader(http.StatusFound)
		}), time.Now()
		brings(t, c.Get(t.Context(), Request{URL: "http://feed.test/?wait=7"}), small)
		if took := time.Since(begun); took != 7*time.Second {
			t.Errorf("waited %s, want 7s", took)
		}
		got := c.Get(t.Context(), Request{URL: "http://feed.test/?wait=11"})
		fails(t, got, feed.FailBusy, "header")
		if !got.HasRetryAfter || got.RetryAfter != 11*time.Second {
			t.Errorf("retry after %s", got.RetryAfter)
		}
	})
}

func TestLocationsAreRead(t *testing.T) {
	const base = "https://a.example/dir/feed?x=1"
	tests := []struct{ name, location, want string }{
		{"absolute", "http://b.example/f", "http://b.example/f"},
		{"upper_case_scheme", "HTTP://b.example/f", "http://b.example/f"},
		{"other_host", "//b.example/f", "https://b.example/f"},
		{"root", "/f?y", "https://a.example/f?y"},
		{"sibling", "f", "https://a.example/dir/f"},
		{"parent", "../f/./g", "https://a.example/f/g"},
		{"above_the_root", "../../../f", "https://a.example/f"},
		{"query", "?y=2", "https://a.example/dir/feed?y=2"},
		{"empty_is_itself", "#top", base},
		{"blanks_around_and_within", " /a b ", "https://a.example/a%20b"},
		{"not_ascii", "/İ?ü=ö", "https://a.example/%C4%B0?%C3%BC=%C3%B6"},
		{"latin_1_bytes", "/caf\xe9", "https://a.example/caf%E9"},
		{"fragment_dropped", "/f#x", "https://a.example/f"},
		{"dots_in_the_query_stay", "/f?a=/../b", "https://a.example/f?a=/../b"},
		{"unfit_escapes_stay", "/100%/f", "https://a.example/100%/f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, err := parseTarget(base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := resolve(from, tt.location)
			if err != nil || got.text != tt.want {
				t.Errorf("resolve gives %q, %v, want %q", got.text, err, tt.want)
			}
		})
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"", "/", "//", "///x", "?", "a:b", "http://[::1", "http://x:y@z/", "/..", "../%", "\\\\x", "http://a\x00b/", strings.Repeat("\x9d", 4000)} {
		f.Add(s)
	}
	// Whatever a Location says, what comes of it is an http address without
	// credentials that reads the same again, and fits into a request line.
	f.Fuzz(func(t *testing.T, location string) {
		base, err := parseTarget("http://a.example/dir/feed?x=1")
		if err != nil {
			t.Fatal(err)
		}
		got, err := resolve(base, location)
		if err != nil {
			return
		}
		if got.url.User != nil || got.url.Host == "" || got.url.Scheme != "http" && got.url.Scheme != "https" {
			t.Errorf("resolve gives %v", got.url)
		}
		if uri := got.url.RequestURI(); !strings.HasPrefix(uri, "/") || !sendable(uri) || strings.Contains(uri, " ") {
			t.Errorf("%q asks for %q", location, uri)
		}
		again, err := parseTarget(got.text)
		if err != nil || again.text != got.text || again.origin() != got.origin() {
			t.Errorf("%q reads as %q the second time: %v", got.text, again.text, err)
		}
	})
}
