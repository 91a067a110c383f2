package post

import (
	"html"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var baku = time.FixedZone("+04", 4*3600)

func day(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, baku)
}

// readText reads a plain text as a file of that kind.
func readText(t *testing.T, text string) *draft {
	t.Helper()
	r := &reader{Library: Library{Zone: baku}}
	d, problems := r.parse("a.txt", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return d
}

func TestPlainText(t *testing.T) {
	type want struct {
		Section, Title, Author string
		Date                   time.Time
		Content                string
	}
	sept := day(2020, 9, 25)
	tests := []struct {
		name, text string
		want       want
	}{
		{"all_four_lines", "Analysis\nThe corridor\nLeyla Məmmədova\n25.09.2020\n\nOne.\n\nTwo.\n", want{"Analysis", "The corridor", "Leyla Məmmədova", sept, "<p>One.</p>\n<p>Two.</p>\n"}},
		{"blank_lines_between_them", "Analysis\n\nThe corridor\n\nLeyla\n\n2020-09-25\n\nOne.", want{"Analysis", "The corridor", "Leyla", sept, "<p>One.</p>\n"}},
		{"no_section", "The corridor\nLeyla\n25 September 2020\nOne.", want{"", "The corridor", "Leyla", sept, "<p>One.</p>\n"}},
		{"title_and_date", "The corridor\n25.09.2020\nOne.", want{"", "The corridor", "", sept, "<p>One.</p>\n"}},
		{"date_first", "25.09.2020\nThe corridor\nOne.", want{"", "The corridor", "", sept, "<p>One.</p>\n"}},
		{"title_alone", "The corridor\n\nOne.", want{"", "The corridor", "", time.Time{}, "<p>One.</p>\n"}},
		{"title_of_two_lines", "Analysis\nThe corridor\nthat nobody wanted\nLeyla\n25.09.2020\nOne.", want{"Analysis", "The corridor that nobody wanted", "Leyla", sept, "<p>One.</p>\n"}},
		{"date_within_the_text", "The corridor\n\nIt began early.\n\nNobody saw it.\n\nThen came the day.\n\n25.09.2020\n\nOne.", want{"", "The corridor", "", time.Time{}, "<p>It began early.</p>\n<p>Nobody saw it.</p>\n<p>Then came the day.</p>\n<p>25.09.2020</p>\n<p>One.</p>\n"}},
		{"date_far_down", "A\n\nb\n\nc\n\nd\n\ne\n\nf\n\ng\n\nh\n\n25.09.2020", want{"", "A", "", time.Time{}, "<p>b</p>\n<p>c</p>\n<p>d</p>\n<p>e</p>\n<p>f</p>\n<p>g</p>\n<p>h</p>\n<p>25.09.2020</p>\n"}},
		{"date_in_a_sentence_is_none", "The corridor\nOn 25.09.2020 it began.", want{"", "The corridor", "", time.Time{}, "<p>On 25.09.2020 it began.</p>\n"}},
		{"paragraph_without_title", strings.Repeat("word ", 80) + "\n\nTwo.", want{"", "", "", time.Time{}, "<p>" + strings.TrimSpace(strings.Repeat("word ", 80)) + "</p>\n<p>Two.</p>\n"}},
		{"lines_of_a_paragraph_are_joined", "T\n\none\ntwo  \n three\n", want{"", "T", "", time.Time{}, "<p>one two three</p>\n"}},
		{"markup_is_text", "Use <b>\n\n3 < 4 && \"5\" > '4' <script>\n", want{"", "Use <b>", "", time.Time{}, "<p>3 &lt; 4 &amp;&amp; \"5\" &gt; '4' &lt;script&gt;</p>\n"}},
		{"typography_stays", "“Ə” – «да» … ‘ok’\n\nŞuşa’da „ნახვამდის“ «Ցտեսություն»\u00a0— 100\u202f%\n", want{"", "“Ə” – «да» … ‘ok’", "", time.Time{}, "<p>Şuşa’da „ნახვამდის“ «Ցտեսություն»\u00a0— 100\u202f%</p>\n"}},
		{"windows_line_breaks_and_byte_order_mark", "\ufeffThe corridor\r\nLeyla\r\n25.09.2020\r\n\r\nOne.\r\n", want{"", "The corridor", "Leyla", sept, "<p>One.</p>\n"}},
		{"markdown_is_not_read", "T\n\n# not a heading *at all*\n", want{"", "T", "", time.Time{}, "<p># not a heading *at all*</p>\n"}},
		{"front_matter_is", "---\ntitle: From above\ndate: 25.09.2020\n---\nNot the title\n", want{"", "From above", "", sept, "<p>Not the title</p>\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := readText(t, test.text)
			got := want{Section: d.section, Title: d.title, Date: d.date, Content: d.content}
			if len(d.authors) > 0 {
				got.Author = d.authors[0].Name
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDates(t *testing.T) {
	sept := day(2020, 9, 25)
	for _, text := range []string{
		"25.09.2020", "2020-09-25", "25 September 2020", "25.9.2020", "September 25, 2020", "25th September 2020", "25 Sep 2020", "25 of September, 2020",
		"25 сентября 2020", "25 сентября 2020 г.", "25 Сентября 2020 года", "25 sentyabr 2020", "25 sentyabr 2020-ci il", "25 SENTYABR 2020",
		"25 Eylül 2020", "25 EYLÜL 2020", "25 սեպտեմբերի 2020", "2020 թ. սեպտեմբերի 25", "25 Սեպտեմբեր, 2020", "25 სექტემბერი, 2020", "2020 წლის 25 სექტემბერი",
		" 25.09.2020 ", "25/09/2020", "2020/9/25",
	} {
		if got, ok := parseDate(text, baku); !ok || !got.Equal(sept) {
			t.Errorf("%q = %v, %v", text, got, ok)
		}
	}
	months := map[time.Month][]string{
		time.January: {"1 января 2020", "1 yanvar 2020", "1 Ocak 2020", "1 հունվարի 2020", "1 იანვარი 2020"},
		time.May:     {"1 мая 2020", "1 may 2020", "1 Mayıs 2020", "1 MAYIS 2020", "1 մայիսի 2020", "1 მაისი 2020"},
		time.June:    {"1 июня 2020", "1 İyun 2020", "1 iyun 2020", "1 Haziran 2020", "1 հունիսի 2020", "1 ივნისი 2020"},
		time.August:  {"1 августа 2020", "1 avqust 2020", "1 Ağustos 2020", "1 օգոստոսի 2020", "1 აგვისტო 2020"},
	}
	for month, texts := range months {
		for _, text := range texts {
			if got, ok := parseDate(text, baku); !ok || got.Month() != month {
				t.Errorf("%q = %v, %v, want %v", text, got, ok, month)
			}
		}
	}
	if got, ok := parseDate("2020-09-25 14:30", baku); !ok || !got.Equal(sept.Add(14*time.Hour+30*time.Minute)) {
		t.Errorf("with a time: %v, %v", got, ok)
	}
	if got, ok := parseDate("2020-09-25T14:30:00Z", baku); !ok || !got.Equal(time.Date(2020, 9, 25, 14, 30, 0, 0, time.UTC)) {
		t.Errorf("with an offset: %v, %v", got, ok)
	}
	for _, text := range []string{
		"", "2020", "September 2020", "25 September", "31 September 2020", "30.02.2020", "25.09.20", "2020-13-01", "25 25 September 2020",
		"25 September 2020 in Baku", "25 September 2020 (Friday)", "25 September 2020 ½", "0001-01-01", "25 September 0020", "May 2020", "1 2 2020", "...", strings.Repeat("1", 500),
	} {
		if got, ok := parseDate(text, baku); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestSlug(t *testing.T) {
	tests := map[string]string{
		"The Corridor, again":           "the-corridor-again",
		"Xəbər axınını necə oxumalı":    "xeber-axinini-nece-oxumali",
		"İŞĞALÇI ÖLKƏ Ü Ç":              "isgalci-olke-u-c",
		"Съезд объявил: что дальше?":    "sezd-obyavil-chto-dalshe",
		"Чего ждёт Щорс й":              "chego-zhdyot-shchors-y",
		"Կամուրջ և ջուր Երևան":          "kamurj-ev-jur-erevan",
		"საქართველო: რა ხდება?":         "sakartvelo-ra-khdeba",
		"ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ":                    "sakartvelo",
		"Ağaoğlu’nun günü":              "agaoglunun-gunu",
		"café ‑ naïve — Straße":         "cafe-naive-strasse",
		"../../etc/passwd":              "etc-passwd",
		`a\b`:                           "a-b",
		"CON":                           "con",
		"--a--b--":                      "a-b",
		"汉字":                            "",
		"":                              "",
		"i\u0307ki":                     "iki",
		strings.Repeat("ab-", 50):       strings.TrimSuffix(strings.Repeat("ab-", 33), "-"),
		strings.Repeat("x", 300):        strings.Repeat("x", 100),
		"x" + strings.Repeat("\x00", 9): "x",
	}
	for text, want := range tests {
		if got := Slug(text); got != want {
			t.Errorf("Slug(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("Xəbər axını")
	f.Add("Щ")
	f.Fuzz(func(t *testing.T, text string) {
		slug := Slug(text)
		if len(slug) > maxSlug || strings.HasPrefix(slug, "-") || strings.HasSuffix(slug, "-") || strings.ContainsFunc(slug, func(r rune) bool { return !isPlain(r) && r != '-' }) {
			t.Errorf("Slug(%q) = %q", text, slug)
		}
		if again := Slug(slug); again != slug {
			t.Errorf("Slug(%q) = %q", slug, again)
		}
	})
}

func FuzzPlainText(f *testing.F) {
	f.Add("Analysis\nThe corridor\nLeyla\n25.09.2020\n\nOne.\n\nTwo & <b>.\n")
	f.Add("25 сентября 2020 г.\n\n“Ə” – «да»")
	f.Add("---\ntitle: a\n---\nb")
	f.Add("a\rb\r\nc\u2028d\u00a0e")
	// No character is lost, whatever is taken for the head; only space between
	// them may change, and a date is a date.
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{Library: Library{Zone: baku}}
		d, problems := r.parse("a.txt", []byte(text))
		if (d == nil) == (len(problems) == 0) {
			t.Fatalf("draft %v, problems %v", d, problems)
		}
		if d == nil || strings.HasPrefix(strings.TrimPrefix(text, "\ufeff"), "---") {
			return
		}
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
		if !d.date.IsZero() {
			lines := strings.Split(text, "\n")
			for i, line := range lines {
				if _, ok := parseDate(line, baku); ok {
					lines[i] = ""
					break
				}
			}
			text = strings.Join(lines, "\n")
		}
		var author string
		if len(d.authors) > 0 {
			author = d.authors[0].Name
		}
		content := strings.NewReplacer("<p>", "", "</p>", "").Replace(d.content)
		got := squeeze(d.section + d.title + author + html.UnescapeString(content))
		if want := squeeze(text); got != want {
			t.Errorf("%q came out as %q", want, got)
		}
	})
}

// squeeze removes all space.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}
