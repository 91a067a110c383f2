package clean

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"serai/internal/feed"
)

func TestEntry(t *testing.T) {
	day := time.Date(2026, 9, 25, 14, 0, 0, 0, time.FixedZone("", 4*3600))
	raw := feed.RawEntry{
		GUID:    "tag:example.org,2026:1",
		Link:    "/news/1",
		Title:   feed.Text{Body: "Talks &amp; <i>walks</i>", HTML: true},
		Summary: feed.Text{Body: "use <b> wisely"},
		Content: feed.Text{Body: `<p onclick=x>The talks <a href="a">go on</a>.</p>`, HTML: true}, Published: day, Updated: time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC),
		Language:   "en_us",
		RightsText: feed.Text{Body: "&copy; All", HTML: true},
		Details: feed.Details{
			Authors:     []feed.Person{{Name: " A \n Writer ", URL: "javascript:x", Email: "mailto:a@b.example"}, {}},
			Categories:  []feed.Category{{Term: "News"}, {Term: "News"}, {Term: " "}, {Term: "x", Scheme: "javascript:x"}},
			Enclosures:  []feed.Enclosure{{URL: "/a.mp3", Type: "Audio/MPEG; x=y", Length: -1}, {URL: "data:x"}},
			Links:       []feed.Link{{Href: "/en/1", Rel: "alternate", Language: "en", Length: "12"}, {Href: "about:blank"}},
			Image:       "i.png",
			CommentsURL: "//example.org/c",
			Comments:    3,
			Origin:      &feed.Origin{Title: "Other\nsite", HomeURL: "https://other.example"},
			Post:        &feed.Post{Path: "a.md"},
		},
	}
	got := Entry(raw, Options{Base: "https://example.org/feed/", Language: "az"})
	want := feed.Entry{
		GUID:      "tag:example.org,2026:1",
		Link:      "https://example.org/news/1",
		Title:     "Talks & walks",
		Summary:   "use <b> wisely",
		Content:   `<p>The talks <a href="https://example.org/news/a" rel="` + linkRel + `">go on</a>.</p>`,
		Text:      "The talks go on.",
		Rights:    "© All",
		Language:  "en-US",
		Words:     4,
		Published: day.UTC(),
		Details: feed.Details{
			Authors:     []feed.Person{{Name: "A Writer", Email: "a@b.example"}},
			Categories:  []feed.Category{{Term: "News"}, {Term: "x"}},
			Enclosures:  []feed.Enclosure{{URL: "https://example.org/a.mp3", Type: "audio/mpeg"}},
			Links:       []feed.Link{{Href: "https://example.org/en/1", Rel: "alternate", Language: "en", Length: "12"}},
			Image:       "https://example.org/feed/i.png",
			CommentsURL: "https://example.org/c",
			Comments:    3,
			Origin:      &feed.Origin{Title: "Other site", HomeURL: "https://other.example/"},
			Post:        &feed.Post{Path: "a.md"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestEntryBodies(t *testing.T) {
	long := strings.Repeat("word ", 100)
	for _, test := range []struct {
		name                   string
		raw                    feed.RawEntry
		content, summary, text string
	}{
		{"description_is_content", feed.RawEntry{Summary: feed.Text{Body: "<p>a <b>b</b></p>", HTML: true}}, "<p>a <b>b</b></p>", "a b", "a b"},
		{"short_text_is_summary_only", feed.RawEntry{Summary: feed.Text{Body: "a < b"}}, "", "a < b", ""},
		{"long_text_is_content", feed.RawEntry{Summary: feed.Text{Body: long}}, "<p>" + strings.TrimSpace(long) + "</p>", strings.TrimSpace(long[:299]) + "…", strings.TrimSpace(long)},
		{"content_gives_an_excerpt", feed.RawEntry{Content: feed.Text{Body: "<p>a</p><p>b</p>", HTML: true}}, "<p>a</p><p>b</p>", "a b", "a\nb"},
		{"text_content_is_escaped", feed.RawEntry{Content: feed.Text{Body: "a <script>\nb\n\nc"}}, "<p>a &lt;script&gt;<br/>\nb</p>\n<p>c</p>", "a <script> b c", "a <script>\nb\nc"},
		{"content_that_is_empty_is_none", feed.RawEntry{Content: feed.Text{Body: "<div> </div>", HTML: true}, Summary: feed.Text{Body: "<p>a</p>", HTML: true}}, "<p>a</p>", "a", "a"},
		{"pictures_are_content", feed.RawEntry{Content: feed.Text{Body: "<img src=https://example.org/a.png>", HTML: true}}, `<img src="https://example.org/a.png" loading="lazy" referrerpolicy="no-referrer"/>`, "", ""},
		{"subtitle_is_better_than_an_excerpt", feed.RawEntry{Content: feed.Text{Body: "a", HTML: true}, Subtitle: feed.Text{Body: "sub"}}, "a", "sub", "a"},
		{"own_base_first", feed.RawEntry{Base: "https://b.example/x/", Link: "https://example.org/1", Content: feed.Text{Body: `<q cite="y">a</q><a href="#n">b</a>`, HTML: true}}, `<q cite="https://b.example/x/y">a</q><a href="https://example.org/1#n" rel="` + linkRel + `">b</a>`, "ab", "ab"},
		{"nothing", feed.RawEntry{}, "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := Entry(test.raw, Options{})
			if e.Content != test.content || e.Summary != test.summary || e.Text != test.text {
				t.Errorf("content %q\nsummary %q\ntext %q", e.Content, e.Summary, e.Text)
			}
			if again := Text(e.Content); again != e.Text {
				t.Errorf("the text of what is stored is %q, not %q", again, e.Text)
			}
		})
	}
}

func TestDatesAreClamped(t *testing.T) {
	for _, test := range []struct {
		name string
		in   time.Time
		kept bool
	}{
		{"usual", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"year_1", time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), false},
		{"before_1970", time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"zero_of_unix", time.Unix(0, 0), false},
		{"year_9999", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), true},
		{"year_10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"none", time.Time{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := Entry(feed.RawEntry{Published: test.in}, Options{})
			if !e.Published.IsZero() != test.kept {
				t.Errorf("got %v", e.Published)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	got := Origin(feed.Document{
		ID: "urn:x", Title: feed.Text{Body: "A &amp; <b>B</b>", HTML: true}, Description: feed.Text{Body: "3 < 4"}, HomeURL: "/", SelfURL: "https://example.org/feed.xml",
		Icon: "javascript:x", Authors: []feed.Person{{Name: "A"}}, Links: []feed.Link{{Href: "/feed.xml", Rel: "self"}},
	})
	want := feed.Origin{
		ID: "urn:x", Title: "A & B", Description: "3 < 4", HomeURL: "https://example.org/", FeedURL: "https://example.org/feed.xml",
		Authors: []feed.Person{{Name: "A"}}, Links: []feed.Link{{Href: "https://example.org/feed.xml", Rel: "self"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
