package clean

import (
	"net/url"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for _, test := range []struct{ name, in, base, want string }{
		{"ordinary", "https://example.org/a/b?c=d&e=%20f", "", "https://example.org/a/b?c=d&e=%20f"},
		{"host_alone", "https://example.org", "", "https://example.org/"},
		{"upper_case", "HTTPS://Example.ORG/A", "", "https://example.org/A"},
		{"relative", "../c?d", "https://example.org/a/b", "https://example.org/c?d"},
		{"protocol_relative", "//example.org/a", "http://base.example/", "http://example.org/a"},
		{"from_the_root", "/c/d?e=1", "https://user:secret@example.org:8080/a/b", "https://example.org:8080/c/d?e=1"},
		{"from_the_root_with_dots", "/c/../d", "https://example.org/a/b", "https://example.org/d"},
		{"port", "http://192.0.2.7:8080/a", "", "http://192.0.2.7:8080/a"},
		{"default_port", "http://example.org:80/a", "", "http://example.org/a"},
		{"empty_port", "http://example.org:/a", "", "http://example.org/a"},
		{"number_for_an_address", "http://3221225991/a", "", "http://192.0.2.7/a"},
		{"relative_without_base", "/a", "", ""},
		{"relative_to_nonsense", "/a", "javascript:x", ""},
		{"fragment", "#a", "https://example.org/b", "https://example.org/b#a"},
		{"spaces_around", " \n https://example.org/a\t", "", "https://example.org/a"},
		{"line_feed_within", "https://example.org/a\nb", "", "https://example.org/ab"},
		{"backslashes", `https:\\example.org\a`, "", "https://example.org/a"},
		{"user_information", "https://u:p@example.org/a", "", "https://example.org/a"},
		{"international_host", "https://пример.рф/a", "", "https://xn--e1afmkfd.xn--p1ai/a"},
		{"international_path", "https://example.org/новость", "", "https://example.org/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D1%8C"},
		{"signs_without_a_place", `https://example.org/a[b]{c}|d^e?f[]=g"<h>`, "", "https://example.org/a%5Bb%5D%7Bc%7D%7Cd%5Ee?f%5B%5D=g%22%3Ch%3E"},
		{"stray_percent", "https://example.org/100%", "", "https://example.org/100%25"},
		{"second_number_sign", "https://example.org/#a#b", "", "https://example.org/#a%23b"},
		{"dot_segments", "https://example.org/a/../b/./c", "", "https://example.org/b/c"},
		{"dots_in_disguise", "https://example.org/a/%2e%2e/b", "", "https://example.org/b"},
		{"default_port", "https://example.org:443/", "", "https://example.org/"},
		{"port", "https://example.org:8443/a", "", "https://example.org:8443/a"},
		{"ipv6", "http://[::1]:80/a[1]", "", "http://[::1]/a%5B1%5D"},
		{"ipv4_in_disguise", "http://0x7f.1/", "", "http://127.0.0.1/"},
		{"ipv4_as_a_number", "http://2130706433/", "", "http://127.0.0.1/"},
		{"ipv4", "http://127.0.0.1/", "", "http://127.0.0.1/"},
		{"javascript", "javascript:alert(1)", "https://example.org/", ""},
		{"javascript_in_disguise", "java\nscript:alert(1)", "https://example.org/", ""},
		{"data", "data:text/html,x", "https://example.org/", ""},
		{"mail", "mailto:a@b.example", "https://example.org/", ""},
		{"file", "file:///etc/passwd", "https://example.org/", ""},
		{"no_host", "http://", "", ""},
		{"bad_host", "http://exa mple.org/", "", ""},
		{"quote_as_a_host", `//"/`, "https://example.org/", ""},
		{"bad_port", "http://example.org:99999/", "", ""},
		{"too_long", "https://example.org/" + strings.Repeat("a", maxAddress), "", ""},
		{"empty", "", "https://example.org/a", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := URL(test.in, test.base)
			if got != test.want {
				t.Errorf("URL(%q, %q) = %q, want %q", test.in, test.base, got, test.want)
			}
		})
	}
}

// FuzzURL: what comes out is an http or https address without user information
// in the characters of RFC 3986, is read by others as it is, and is its own
// clean form.
func FuzzURL(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	f.Add("https://example.org/a?b=c'd#e")
	f.Fuzz(func(t *testing.T, s string) {
		got := URL(s, testBase)
		if got == "" {
			return
		}
		if again := URL(got, ""); again != got {
			t.Errorf("URL(%q) = %q, then %q", s, got, again)
		}
		if slow := (&resolver{base: testBase}); isOrdinary(s) {
			if u, err := slow.parse(s); err != nil || encodeStray(u.Href(false), 0) != s {
				t.Errorf("the fast road takes %q, which reads %v, %v", s, u, err)
			}
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Host == "" {
			t.Errorf("URL(%q) = %q: %v", s, got, err)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }) {
			t.Errorf("URL(%q) = %q has characters without a place", s, got)
		}
	})
}
