package clean

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"serai/internal/feed"
)

func TestChars(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"fine", "abc\t\r\n ə Ա ა 😀", "abc\t\r\n ə Ա ა 😀"},
		{"controls", "a\x00b\x0cc\x1bd\x7fe", "abcde"},
		{"invalid_bytes", "a\xffb\xc3", "ab"},
		{"c1_as_windows_1252", "\u0093a\u0094 \u0080\u0085\u0081", "“a” €…"},
		{"noncharacters", "a\ufffe\uffff\ufdd0\U0001ffffb", "ab"},
		{"replacement_character", "a\ufffdb", "ab"},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Chars(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	fine := strings.Repeat("Переговоры go on. ", 10)
	if n := testing.AllocsPerRun(10, func() { Chars(fine) }); n != 0 {
		t.Errorf("%v allocations for fine text", n)
	}
}

func FuzzChars(f *testing.F) {
	f.Add("a\x00\u0085\ufffe\xff]]>")
	f.Fuzz(func(t *testing.T, s string) {
		got := Chars(s)
		if Chars(got) != got || !utf8.ValidString(got) {
			t.Errorf("Chars(%q) = %q", s, got)
		}
		d := xml.NewDecoder(strings.NewReader("<a>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(got) + "</a>"))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("Chars(%q) = %q: %v", s, got, err)
			}
		}
	})
}

func TestText(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"blocks_are_lines", "<p>One</p>\n<p>Two<br>three</p>", "One\nTwo\nthree"},
		{"white_space_is_one", "a \n\t&nbsp; b", "a b"},
		{"inline_is_seamless", "a<b>b</b>c", "abc"},
		{"items_and_cells", "<ul><li>a<li>b</ul><table><tr><td>c<td>d</table>", "a\nb\nc d"},
		{"entities_once", "&amp;lt; &lt;b&gt;", "&lt; <b>"},
		{"script_is_no_text", "a<script>b</script><style>c</style>", "a"},
		{"soft_hyphens_go", "Kara\u00adbakh", "Karabakh"},
		{"text", "3 < 4", "3 < 4"},
		{"empty", "<p></p>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		name string
		in   feed.Text
		want string
	}{
		{"text_stays", feed.Text{Body: "use <b> or 3 < 4 &amp; <script>"}, "use <b> or 3 < 4 &amp; <script>"},
		{"html_loses_tags", feed.Text{Body: "use <b>bold</b> &amp; 3 &lt; 4", HTML: true}, "use bold & 3 < 4"},
		{"html_is_decoded_once", feed.Text{Body: "&amp;lt;b&amp;gt;", HTML: true}, "&lt;b&gt;"},
		{"one_line", feed.Text{Body: " a\n\n b\t\u00a0c "}, "a b c"},
		{"direction_is_not_left_open", feed.Text{Body: "a\u202eb\u2066c"}, "abc"},
		{"controls", feed.Text{Body: "a\x00b\x1b[31m"}, "ab[31m"},
		{"empty", feed.Text{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Plain(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	for _, test := range []struct {
		name, in string
		n        int
		want     string
	}{
		{"short_stays", "a b c", 10, "a b c"},
		{"exact_stays", "абвгд", 5, "абвгд"},
		{"cut_at_a_word", "one two three", 9, "one two…"},
		{"signs_at_the_cut_go", "one two, three", 10, "one two…"},
		{"word_ends_at_the_limit", "one two three", 8, "one two…"},
		{"one_long_word", "абвгдежз", 5, "абвг…"},
		{"nothing_fits", "abc", 1, "…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Excerpt(test.in, test.n)
			if got != test.want || utf8.RuneCountInString(got) > test.n {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a <b> \u202e &amp; b", 20)
	f.Fuzz(func(t *testing.T, s string, n int) {
		for _, html := range []bool{false, true} {
			got := Plain(feed.Text{Body: s, HTML: html})
			if !isOneLine(got) || Chars(got) != got {
				t.Errorf("Plain(%q) = %q", s, got)
			}
			if again := Plain(feed.Text{Body: got}); again != got {
				t.Errorf("Plain(%q) = %q, then %q", s, got, again)
			}
			if n > 0 && n < 1000 && utf8.RuneCountInString(Excerpt(got, n)) > n {
				t.Errorf("Excerpt(%q, %d) is too long", got, n)
			}
		}
	})
}

// FuzzProse: the bulk copy of words must not overlook a character.
func FuzzProse(f *testing.F) {
	f.Add("a\u00a0b\u1680c\u2003d\u3000e\ufefff\u00ad")
	f.Fuzz(func(t *testing.T, s string) {
		var p prose
		p.add(Chars(s))
		words := strings.FieldsFunc(strings.Map(func(r rune) rune {
			if isInvisible(r) {
				return -1
			}
			return r
		}, Chars(s)), func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) })
		if want := strings.Join(words, " "); string(p.out) != want {
			t.Errorf("add(%q) = %q, want %q", s, p.out, want)
		}
	})
}
