package dedupe

import (
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
)

// prose is a text of forty words; the tests cut and change it.
const prose = `The ministers of the two countries met on the border bridge on Tuesday and agreed to open it for lorries
before the end of the winter, their offices said, after talks that had lasted most of the night and had twice been broken off.`

const other = `A museum of tea will open in the old factory by the harbour next spring, the town council has decided, and the
first machines, some of them more than a hundred years old, have already been cleaned and painted by pupils of the school.`

var settings = feed.Dedup{Threshold: 0.72, Window: 400 * 24 * time.Hour}

func entry(source, link, title, text string) feed.Entry {
	return feed.Entry{Source: source, Key: link, Link: link, Title: title, Text: text, Words: len(strings.Fields(text))}
}

func TestCompare(t *testing.T) {
	admin := settings
	admin.Same = [][2]string{{"https://a.example/1", "https://b.example/2"}}
	admin.Apart = [][2]string{{"https://a.example/1", "https://c.example/3"}}

	named := entry("b", "https://b.example/copy", "Elsewhere", prose)
	named.Canonical = "https://a.example/1"
	namedOther := named
	namedOther.Text = other
	sameGUID, otherGUID := entry("a", "https://a.example/1", "A", prose), entry("b", "https://b.example/2", "B", prose)
	sameGUID.GUID, otherGUID.GUID = "tag:a.example,2026:1", "tag:a.example,2026:1"
	trimmed := feed.Entry{Source: "b", Link: "https://a.example/1", Title: "Bridge to open", Words: 40}

	tests := []struct {
		name string
		with feed.Dedup
		a, b feed.Entry
		same bool
		rule string
	}{
		{"one_address_and_one_text", settings, entry("a", "https://a.example/1?utm_source=x", "Bridge", prose), entry("b", "http://www.a.example/1", "Bridge", prose), true, RuleAddress},
		{"one_address_without_text", settings, entry("a", "https://a.example/1", "Bridge", prose), entry("b", "https://a.example/1", "Bridge to open", ""), true, RuleAddress},
		{"one_address_and_two_texts", settings, entry("a", "https://a.example/1", "Bridge", prose), entry("b", "https://a.example/1", "Tea", other), false, RuleAddress},
		{"two_headlines_of_one_source_about_one_page", settings, entry("a", "https://a.example/", "Bridge", ""), entry("a", "https://a.example/", "Tea", ""), false, RuleAddress},
		{"headline_stands_in_for_a_text_no_longer_kept", settings, entry("a", "https://a.example/1", "Bridge to OPEN", prose), trimmed, true, RuleAddress},
		{"nothing_stands_in_where_headlines_differ", settings, entry("a", "https://a.example/1", "Tea", prose), trimmed, false, RuleAddress},
		{"two_addresses", settings, entry("a", "https://a.example/1", "Bridge", prose), entry("b", "https://b.example/2", "Bridge", prose), false, RuleAlone},
		{"named_as_the_original", settings, entry("a", "https://a.example/1", "Bridge", prose), named, true, RuleOriginal},
		{"named_as_the_original_of_another_text", settings, entry("a", "https://a.example/1", "Bridge", prose), namedOther, false, RuleOriginal},
		{"identifier_and_text", settings, sameGUID, otherGUID, true, RuleIdentifier},
		{"declared_the_same", admin, entry("a", "https://a.example/1", "Bridge", prose), entry("b", "https://b.example/2", "Tea", other), true, RuleAdmin},
		{"declared_apart", admin, entry("a", "https://a.example/1", "Bridge", prose), entry("c", "https://c.example/3", "Bridge", prose), false, RuleAdmin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := New(tt.with)
			got, turned := d.Compare(&tt.a, &tt.b), d.Compare(&tt.b, &tt.a)
			if got.Same != tt.same || got.Rule != tt.rule {
				t.Errorf("got %+v, want same=%t by %s", got, tt.same, tt.rule)
			}
			if got != turned {
				t.Errorf("in the other order: %+v, want %+v", turned, got)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	stored := func(id feed.ID, link, text string) feed.Candidate {
		e := entry("s", link, "Bridge", text)
		e.ID, e.Story = id, id+100
		return feed.Candidate{Entry: e}
	}
	apart := settings
	apart.Apart = [][2]string{{"https://a.example/1", "https://a.example/1?id=2"}}

	tests := []struct {
		name       string
		with       feed.Dedup
		candidates []feed.Candidate
		story      feed.ID
		rule       string
	}{
		{"nobody_else", settings, nil, 0, RuleAlone},
		{"joins_the_oldest_of_equals", settings, []feed.Candidate{stored(7, "https://a.example/1", prose), stored(5, "https://a.example/1", prose)}, 105, RuleAddress},
		{"stays_apart_from_another_text", settings, []feed.Candidate{stored(7, "https://a.example/1", other)}, 0, RuleAlone},
		{"a_story_with_a_barred_member_is_barred", apart, []feed.Candidate{
			{Entry: feed.Entry{ID: 7, Story: 107, Link: "https://a.example/1?id=2", Text: prose, Words: 40}},
			{Entry: feed.Entry{ID: 8, Story: 107, Link: "https://a.example/1", Text: prose, Words: 40}},
		}, 0, RuleAlone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := entry("new", "https://a.example/1", "Bridge", prose)
			if got := New(tt.with).Place(&e, tt.candidates); got.Story != tt.story || got.Rule != tt.rule || got.Reason == "" {
				t.Errorf("got %+v, want story %d by %s, with a reason", got, tt.story, tt.rule)
			}
		})
	}
}

func TestKeysMeet(t *testing.T) {
	shares := func(d *Decider, a, b feed.Entry) bool {
		for _, ka := range d.Keys(&a) {
			for _, kb := range d.Keys(&b) {
				if ka.Hash == kb.Hash {
					return true
				}
			}
		}
		return false
	}
	admin := settings
	admin.Same = [][2]string{{"https://a.example/1", "https://b.example/2"}}
	naming := entry("b", "https://b.example/9", "", "")
	naming.Canonical = "https://a.example/1"
	tests := []struct {
		name string
		with feed.Dedup
		a, b feed.Entry
		want bool
	}{
		{"spellings_of_one_address", settings, entry("a", "http://www.a.example/1/", "", ""), entry("b", "https://a.example/1#top", "", ""), true},
		{"original_and_address", settings, entry("a", "https://a.example/1", "", ""), naming, true},
		{"declared_pair", admin, entry("a", "https://a.example/1", "", ""), entry("b", "https://b.example/2", "", ""), true},
		{"strangers", settings, entry("a", "https://a.example/1", "", ""), entry("b", "https://b.example/2", "", ""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := shares(New(tt.with), tt.a, tt.b); got != tt.want {
				t.Errorf("meet: %t, want %t", got, tt.want)
			}
		})
	}
}

func TestLead(t *testing.T) {
	kinds := map[string]feed.Kind{"posts": feed.Authored, "outlet": feed.Outlet, "outlet2": feed.Outlet, "mirror": feed.Mirror, "planet": feed.Aggregator}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	tests := []struct {
		name    string
		members []feed.Member
		want    feed.ID
	}{
		{"own_post_before_its_copies", []feed.Member{{Entry: 1, Source: "outlet", Words: 500, Published: day(1)}, {Entry: 2, Source: "posts", Words: 400, Published: day(2)}}, 2},
		{"outlet_before_aggregator", []feed.Member{{Entry: 1, Source: "planet", Words: 500, Published: day(1)}, {Entry: 2, Source: "outlet", Words: 300, Published: day(2)}}, 2},
		{"fuller_text_before_an_earlier_excerpt", []feed.Member{{Entry: 1, Source: "outlet", Words: 50, Published: day(1)}, {Entry: 2, Source: "outlet2", Words: 500, Published: day(2)}}, 2},
		{"earlier_of_like_texts", []feed.Member{{Entry: 2, Source: "outlet2", Words: 500, Published: day(2)}, {Entry: 3, Source: "outlet", Words: 450, Published: day(1)}}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Lead(tt.members, func(s string) feed.Kind { return kinds[s] }); got != tt.want {
				t.Errorf("lead %d, want %d", got, tt.want)
			}
		})
	}
}

// FuzzCompare holds that a verdict does not depend on the order, and that an
// entry is the same as itself.
func FuzzCompare(f *testing.F) {
	f.Add("https://a.example/1", prose, "https://a.example/1", other)
	f.Add("https://a.example/1", "İstanbul ısındı", "http://www.a.example/1/", "istanbul isindi")
	d := New(settings)
	f.Fuzz(func(t *testing.T, linkA, textA, linkB, textB string) {
		a, b := entry("a", linkA, "A", textA), entry("b", linkB, "B", textB)
		if ab, ba := d.Compare(&a, &b), d.Compare(&b, &a); ab != ba {
			t.Errorf("a, b: %+v; b, a: %+v", ab, ba)
		}
		if twin := d.Compare(&a, &a); feed.CanonicalURL(linkA) != "" && !twin.Same {
			t.Errorf("not the same as itself: %+v", twin)
		}
	})
}
