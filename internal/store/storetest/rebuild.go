package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// takeAll takes every entry it is offered.
func takeAll(feed.Entry) (feed.Membership, bool) { return feed.Membership{Reason: "rebuilt"}, true }

// rebuild goes on until it is done.
func (f *fixture) rebuild(t *testing.T, ch feed.Channel, choose func(feed.Entry) (feed.Membership, bool)) {
	t.Helper()
	for range 1000 {
		done, err := f.s.Rebuild(t.Context(), ch, 3, choose)
		check(t, err)
		if done {
			return
		}
	}
	t.Fatal("the channel is never done")
}

// fill records ten entries of a, named 0 to 9.
func (f *fixture) fill(t *testing.T) {
	t.Helper()
	for i := range 10 {
		f.poll(t, "a", f.entry("a", strconv.Itoa(i)))
	}
}

// odd is the channel of odd entries, which takes none by itself.
var odd = feed.Channel{ID: "odd", Rules: "odd"}

func takeOdd(e feed.Entry) (feed.Membership, bool) {
	n, err := strconv.Atoi(e.Key)
	return feed.Membership{Channel: "odd", Reason: "is odd"}, err == nil && n%2 == 1
}

var rebuildTests = []test{
	{"a_channel_new_to_a_store_with_entries_is_stale", func(t *testing.T, f *fixture) {
		same(t, "stale without entries", f.declare(t, all), []string{})
		f.fill(t)
		same(t, "stale", f.declare(t, all, odd), []string{"odd"})
		same(t, "still stale", f.declare(t, all, odd), []string{"odd"})
		f.rebuild(t, odd, takeOdd)
		same(t, "stale when done", f.declare(t, all, odd), []string{})
		same(t, "channel", f.titles(t, "odd"), []string{"Title of 9", "Title of 7", "Title of 5", "Title of 3", "Title of 1"})
		same(t, "why", memberships(t, f, f.channel(t, "odd")[0].ID)[1].Reason, "is odd")
	}},
	{"readers_see_the_old_contents_until_it_is_done", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		changed := feed.Channel{ID: "all", Rules: "only odd"}
		same(t, "stale", f.declare(t, changed), []string{"all"})
		before, titles := f.revision(t, "all"), f.titles(t, "all")
		for done := false; !done; {
			same(t, "meanwhile", f.titles(t, "all"), titles)
			same(t, "meanwhile", f.revision(t, "all"), before)
			var err error
			done, err = f.s.Rebuild(t.Context(), changed, 4, takeOdd)
			check(t, err)
		}
		same(t, "after", len(f.titles(t, "all")), 5)
		after := f.revision(t, "all")
		if after.Number != before.Number+1 || after.Changed.Before(before.Changed) {
			t.Errorf("revision %+v, then %+v", before, after)
		}
	}},
	{"offers_each_entry_once_oldest_first_at_most_limit", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		f.declare(t, all, odd)
		var offered []string
		for done := false; !done; {
			n := 0
			var err error
			done, err = f.s.Rebuild(t.Context(), odd, 3, func(e feed.Entry) (feed.Membership, bool) {
				n++
				offered = append(offered, e.Key)
				if e.Content == "" {
					t.Errorf("%s has no content", e.Key)
				}
				return feed.Membership{}, false
			})
			check(t, err)
			if n > 3 {
				t.Errorf("%d offered of 3", n)
			}
		}
		same(t, "offered", offered, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
	}},
	{"held_and_withdrawn_entries_are_not_offered", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		held, withdrawn := f.entry("a", "1"), f.entry("a", "3")
		held.Entry.Held = true
		f.poll(t, "a", held, withdrawn)
		r := f.record("a")
		r.Withdrawn = []string{"3"}
		f.put(t, r)
		f.declare(t, all, odd)
		f.rebuild(t, odd, takeAll)
		same(t, "channel", f.titles(t, "odd"), []string{})
	}},
	{"dropped_entries_that_are_chosen_are_dropped_no_more", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		dropped := f.entry("a", "1")
		dropped.Entry.Dropped = "rule"
		f.poll(t, "a", dropped)
		f.declare(t, all, odd)
		f.rebuild(t, odd, takeAll)
		same(t, "channel", f.titles(t, "odd"), []string{dropped.Entry.Title})
		same(t, "dropped", f.channel(t, "odd")[0].Lead.Dropped, "")
	}},
	{"what_is_recorded_meanwhile_is_in_old_and_new", func(t *testing.T, f *fixture) {
		f.declare(t, all, odd)
		f.fill(t)
		changed := feed.Channel{ID: "odd", Rules: "odd, changed"}
		f.declare(t, all, changed)
		_, err := f.s.Rebuild(t.Context(), changed, 3, takeOdd)
		check(t, err)
		n := f.entry("b", "new")
		n.Entry.ID = f.channel(t, "all")[9].ID - 1 // was minted before what has been looked at
		n.Channels = []feed.Membership{{Channel: "odd", Reason: "meanwhile"}}
		f.poll(t, "b", n)
		same(t, "old", f.titles(t, "odd"), []string{n.Entry.Title})
		f.rebuild(t, changed, takeOdd)
		same(t, "new", len(f.titles(t, "odd")), 6)
	}},
	{"what_is_taken_back_meanwhile_is_in_neither", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		f.declare(t, all, odd)
		_, err := f.s.Rebuild(t.Context(), odd, 3, takeOdd)
		check(t, err)
		done, err := f.s.Rebuild(t.Context(), odd, 3, func(e feed.Entry) (feed.Membership, bool) {
			if e.Key == "3" {
				r := f.record("a")
				r.Withdrawn = []string{"1", "3"}
				f.put(t, r)
			}
			return takeOdd(e)
		})
		check(t, err)
		same(t, "done", done, false)
		f.rebuild(t, odd, takeOdd)
		same(t, "channel", f.titles(t, "odd"), []string{"Title of 9", "Title of 7", "Title of 5"})
	}},
	{"rules_that_change_again_start_it_over", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		f.declare(t, all, odd)
		_, err := f.s.Rebuild(t.Context(), odd, 3, takeAll)
		check(t, err)
		again := feed.Channel{ID: "odd", Rules: "again"}
		f.declare(t, all, again)
		f.rebuild(t, again, takeOdd)
		same(t, "channel", len(f.titles(t, "odd")), 5)
	}},
	{"rules_that_change_back_need_nothing", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		changed := feed.Channel{ID: "all", Rules: "changed"}
		f.declare(t, changed)
		_, err := f.s.Rebuild(t.Context(), changed, 3, takeOdd)
		check(t, err)
		same(t, "stale", f.declare(t, all), []string{})
		done, err := f.s.Rebuild(t.Context(), all, 3, takeOdd)
		check(t, err)
		same(t, "done", done, true)
		same(t, "channel", len(f.titles(t, "all")), 10)
	}},
	{"an_unknown_channel_is_not_found", func(t *testing.T, f *fixture) {
		f.declare(t)
		if _, err := f.s.Rebuild(t.Context(), odd, 3, takeOdd); !errors.Is(err, feed.ErrNotFound) {
			t.Errorf("rebuild: %v", err)
		}
	}},
}

var trimTests = []test{
	{"ids_outlive_content", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		f.poll(t, "a", f.entry("a", "2"))
		before := f.revision(t, "all")
		n, err := f.s.Trim(t.Context(), "a", feed.Keep{Entries: 1}, f.now, 10)
		check(t, err)
		same(t, "dropped", n, 1)
		same(t, "channel", f.titles(t, "all"), []string{"Title of 2"})
		same(t, "revision", f.revision(t, "all").Number, before.Number+1)
		known := f.known(t, "a", "1")["1"]
		same(t, "known", known.Entry, one.Entry.ID)
		same(t, "hash", known.Hash, one.Entry.Hash)
		entries := collect(t, f.s.Entries(t.Context(), "a", 0))
		if len(entries) != 2 || entries[0].Content != "" || entries[0].Title != one.Entry.Title || entries[1].Content == "" {
			t.Errorf("entries: %+v", entries)
		}
		same(t, "search", list(t, f, store.Query{Search: "title", Limit: 10}), []string{"Title of 2"})
		copied := sharing(f.entry("b", "3"), one)
		out := f.poll(t, "b", copied)
		if out.New[0].Story != known.Story {
			t.Error("a copy did not find the story whose content was dropped")
		}
		same(t, "channel with a copy", f.titles(t, "all"), []string{"Title of 2", copied.Entry.Title})
		same(t, "the id", f.story(t, known.Story).PublicID, one.Entry.PublicID)
	}},
	{"what_stands_is_spared", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one, two := f.entry("a", "1"), f.entry("a", "2")
		f.poll(t, "a", one, two)
		n, err := f.s.Trim(t.Context(), "a", feed.Keep{Entries: 1, Age: time.Second}, f.now.Add(1000*time.Hour), 10)
		check(t, err)
		same(t, "dropped", n, 0)
	}},
	{"age_and_number_both_bound_and_zero_does_not", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		for i := range 10 {
			f.poll(t, "a", f.entry("a", strconv.Itoa(i)))
			f.now = f.now.Add(time.Hour)
		}
		trim := func(keep feed.Keep, limit, want int) {
			t.Helper()
			n, err := f.s.Trim(t.Context(), "a", keep, f.now, limit)
			check(t, err)
			same(t, "dropped", n, want)
		}
		trim(feed.Keep{}, 10, 0)
		trim(feed.Keep{Entries: 8, Age: 1000 * time.Hour}, 1, 1)
		trim(feed.Keep{Entries: 8, Age: 1000 * time.Hour}, 10, 1)
		trim(feed.Keep{Entries: 1000, Age: 5 * time.Hour}, 10, 4)
		trim(feed.Keep{Entries: 1000, Age: 5 * time.Hour}, 10, 0)
		same(t, "channel", len(f.titles(t, "all")), 4)
	}},
	{"a_shown_entry_is_spared_while_another_of_its_story_has_content", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		f.poll(t, "b", sharing(f.entry("b", "2"), one))
		f.poll(t, "a", f.entry("a", "3"))
		f.poll(t, "b", f.entry("b", "4"))
		keep := feed.Keep{Entries: 1}
		n, err := f.s.Trim(t.Context(), "a", keep, f.now, 10)
		check(t, err)
		same(t, "of the one shown", n, 0)
		n, err = f.s.Trim(t.Context(), "b", keep, f.now, 10)
		check(t, err)
		same(t, "of the other", n, 1)
		same(t, "channel", len(f.titles(t, "all")), 3)
		n, err = f.s.Trim(t.Context(), "a", keep, f.now, 10)
		check(t, err)
		same(t, "of the last", n, 1)
		same(t, "channel", len(f.titles(t, "all")), 2)
	}},
	{"trimmed_stories_do_not_come_back_by_a_rebuild", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.fill(t)
		_, err := f.s.Trim(t.Context(), "a", feed.Keep{Entries: 4}, f.now, 100)
		check(t, err)
		f.declare(t, all, odd)
		f.rebuild(t, odd, takeOdd)
		same(t, "channel", f.titles(t, "odd"), []string{"Title of 9", "Title of 7"})
	}},
}
