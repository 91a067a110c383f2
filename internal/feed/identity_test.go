package feed

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	entry := func(guid, link, title string) RawEntry {
		return RawEntry{GUID: guid, Link: link, Title: Text{Body: title}}
	}
	tests := []struct {
		name    string
		entries []RawEntry
		want    []string // "*" is a derived one
	}{
		{"guid_names_the_entry", []RawEntry{entry("1", "https://a.example/1", "A")}, []string{"1"}},
		{"link_stands_in_for_a_guid", []RawEntry{entry("", "https://a.example/1", "A")}, []string{"https://a.example/1"}},
		{"reused_guid_is_told_apart_by_link", []RawEntry{entry("1", "https://a.example/1", "A"), entry("1", "https://a.example/2", "B")},
			[]string{"1|https://a.example/1", "1|https://a.example/2"}},
		{"same_link_twice_without_guid", []RawEntry{entry("", "https://a.example/", "A"), entry("", "https://a.example/", "B")}, []string{"https://a.example/", "*"}},
		{"neither_guid_nor_link", []RawEntry{entry("", "", "A"), entry("", "", "B")}, []string{"*", "*"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Keys(tt.entries)
			if again := Keys(tt.entries); !slices.Equal(got, again) {
				t.Errorf("named %q, and then %q", got, again)
			}
			seen := map[string]bool{}
			for i, key := range got {
				if seen[key] || (tt.want[i] == "*") != strings.HasPrefix(key, "sha256:") || tt.want[i] != "*" && key != tt.want[i] {
					t.Errorf("keys %q, want %q", got, tt.want)
				}
				seen[key] = true
			}
		})
	}
}

func TestPublicID(t *testing.T) {
	tests := []struct {
		name, guid, key string
		want            string // empty is a derived one
	}{
		{"uri_is_kept_character_by_character", "HTTP://EXAMPLE.org/a%7Eb", "HTTP://EXAMPLE.org/a%7Eb", "HTTP://EXAMPLE.org/a%7Eb"},
		{"tag_uri", "tag:example.org,2026:1", "tag:example.org,2026:1", "tag:example.org,2026:1"},
		{"number", "12345", "12345", ""},
		{"blank_inside", "http://example.org/a b", "http://example.org/a b", ""},
		{"reused_guid", "http://example.org/a", "http://example.org/a|http://example.org/b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := PublicID("outlet", tt.guid, tt.key)
			if tt.want != "" && got != tt.want || tt.want == "" && !strings.HasPrefix(got, "urn:uuid:") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if other := PublicID("other", tt.guid, tt.key); tt.want == "" && other == got {
				t.Errorf("two sources have the entry %s", got)
			}
		})
	}
}

// TestFingerprintCoversEveryField changes each field in turn, so that a field
// added later is not forgotten.
func TestFingerprintCoversEveryField(t *testing.T) {
	var e RawEntry
	before := e.Fingerprint()
	for field, v := range reflect.ValueOf(&e).Elem().Fields() {
		if field.Name == "Details" {
			continue
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch v.Interface().(type) {
		case string:
			v.SetString("x")
		case Text:
			v.Set(reflect.ValueOf(Text{Body: "x"}))
		case time.Time:
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
		default:
			t.Fatalf("%s: a type that this test does not know", field.Name)
		}
		if e.Fingerprint() == before {
			t.Errorf("%s changes nothing", field.Name)
		}
		v.Set(old)
	}
	e.Authors = []Person{{Name: "x"}}
	if e.Fingerprint() == before {
		t.Error("Details change nothing")
	}
}

func TestMintIDGrows(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := MintID(now, 5, 0)
	second := MintID(now, 3, first)
	later := MintID(now.Add(time.Millisecond), 0, second)
	if first >= second || second >= later {
		t.Errorf("IDs %d, %d, %d do not grow", first, second, later)
	}
	if got, err := ParseID(first.String()); err != nil || got != first {
		t.Errorf("%s reads as %d, %v", first, got, err)
	}
	for _, s := range []string{"", "0", "-1", "UPPER", "https://a.example"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q was read as an ID", s)
		}
	}
}

func TestShownDates(t *testing.T) {
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return seen.AddDate(0, 0, n) }
	tests := []struct {
		name                        string
		published, updated, changed time.Time
		shown, update               time.Time
	}{
		{"claimed", day(-2), time.Time{}, seen, day(-2), day(-2)},
		{"nothing_claimed", time.Time{}, time.Time{}, seen, seen, seen},
		{"only_updated_claimed", time.Time{}, day(-1), seen, day(-1), day(-1)},
		{"future_claim_is_not_believed", day(3), time.Time{}, seen, seen, seen},
		{"updated_before_published", day(-1), day(-2), seen, day(-1), day(-1)},
		{"edit_that_its_publisher_dated", day(-2), day(4), day(5), day(-2), day(4)},
		{"edit_dated_in_the_future", day(-2), day(9), day(5), day(-2), day(5)},
		{"edit_that_nobody_dated", day(-2), time.Time{}, day(5), day(-2), day(-2)},
		{"edit_of_an_entry_without_dates", time.Time{}, time.Time{}, day(5), seen, day(5)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := Entry{Published: tt.published, Updated: tt.updated, FirstSeen: seen, Changed: tt.changed}
			if got := e.Shown(); !got.Equal(tt.shown) {
				t.Errorf("shown %s, want %s", got, tt.shown)
			}
			if got := e.ShownUpdate(); !got.Equal(tt.update) {
				t.Errorf("updated %s, want %s", got, tt.update)
			}
		})
	}
}
