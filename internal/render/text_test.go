package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain_text_stays", "Ağdam, Հայաստան, საქართველო — 東京 😀\n\tx", "Ağdam, Հայաստան, საქართველო — 東京 😀\n\tx"},
		{"controls_go", "a\x00b\x0bc\x1fd\x7fe", "abcde"},
		{"line_ends_become_one_kind", "a\r\nb\rc", "a\nb\nc"},
		{"invalid_bytes_go", "a\xffb\xc3\x28c\xed\xa0\x80d\xe2\x82", "ab(cd"},
		{"misread_windows_1252_is_read_right", "\u0093so\u0094 \u0085\u0081", "“so” …"},
		{"replacement_and_noncharacters_go", "a\ufffdb\ufffec\ufdd0d\U0001ffffe", "abcde"},
		{"private_use_stays", "\ue000\uf8ff\U000f0000", "\ue000\uf8ff\U000f0000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean(tt.in); got != tt.want {
				t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"stays_as_it_is", "https://a.example/b/c?d=e&f=g%20h#i", "https://a.example/b/c?d=e&f=g%20h#i"},
		{"scheme_in_lower_case", " HTTPS://a.example ", "https://a.example"},
		{"other_schemes_are_refused", "ftp://a.example/", ""},
		{"script_is_refused", "javascript://a.example/%0aalert(1)", ""},
		{"passwords_are_refused", "https://u:p@a.example/", ""},
		{"backslash_in_host_is_refused", `https://a.example\@b.example/`, ""},
		{"no_host_is_refused", "https:///x", ""},
		{"relative_is_refused", "/x", ""},
		{"non_ascii_is_encoded", "https://a.example/ü?q=ə", "https://a.example/%C3%BC?q=%C9%99"},
		{"non_ascii_host_is_encoded", "https://bücher.example/", "https://b%C3%BCcher.example/"},
		{"brackets_stay_in_the_host_only", "https://[2001:db8::1]:80/[x]", "https://[2001:db8::1]:80/%5Bx%5D"},
		{"lone_percent_is_encoded", "https://a.example/100%", "https://a.example/100%25"},
		{"second_fragment_is_encoded", "https://a.example/#a#b", "https://a.example/#a%23b"},
		{"controls_go", "https://a.example/\x00\x1fx", "https://a.example/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := address(tt.in); got != tt.want {
				t.Errorf("address(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if again := address(tt.want); again != tt.want {
				t.Errorf("address(%q) = %q", tt.want, again)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"blocks_part_words_and_inline_tags_do_not", "<p>one</p><p>tw<b>o</b><br/>three</p>", "one two three"},
		{"references_are_resolved", "3 &lt; 4 &amp; <i>x</i>&nbsp;y", "3 < 4 & x y"},
		{"pictures_have_no_text", `<p><img src="x" alt="y"/></p>`, ""},
		{"an_open_tag_ends_it", "a <b", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := plain(tt.in); got != tt.want {
				t.Errorf("plain(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"short_text_stays", "short", 5, "short"},
		{"at_a_word", "one two three", 10, "one two…"},
		{"at_the_end_of_a_word", "one two three", 8, "one two…"},
		{"a_long_word_is_broken", strings.Repeat("ə", 20), 10, strings.Repeat("ə", 9) + "…"},
		{"no_comma_before_the_mark", "one two, three", 10, "one two…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := cut(tt.in, tt.limit)
			if got != tt.want || utf8.RuneCountInString(got) > tt.limit {
				t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestWithoutEmail(t *testing.T) {
	for in, want := range map[string]string{
		"Ani Petrosyan":                  "Ani Petrosyan",
		"ani@example.org (Ani)":          "Ani",
		"Ani <ani@example.org>":          "Ani",
		"Ani (ani@example.org), Yerevan": "Ani , Yerevan",
		"ani@example.org":                "",
		"mailto:ani@example.org":         "",
		"@ani":                           "@ani",
	} {
		if got := withoutEmail(in); got != want {
			t.Errorf("withoutEmail(%q) = %q, want %q", in, got, want)
		}
	}
}

// Property: what was cleaned is clean, valid, and has nothing that XML refuses.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a\x00\u0085\xff\r\n", "\xef\xbf\xbe\xf0\x9f\xbf\xbf", "\xc2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || clean(got) != got || strings.ContainsFunc(got, isBad) {
			t.Errorf("clean(%q) = %q", s, got)
		}
		if a := address(s); a != address(a) {
			t.Errorf("address(%q) = %q, then %q", s, a, address(a))
		}
	})
}
