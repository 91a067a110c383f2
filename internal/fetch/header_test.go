package fetch

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestFreshness(t *testing.T) {
	date := []string{noon.Add(-time.Hour).Format(http.TimeFormat)} // the server's clock is an hour late
	tests := []struct {
		name   string
		header http.Header
		want   time.Duration
		by     string
	}{
		{"nothing", http.Header{}, 0, ""},
		{"max_age", http.Header{"Cache-Control": {"public, max-age=300"}}, 300 * time.Second, "max-age"},
		{"any_case_and_blanks", http.Header{"Cache-Control": {"PUBLIC ,  Max-Age = 300 "}}, 300 * time.Second, "max-age"},
		{"quoted", http.Header{"Cache-Control": {`max-age="300"`}}, 300 * time.Second, "max-age"},
		{"second_line", http.Header{"Cache-Control": {"public", "max-age=300"}}, 300 * time.Second, "max-age"},
		{"first_of_two", http.Header{"Cache-Control": {"max-age=300, max-age=600"}}, 300 * time.Second, "max-age"},
		{"shared_lifetime_is_not_ours", http.Header{"Cache-Control": {"s-maxage=300"}}, 0, ""},
		{"commas_in_quotes", http.Header{"Cache-Control": {`private="a, max-age=1", max-age=300`}}, 300 * time.Second, "max-age"},
		{"too_large_to_count", http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, maxSeconds * time.Second, "max-age"},
		{"junk_is_absent", http.Header{"Cache-Control": {"max-age=-1, max-age=x, max-age=, max-age=1.5"}}, 0, ""},
		{"age_is_taken_off", http.Header{"Cache-Control": {"max-age=300"}, "Age": {"100"}}, 200 * time.Second, "max-age"},
		{"older_than_fresh", http.Header{"Cache-Control": {"max-age=300"}, "Age": {"400"}}, 0, "max-age"},
		{"zero", http.Header{"Cache-Control": {"max-age=0"}, "Expires": {noon.Format(http.TimeFormat)}, "Date": date}, 0, "max-age"},
		{"no_cache_wins", http.Header{"Cache-Control": {"max-age=300, no-cache"}}, 0, ""},
		{"no_cache_of_a_field_does_not", http.Header{"Cache-Control": {`max-age=300, no-cache="Set-Cookie"`}}, 300 * time.Second, "max-age"},
		{"expires_by_the_servers_clock", http.Header{"Expires": {noon.Format(http.TimeFormat)}, "Date": date}, time.Hour, "expires"},
		{"expires_in_an_old_format", http.Header{"Expires": {noon.Format(time.ANSIC)}, "Date": date}, time.Hour, "expires"},
		{"expires_zero", http.Header{"Expires": {"0"}, "Date": date}, 0, ""},
		{"expires_past", http.Header{"Expires": {noon.Add(-24 * time.Hour).Format(http.TimeFormat)}, "Date": date}, 0, "expires"},
		{"max_age_before_expires", http.Header{"Cache-Control": {"max-age=60"}, "Expires": {noon.Format(http.TimeFormat)}, "Date": date}, time.Minute, "max-age"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, by := freshness(tt.header, noon); got != tt.want || by != tt.by {
				t.Errorf("fresh for %s by %q, want %s by %q", got, by, tt.want, tt.by)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name, value, date string
		want              time.Duration
		ok                bool
	}{
		{"seconds", "120", "", 2 * time.Minute, true},
		{"zero", "0", "", 0, true},
		{"date", "Mon, 23 Nov 2026 13:00:00 GMT", "", time.Hour, true},
		{"date_of_rfc_850", "Monday, 23-Nov-26 13:00:00 GMT", "", time.Hour, true},
		{"date_of_c", "Mon Nov 23 13:00:00 2026", "", time.Hour, true},
		{"date_by_the_servers_clock", "Mon, 23 Nov 2026 13:00:00 GMT", "Mon, 23 Nov 2026 11:00:00 GMT", 2 * time.Hour, true},
		{"past_date", "Mon, 23 Nov 2026 11:00:00 GMT", "", 0, false},
		{"negative", "-1", "", 0, false},
		{"junk", "soon", "", 0, false},
		{"fraction", "1.5", "", 0, false},
		{"absent", "", "", 0, false},
		{"too_large_to_count", "999999999999999999999", "", maxSeconds * time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{"Retry-After": {tt.value}}
			if tt.date != "" {
				h.Set("Date", tt.date)
			}
			got, ok := retryAfter(h, noon)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("retry after %s, %v, want %s, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	base, err := parseTarget("https://a.example/dir/feed")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		lines []string
		want  []feed.Link
	}{
		{"hub_and_self", []string{`<https://hub.example/>; rel="hub", <https://a.example/feed>; rel="self"`},
			[]feed.Link{{Href: "https://hub.example/", Rel: "hub"}, {Href: "https://a.example/feed", Rel: "self"}}},
		{"two_lines", []string{`<x>; rel=hub`, `</y>;rel=self`}, []feed.Link{{Href: "https://a.example/dir/x", Rel: "hub"}, {Href: "https://a.example/y", Rel: "self"}}},
		{"comma_and_semicolon_in_the_address", []string{`<https://a.example/x,y;z>; rel=hub`}, []feed.Link{{Href: "https://a.example/x,y;z", Rel: "hub"}}},
		{"parameters", []string{`<x>; REL="Alternate"; type="application/rss+xml"; hreflang=az; title="a, \"b\"; c"`},
			[]feed.Link{{Href: "https://a.example/dir/x", Rel: "alternate", Type: "application/rss+xml", Language: "az", Title: `a, "b"; c`}}},
		{"first_rel_counts", []string{`<x>; rel=hub; rel=self`}, []feed.Link{{Href: "https://a.example/dir/x", Rel: "hub"}}},
		{"anchored_elsewhere", []string{`<x>; rel=hub; anchor="/other"`}, nil},
		{"no_relation", []string{`<x>`}, nil},
		{"other_schemes", []string{`<javascript:alert(1)>; rel=hub`}, nil},
		{"malformed", []string{`x; rel=hub, <y; rel=hub`, `<`, `,,,`, `<z>; rel="hub`}, []feed.Link{{Href: "https://a.example/dir/z", Rel: "hub"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseLinks(tt.lines, base); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("links are %v, want %v", got, tt.want)
			}
		})
	}
	if got := parseLinks([]string{strings.Repeat("<x>; rel=hub, ", 1000)}, base); len(got) != maxLinks {
		t.Errorf("%d links, want %d", len(got), maxLinks)
	}
}

func FuzzHeaders(f *testing.F) {
	for _, s := range []string{`max-age="1`, `no-cache="a,b`, `<a>; rel="b\`, "Mon, 23 Nov 2026 13:00:00 GMT", `"`, `\`, "=,=;=", "99999999999999999999"} {
		f.Add(s)
	}
	base, err := parseTarget("https://a.example/dir/feed")
	if err != nil {
		f.Fatal(err)
	}
	// No header makes a reader panic, or gives a time that is negative or longer
	// than can be counted.
	f.Fuzz(func(t *testing.T, value string) {
		h := http.Header{"Cache-Control": {value}, "Age": {value}, "Expires": {value}, "Date": {value}, "Retry-After": {value}, "Im": {value}}
		if fresh, _ := freshness(h, noon); fresh < 0 || fresh > maxSeconds*time.Second {
			t.Errorf("fresh for %s", fresh)
		}
		if wait, ok := retryAfter(h, noon); ok && (wait < 0 || wait > maxSeconds*time.Second) {
			t.Errorf("retry after %s", wait)
		}
		if links := parseLinks([]string{value}, base); len(links) > maxLinks {
			t.Errorf("%d links", len(links))
		}
		has(h, "Im", "feed")
		if line := oneLine(value, 50); len([]rune(line)) > 51 || strings.ContainsAny(line, "\r\n\x00") {
			t.Errorf("one line is %q", line)
		}
	})
}
