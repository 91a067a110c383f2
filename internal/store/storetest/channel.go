package storetest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

var channelTests = []test{
	{"newest_place_first_then_greatest_id", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one, two, three, four := f.entry("a", "1"), f.entry("a", "2"), f.entry("a", "3"), f.entry("a", "4")
		one.Sort, two.Sort, three.Sort, four.Sort = start, start.Add(-time.Hour), start, start.Add(time.Hour)
		f.poll(t, "a", one, two, three, four)
		same(t, "order", f.titles(t, "all"), []string{"Title of 4", "Title of 3", "Title of 1", "Title of 2"})
	}},
	{"paging_yields_each_story_once_while_entries_arrive", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		want := map[string]bool{}
		for i := range 25 {
			n := f.entry("a", strconv.Itoa(i))
			n.Sort = start.Add(time.Duration(i/4) * time.Hour) // several share a place
			f.poll(t, "a", n)
			want[n.Entry.Title] = true
		}
		page := store.Page{Limit: 3}
		seen := map[string]bool{}
		for {
			stories, err := f.s.Channel(t.Context(), "all", page)
			check(t, err)
			if len(stories) > 3 {
				t.Fatalf("%d stories on a page of 3", len(stories))
			}
			for _, s := range stories {
				if seen[s.Lead.Title] {
					t.Errorf("%s comes twice", s.Lead.Title)
				}
				seen[s.Lead.Title] = true
			}
			if len(stories) == 0 {
				break
			}
			last := stories[len(stories)-1]
			page.Before = store.Cursor{Sort: last.Sort, Story: last.ID}
			f.poll(t, "b", f.entry("b", "new "+strconv.Itoa(len(seen))))
		}
		for title := range want {
			if !seen[title] {
				t.Errorf("%s is missing", title)
			}
		}
	}},
	{"a_revision_grows_by_one_with_each_record_that_shows", func(t *testing.T, f *fixture) {
		f.declare(t, all, feed.Channel{ID: "other", Rules: "x"})
		before, other := f.revision(t, "all"), f.revision(t, "other")
		one, two := f.entry("a", "1"), f.entry("a", "2")
		grown := int64(0)
		grows := func(what string, by int64, out store.Recorded) {
			t.Helper()
			grown += by
			now := f.revision(t, "all")
			same(t, what, now.Number, before.Number+grown)
			same(t, what+": told", len(out.Channels), int(by))
			if by > 0 {
				same(t, what+": when", now.Changed, f.now.Add(-time.Minute+time.Second))
			}
		}
		f.now = time.Now().UTC().Truncate(time.Millisecond).Add(time.Hour) // after the channel was made
		grows("new entries", 1, f.poll(t, "a", one, two))
		grows("a poll that found nothing", 0, f.poll(t, "a"))
		r := f.record("a")
		r.Standing = []string{"1"}
		grows("one fell out of the document", 0, f.put(t, r))
		grows("the lead changed", 1, f.poll(t, "a", f.edited(one, "Other")))
		third := sharing(f.entry("b", "3"), one)
		grows("a story gained a member", 1, f.poll(t, "b", third))
		rewritten := third
		rewritten.Entry.Content, rewritten.Entry.Hash = "<p>Other.</p>", "other"
		grows("the text of one not shown changed", 0, f.poll(t, "b", rewritten))
		grows("the title of one not shown changed", 1, f.poll(t, "b", f.edited(third, "Another")))
		held := f.entry("c", "4")
		held.Entry.Held = true
		grows("a held entry", 0, f.poll(t, "c", held))
		same(t, "the other channel", f.revision(t, "other"), other)
	}},
	{"revisions_never_go_back_in_time", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		before := f.revision(t, "all")
		f.now = start.Add(-1000 * time.Hour)
		f.poll(t, "a", f.entry("a", "2"))
		after := f.revision(t, "all")
		if after.Number != before.Number+1 || after.Changed.Before(before.Changed) {
			t.Errorf("%+v, then %+v", before, after)
		}
	}},
	{"a_story_joins_the_channels_of_each_of_its_entries", func(t *testing.T, f *fixture) {
		f.declare(t, all, feed.Channel{ID: "b", Rules: "b"})
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		two := sharing(f.entry("b", "2"), one)
		two.Channels = []feed.Membership{{Channel: "all", Reason: "again"}, {Channel: "b", Reason: "source b"}, {Channel: "gone", Reason: "no longer declared"}}
		out := f.poll(t, "b", two)
		same(t, "changed", out.Channels, []string{"all", "b"})
		same(t, "b", f.titles(t, "b"), []string{one.Entry.Title})
		same(t, "why", memberships(t, f, out.New[0].Story), []feed.Membership{{Channel: "all", Reason: "takes everything"}, {Channel: "b", Reason: "source b"}})
		changed := f.edited(one, "Other")
		changed.Channels = nil
		f.poll(t, "a", changed)
		same(t, "all, though it no longer matches", f.titles(t, "all"), []string{"Other"})
	}},
	{"an_undeclared_channel_is_gone_and_its_revision_grows_on", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		before := f.revision(t, "all")
		f.declare(t)
		revisions, err := f.s.Revisions(t.Context())
		check(t, err)
		if len(revisions) != 0 || len(f.channel(t, "all")) != 0 {
			t.Errorf("revisions: %v", revisions)
		}
		same(t, "stale", f.declare(t, all), []string{"all"})
		if after := f.revision(t, "all"); after.Number <= before.Number {
			t.Errorf("%+v, then %+v", before, after)
		}
		f.rebuild(t, all, takeAll)
		same(t, "channel", f.titles(t, "all"), []string{"Title of 1"})
	}},
}

var listTests = []test{
	{"an_empty_query_lists_newest_first_without_content", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		held := f.entry("a", "2")
		held.Entry.Held = true
		f.poll(t, "a", held)
		same(t, "titles", list(t, f, store.Query{Limit: 10}), []string{"Title of 2", "Title of 1"})
		stories, err := f.s.Stories(t.Context(), store.Query{Limit: 1})
		check(t, err)
		if len(stories) != 1 || stories[0].Lead.Content != "" || len(stories[0].Members) != 1 {
			t.Errorf("stories: %+v", stories)
		}
		before := store.Cursor{Sort: stories[0].Sort, Story: stories[0].ID}
		same(t, "next page", list(t, f, store.Query{Limit: 10, Before: before}), []string{"Title of 1"})
	}},
	{"all_conditions_hold", func(t *testing.T, f *fixture) {
		f.declare(t, all, feed.Channel{ID: "ru", Rules: "ru"})
		one, two, three := f.entry("a", "1"), f.entry("b", "2"), f.entry("b", "3")
		two.Entry.Language, two.Entry.Title = "ru", "Две новости"
		two.Channels = append(two.Channels, feed.Membership{Channel: "ru"})
		f.poll(t, "a", one)
		f.poll(t, "b", two, three)
		copied := sharing(f.entry("c", "copy"), one)
		f.poll(t, "c", copied)
		for _, c := range []struct {
			name string
			q    store.Query
			want []string
		}{
			{"language", store.Query{Language: "ru"}, []string{"Две новости"}},
			{"source", store.Query{Source: "b"}, []string{"Title of 3", "Две новости"}},
			{"source of any entry", store.Query{Source: "c"}, []string{"Title of 1"}},
			{"channel", store.Query{Channel: "ru"}, []string{"Две новости"}},
			{"channel and language", store.Query{Channel: "all", Language: "en"}, []string{"Title of 3", "Title of 1"}},
			{"channel and source", store.Query{Channel: "all", Source: "a"}, []string{"Title of 1"}},
			{"source and language", store.Query{Source: "b", Language: "en"}, []string{"Title of 3"}},
			{"words", store.Query{Search: "title"}, []string{"Title of 3", "Title of 1"}},
			{"words and source", store.Query{Search: "title", Source: "c"}, []string{"Title of 1"}},
			{"words and channel", store.Query{Search: "новости", Channel: "ru"}, []string{"Две новости"}},
			{"words and language", store.Query{Search: "новости", Language: "en"}, nil},
			{"unknown channel", store.Query{Channel: "x"}, nil},
			{"unknown source", store.Query{Source: "x"}, nil},
		} {
			c.q.Limit = 10
			same(t, c.name, list(t, f, c.q), c.want)
		}
	}},
	{"nothing_in_a_search_is_syntax", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		n := f.entry("a", "1")
		n.Entry.Title = `He said "NOT near" me: co-operation (100%)`
		n.Entry.Summary = "Éclair in Bakı"
		f.poll(t, "a", n)
		for search, want := range map[string]bool{
			"": true, "  ": true, "said": true, "SAID he": true, `"not near"`: true, "NOT": true, "co-operation": true, "100%": true,
			"eclair": true, "title:said": false, "sai*": false, "said absent": false, "said OR absent": false, "NEAR(said me)": false,
			`"`: false, `""`: false, "*": false, "- AND -": false, "said\x00he": true, "said\xffhe": true, "(": false, "{said}": true, "^said": true,
			strings.Repeat("said ", 5000): true, strings.Repeat("(", 10000): false, "'; DROP TABLE story; --": false,
		} {
			got := list(t, f, store.Query{Search: search, Limit: 10})
			if (len(got) > 0) != want {
				t.Errorf("search for %.40q finds %v", search, got)
			}
		}
	}},
	{"a_story_is_found_by_what_is_shown_of_it_now", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		f.poll(t, "a", f.edited(one, "Earthquake"))
		same(t, "new words", list(t, f, store.Query{Search: "earthquake", Limit: 10}), []string{"Earthquake"})
		same(t, "old words", list(t, f, store.Query{Search: "title", Limit: 10}), []string{})
	}},
}

func list(t *testing.T, f *fixture, q store.Query) []string {
	t.Helper()
	stories, err := f.s.Stories(t.Context(), q)
	check(t, err)
	titles := []string{}
	for _, s := range stories {
		titles = append(titles, s.Lead.Title)
	}
	return titles
}
