package fetch

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

func TestRequestSaysWhatAFeedReaderShould(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "session=1")
		_, _ = w.Write([]byte(small))
	})
	c := newClient(t)
	for range 2 {
		brings(t, c.Get(t.Context(), Request{URL: o.URL + "/feed?a=%7E&b=~&c=é#top"}), small)
	}
	want := http.Header{
		"User-Agent":      {"serai/1.0 (+https://serai.example/)"},
		"Accept":          {accept},
		"Accept-Encoding": {"gzip, br, zstd"},
	}
	for _, r := range o.requests() {
		if r.Method != http.MethodGet || r.RequestURI != "/feed?a=%7E&b=~&c=%C3%A9" {
			t.Errorf("asked %s %s", r.Method, r.RequestURI)
		}
		for name, values := range r.Header {
			if strings.Join(values, "|") != strings.Join(want[name], "|") {
				t.Errorf("sent %s: %q, want %q", name, values, want[name])
			}
		}
		if len(r.Header) != len(want) {
			t.Errorf("sent %d headers, want %d: %v", len(r.Header), len(want), r.Header)
		}
	}
	if n := o.connections(); n != 1 {
		t.Errorf("made %d connections, want 1", n)
	}
}

func TestPathGoesOutAsWritten(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(small)) })
	c := newClient(t)
	tests := []struct{ name, path, want string }{
		{"no_path_is_root", "", "/"},
		{"query_without_path", "?x=1", "/?x=1"},
		{"escapes_keep_their_case", "/%e2%9c%93/%2F", "/%e2%9c%93/%2F"},
		{"what_browsers_leave_is_left", "/a|b^c`{d}", "/a|b^c`{d}"},
		{"order_and_doubles_of_the_query_stay", "/?b=1&a=2&b=1&&", "/?b=1&a=2&b=1&&"},
		{"an_empty_query_stays", "/feed?", "/feed?"},
		{"double_slashes_stay", "//a//b", "//a//b"},
		{"dots_stay", "/a/../b/./c", "/a/../b/./c"},
		{"blanks_and_letters_are_encoded", "/a b/ə", "/a%20b/%C9%99"},
		{"the_fragment_stays_here", "/feed#x", "/feed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(o.requests())
			brings(t, c.Get(t.Context(), Request{URL: o.URL + tt.path}), small)
			if got := o.requests()[before].RequestURI; got != tt.want {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValidatorsGoBackByteForByte(t *testing.T) {
	tests := []struct {
		name string
		kept feed.Validators
	}{
		{"both", feed.Validators{ETag: `"abc"`, LastModified: "Wed, 21 Oct 2015 07:28:00 GMT"}},
		{"weak", feed.Validators{ETag: `W/"abc"`}},
		{"gzip_suffix", feed.Validators{ETag: `"abc-gzip"`}},
		{"unquoted", feed.Validators{ETag: `f4b1-5f0a`}},
		{"half_quoted_with_commas", feed.Validators{ETag: `"a,b, c`}},
		{"two_kilobytes", feed.Validators{ETag: `"` + strings.Repeat("x", 2048) + `"`}},
		{"high_bytes", feed.Validators{ETag: "\"\xe4\xff\""}},
		{"odd_date", feed.Validators{LastModified: "Mittwoch, 21. Oktober 2015"}},
		{"date_in_the_future", feed.Validators{LastModified: "Wed, 21 Oct 2041 07:28:00 +0400"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("If-None-Match") == "" && r.Header.Get("If-Modified-Since") == "" {
					if tt.kept.ETag != "" {
						w.Header()["ETag"] = []string{tt.kept.ETag}
					}
					if tt.kept.LastModified != "" {
						w.Header()["Last-Modified"] = []string{tt.kept.LastModified}
					}
					_, _ = w.Write([]byte(small))
					return
				}
				w.WriteHeader(http.StatusNotModified)
			})
			c := newClient(t)
			first := c.Get(t.Context(), Request{URL: o.URL})
			brings(t, first, small)
			if first.Validators != tt.kept {
				t.Errorf("took over %q, want %q", first.Validators, tt.kept)
			}
			second := c.Get(t.Context(), Request{URL: o.URL, Validators: map[string]feed.Validators{first.FinalURL: first.Validators}})
			if !second.NotModified || second.Failure != nil || second.Validators != tt.kept {
				t.Errorf("second poll: not modified %v, failure %v, validators %q", second.NotModified, second.Failure, second.Validators)
			}
			sent := o.requests()[1].Header
			got := feed.Validators{ETag: sent.Get("If-None-Match"), LastModified: sent.Get("If-Modified-Since")}
			if got != tt.kept {
				t.Errorf("sent %q, want %q", got, tt.kept)
			}
		})
	}
}

func TestValidatorsAreRenewedAndCleared(t *testing.T) {
	kept := feed.Validators{ETag: `"1"`, LastModified: "Wed, 21 Oct 2015 07:28:00 GMT"}
	tests := []struct {
		name   string
		status int
		header map[string]string
		want   feed.Validators
	}{
		{"a_304_without_any_keeps_both", 304, nil, kept},
		{"a_304_renews_what_it_names", 304, map[string]string{"Etag": `"2"`}, feed.Validators{ETag: `"2"`, LastModified: kept.LastModified}},
		{"a_200_replaces_both", 200, map[string]string{"Etag": `"2"`}, feed.Validators{ETag: `"2"`}},
		{"a_200_without_any_clears_both", 200, nil, feed.Validators{}},
		{"no_store_changes_nothing", 200, map[string]string{"Etag": `"2"`, "Cache-Control": "no-store, private", "Expires": "0"}, feed.Validators{ETag: `"2"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
				if tt.status == http.StatusOK {
					_, _ = w.Write([]byte(small))
				}
			})
			got := newClient(t).Get(t.Context(), Request{URL: o.URL, Validators: map[string]feed.Validators{o.URL: kept}})
			if got.Failure != nil || got.Validators != tt.want {
				t.Errorf("failure %v, validators %q, want %q", got.Failure, got.Validators, tt.want)
			}
		})
	}
}

func TestValidatorsThatCannotBeSentAreLeftOut(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(small)) })
	kept := map[string]feed.Validators{o.URL: {ETag: "\"a\x01b\"", LastModified: "x\r\nEvil: 1"}}
	brings(t, newClient(t).Get(t.Context(), Request{URL: o.URL, Validators: kept}), small)
	if h := o.requests()[0].Header; h["If-None-Match"] != nil || h["If-Modified-Since"] != nil || h["Evil"] != nil {
		t.Errorf("sent %v", h)
	}
}

func TestNotModifiedUnaskedIsAFailure(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	fails(t, newClient(t).Get(t.Context(), Request{URL: o.URL}), feed.FailProtocol, "header")
}

func TestChangedEntriesOnlyAreAskedForWithAnETag(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("A-Im") == "feed" {
			w.Header().Set("IM", "feed")
			w.Header().Set("Etag", `"2"`)
			w.WriteHeader(http.StatusIMUsed)
		}
		_, _ = w.Write([]byte(small))
	})
	c := newClient(t)
	full := c.Get(t.Context(), Request{URL: o.URL, Delta: true})
	brings(t, full, small)
	part := c.Get(t.Context(), Request{URL: o.URL, Delta: true, Validators: map[string]feed.Validators{o.URL: {ETag: `"1"`}}})
	brings(t, part, small)
	if full.Partial || !part.Partial || part.Validators.ETag != `"2"` {
		t.Errorf("partial %v and %v, validators %v", full.Partial, part.Partial, part.Validators)
	}
}

func TestStatusesAreClassified(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header map[string]string
		class  feed.Class
		text   string // part of what the failure says
	}{
		{"no_content_is_empty", 204, nil, feed.FailEmpty, "204"},
		{"partial_content_unasked_is_empty", 206, nil, feed.FailEmpty, "206"},
		{"other_success_is_not_http_for_get", 202, nil, feed.FailProtocol, "202"},
		{"bad_request", 400, nil, feed.FailRequest, "400"},
		{"unauthorized", 401, nil, feed.FailForbidden, "401"},
		{"forbidden", 403, nil, feed.FailForbidden, "403"},
		{"forbidden_with_retry_after_is_a_limit", 403, map[string]string{"Retry-After": "60"}, feed.FailBusy, "in 1m0s"},
		{"challenge_is_named", 403, map[string]string{"Cf-Mitigated": "challenge"}, feed.FailForbidden, "Cloudflare"},
		{"not_found", 404, nil, feed.FailMissing, "404"},
		{"gone", 410, nil, feed.FailGone, "410"},
		{"timeout_is_the_servers", 408, nil, feed.FailServer, "408"},
		{"too_early_is_the_servers", 425, nil, feed.FailServer, "425"},
		{"too_many_requests", 429, nil, feed.FailBusy, "429"},
		{"legal_reasons", 451, nil, feed.FailForbidden, "451"},
		{"server_error", 500, nil, feed.FailServer, "500"},
		{"unavailable", 503, nil, feed.FailServer, "503"},
		{"unavailable_for_a_while", 503, map[string]string{"Retry-After": "120"}, feed.FailBusy, "in 2m0s"},
		{"unknown_status", 799, nil, feed.FailProtocol, "799"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Etag", `"of the error page"`)
				for name, value := range tt.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(tt.status)
			})
			got := newClient(t).Get(t.Context(), Request{URL: o.URL})
			fails(t, got, tt.class, "header")
			if got.Status != tt.status || !strings.Contains(got.Failure.Text, tt.text) {
				t.Errorf("status %d, text %q, want %q in it", got.Status, got.Failure.Text, tt.text)
			}
		})
	}
}

func TestErrorPagesAreQuotedInOneLine(t *testing.T) {
	tests := []struct{ name, kind, page, want string }{
		{"plain_text", "text/plain", "come back\r\n\x1b[31m  tomorrow\u202e", "come back [31m tomorrow"},
		{"title_of_html", "text/html; charset=utf-8", "<html><head><TITLE>Down for\nwork</title></head><p>x", "Down for work"},
		{"json", "application/problem+json", `{"title":"no"}`, `{"title":"no"}`},
		{"pictures_are_not", "image/png", "\x89PNG", ""},
		{"long_ones_are_cut", "text/plain", strings.Repeat("x", 100_000), strings.Repeat("x", 200) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = w.Write([]byte(tt.page))
			})
			want := "answered 500 Internal Server Error"
			if tt.want != "" {
				want += ": " + tt.want
			}
			got := newClient(t).Get(t.Context(), Request{URL: o.URL})
			if got.Failure == nil || got.Failure.Text != want {
				t.Errorf("failure is %v, want %q", got.Failure, want)
			}
		})
	}
}

func TestSecretsAreNotQuoted(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte("no such token: " + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
	})
	got := newClient(t).Get(t.Context(), Request{URL: o.URL, Headers: map[string]string{"Authorization": "Bearer s3cr3t-t0ken"}})
	fails(t, got, feed.FailForbidden, "header")
	if want := "answered 401 Unauthorized: no such token: ***"; got.Failure.Text != want {
		t.Errorf("text is %q, want %q", got.Failure.Text, want)
	}
}

func TestBlankBodyIsAFailure(t *testing.T) {
	for _, body := range []string{"", " \r\n\t", "\xef\xbb\xbf\n"} {
		o := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		fails(t, newClient(t).Get(t.Context(), Request{URL: o.URL}), feed.FailEmpty, "body")
	}
}

func TestHeadersOfTheAnswerArePassedOn(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Type"] = []string{"application/rss+xml; charset=windows-1251; charset=utf-8"}
		h["Content-Language"] = []string{"az"}
		h["Cache-Control"] = []string{"public", "max-age=600"}
		h["Age"] = []string{"100"}
		h["Link"] = []string{`</hub>; rel="hub self", <https://x.example/>; rel=alternate; type="text/html"`}
		_, _ = w.Write([]byte(small))
	})
	got := newClient(t).Get(t.Context(), Request{URL: o.URL + "/feed"})
	brings(t, got, small)
	if got.ContentType != "application/rss+xml; charset=windows-1251; charset=utf-8" || got.ContentLanguage != "az" {
		t.Errorf("type %q, language %q", got.ContentType, got.ContentLanguage)
	}
	if got.Fresh != 500*time.Second || got.FreshBy != "max-age" {
		t.Errorf("fresh for %s by %q", got.Fresh, got.FreshBy)
	}
	want := []feed.Link{{Href: o.URL + "/hub", Rel: "hub"}, {Href: o.URL + "/hub", Rel: "self"}, {Href: "https://x.example/", Rel: "alternate", Type: "text/html"}}
	if len(got.Links) != 3 || got.Links[0] != want[0] || got.Links[1] != want[1] || got.Links[2] != want[2] {
		t.Errorf("links are %v, want %v", got.Links, want)
	}
	if got.Wire != int64(len(small)) {
		t.Errorf("%d bytes over the wire, want %d", got.Wire, len(small))
	}
}

func TestStoppedPollSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	got := newClient(t).Get(ctx, Request{URL: o.URL})
	fails(t, got, feed.FailNetwork, "header")
	if got.Failure.Text != "the poll was stopped" {
		t.Errorf("text is %q", got.Failure.Text)
	}
}

func TestMisdirectedRequestIsTriedOnANewConnection(t *testing.T) {
	n := 0
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 1 {
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		_, _ = w.Write([]byte(small))
	})
	brings(t, newClient(t).Get(t.Context(), Request{URL: o.URL}), small)
	if got := o.connections(); got != 2 {
		t.Errorf("made %d connections, want 2", got)
	}
}
