package feed

import (
	"strings"
	"testing"
)

func TestCanonicalURL(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"scheme_www_and_slash_go", "https://www.example.org/a/", "example.org/a"},
		{"home_page", "http://Example.ORG", "example.org"},
		{"mobile_and_amp_hosts_go", "https://m.example.org/a", "example.org/a"},
		{"several_labels_go", "https://www.m.example.org/a", "example.org/a"},
		{"short_names_stay", "https://m.com/a", "m.com/a"},
		{"default_ports_go", "http://example.org:80/a", "example.org/a"},
		{"other_ports_stay", "http://example.org:8080/a", "example.org:8080/a"},
		{"fragments_go", "https://example.org/a#comments", "example.org/a"},
		{"routing_fragments_stay", "https://example.org/#!/a", "example.org#!/a"},
		{"index_files_go", "https://example.org/a/index.html", "example.org/a"},
		{"amp_paths_go", "https://example.org/a/amp/", "example.org/a"},
		{"amp_files_go", "https://example.org/a.amp.html", "example.org/a.html"},
		{"amp_parameters_go", "https://example.org/a?amp=1", "example.org/a"},
		{"needless_escapes_go", "https://example.org/%7Ea%2fb", "example.org/~a%2Fb"},
		{"iri_and_uri_are_one", "https://example.org/новость", "example.org/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D1%8C"},
		{"hosts_are_ascii", "https://пример.рф/", "xn--e1afmkfd.xn--p1ai"},
		{"trackers_go", "https://example.org/a?utm_source=x&id=7&fbclid=y&yclid=z", "example.org/a?id=7"},
		{"unknown_parameters_stay_sorted", "https://example.org/?p=2&lang=az&newsid=1", "example.org?lang=az&newsid=1&p=2"},
		{"ambiguous_names_only_at_their_host", "https://example.org/a?si=1", "example.org/a?si=1"},
		{"ambiguous_names_at_their_host", "https://www.youtube.com/watch?v=1&si=2", "youtube.com/watch?v=1"},
		{"escaped_ampersands", "https://example.org/a?id=1&amp;utm_source=x", "example.org/a?id=1"},
		{"spaces_are_one", "https://example.org/?q=a+b", "example.org?q=a%20b"},
		{"google_is_unwrapped", "https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa&sa=D", "example.org/a"},
		{"facebook_is_unwrapped", "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Ffbclid%3D1&h=2", "example.org/a"},
		{"amp_caches_are_unwrapped", "https://example-org.cdn.ampproject.org/c/s/www.example.org/a/amp", "example.org/a"},
		{"google_amp_is_unwrapped", "https://www.google.az/amp/s/example.org/a?x=1", "example.org/a?x=1"},
		{"redirectors_nest", "https://vk.com/away.php?to=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%3A%2F%2Fexample.org%2Fa", "example.org/a"},
		{"redirectors_need_an_address", "https://www.google.com/url?q=word", "google.com/url?q=word"},
		{"user_information_goes", "https://a:b@example.org/", "example.org"},
		{"dot_segments_go", "https://example.org/a/../b/./c", "example.org/b/c"},
		{"other_schemes_are_trimmed", "  mailto:a@b.example ", "mailto:a@b.example"},
		{"no_address", " text ", "text"},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := CanonicalURL(test.in); got != test.want {
				t.Errorf("CanonicalURL(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestMaskURL(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"nothing_to_mask", "https://example.org/feed?id=7&lang=az#x", "https://example.org/feed?id=7&lang=az#x"},
		{"user_information", "https://user:pa@ss@example.org/feed", "https://***@example.org/feed"},
		{"token", "https://example.org/feed?token=abc&id=7", "https://example.org/feed?token=***&id=7"},
		{"names_in_any_case", "https://example.org/?API_KEY=abc", "https://example.org/?API_KEY=***"},
		{"names_that_end_so", "https://example.org/?x-auth=abc&user_key=d", "https://example.org/?x-auth=***&user_key=***"},
		{"words_that_only_end_so_stay", "https://example.org/?monkey=1&design=2", "https://example.org/?monkey=1&design=2"},
		{"escaped_names", "https://example.org/?%74oken=abc", "https://example.org/?%74oken=***"},
		{"fragments", "https://example.org/#access_token=abc", "https://example.org/#access_token=***"},
		{"at_sign_in_the_path_stays", "https://example.org/@user", "https://example.org/@user"},
		{"no_address", "a b@c ? d", "a b@c ? d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := MaskURL(test.in)
			if got != test.want {
				t.Errorf("MaskURL(%q) = %q, want %q", test.in, got, test.want)
			}
			if HasSecret(test.in) != (test.in != test.want) || HasSecret(got) {
				t.Errorf("HasSecret(%q) = %v, of what is masked %v", test.in, HasSecret(test.in), HasSecret(got))
			}
		})
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://www.example.org/a/index.html?b=1&utm_x=2#c", "http://[::1]:80/", "https://l.facebook.com/?u=https://l.facebook.com/", "http://a:b@c/%zz?token=%", "https://\u0130.example/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := CanonicalURL(s); CanonicalURL(once) != once {
			t.Errorf("CanonicalURL(%q) = %q, then %q", s, once, CanonicalURL(once))
		}
		masked := MaskURL(s)
		if MaskURL(masked) != masked {
			t.Errorf("MaskURL(%q) = %q, then %q", s, masked, MaskURL(masked))
		}
		if strings.HasPrefix(s, "http") && !HasSecret(s) && masked != s {
			t.Errorf("MaskURL(%q) = %q without a secret", s, masked)
		}
	})
}

func BenchmarkCanonicalURL(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		CanonicalURL("https://www.example.org/2026/11/a-longer-slug-of-an-article/?utm_source=feed&utm_medium=rss&p=1")
	}
}
