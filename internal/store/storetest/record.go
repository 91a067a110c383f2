package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

var recordTests = []test{
	{"an_entry_comes_back_as_it_was_recorded", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		n := f.entry("a", "1")
		n.Entry.Updated = f.now.Add(-time.Second)
		n.Entry.Rights, n.Entry.Topics = "© A", []string{"x", "y"}
		n.Entry.Details = feed.Details{
			Authors: []feed.Person{{Name: "N", URL: "u", Email: "e", Avatar: "v"}}, Categories: []feed.Category{{Term: "t", Scheme: "s", Label: "l"}},
			Enclosures: []feed.Enclosure{{URL: "u", Type: "audio/mpeg", Title: "T", Length: 5, Duration: 6}}, Links: []feed.Link{{Href: "h", Rel: "r"}},
			Image: "i", Thumbnails: []string{"t"}, Canonical: "c", Origin: &feed.Origin{Title: "O"}, Comments: 3,
		}
		out := f.poll(t, "a", n)
		want := n.Entry
		want.Story = out.New[0].Story
		same(t, "recorded", out, store.Recorded{Channels: []string{"all"}, New: []feed.Entry{want}})
		same(t, "entries", collect(t, f.s.Entries(t.Context(), "a", 0)), []feed.Entry{want})
		same(t, "lead", f.channel(t, "all")[0].Lead, want)
		k := f.known(t, "a", "1")["1"]
		same(t, "known", k, store.Known{
			Entry: want.ID, Story: want.Story, Hash: want.Hash, FirstSeen: want.FirstSeen, Standing: true, Published: want.Published, Updated: want.Updated, Title: want.Title,
		})
	}},
	{"a_poll_that_fails_to_record_leaves_nothing", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one, two := f.entry("a", "1"), f.entry("a", "2")
		f.poll(t, "a", one, two)
		before := f.everything(t)
		fail := func(name string, change func(r *store.Record)) {
			r := f.record("a", f.edited(one, "New title"), f.entry("a", "3"), sharing(f.entry("a", "4"), one))
			r.Withdrawn = []string{"2"}
			change(&r)
			if _, err := f.s.Record(t.Context(), r); err == nil {
				t.Errorf("%s: no error", name)
			}
			same(t, name, f.everything(t), before)
		}
		fail("place panics", func(r *store.Record) {
			r.Place = func(e feed.Entry, c []feed.Candidate) feed.Placement {
				if e.Key == "4" {
					panic("at the disco")
				}
				return joinFirst(e, c)
			}
		})
		fail("lead panics", func(r *store.Record) { r.Lead = func([]feed.Member) feed.ID { panic("at the disco") } })
		fail("lead is none of the members", func(r *store.Record) { r.Lead = func([]feed.Member) feed.ID { return 7 } })
		fail("placed in no story", func(r *store.Record) {
			r.Place = func(feed.Entry, []feed.Candidate) feed.Placement { return feed.Placement{Story: 7} }
		})
		fail("entry of another source", func(r *store.Record) { r.Entries[2].Entry.Source = "b" })
		fail("ID of another entry", func(r *store.Record) { r.Entries[2].Entry.ID = two.Entry.ID })
		f.poll(t, "a", one, two) // and it goes on
	}},
	{"one_failure_takes_no_other_poll_with_it", func(t *testing.T, f *fixture) {
		var declared []store.Declared
		for i := range 8 {
			declared = append(declared, store.Declared{ID: strconv.Itoa(i), First: start})
		}
		_, err := f.s.Declare(t.Context(), declared, []feed.Channel{all})
		check(t, err)
		var records [8][10]store.Record
		for i := range records {
			for j := range records[i] {
				r := f.record(strconv.Itoa(i), f.entry(strconv.Itoa(i), strconv.Itoa(j)))
				if i%2 == 1 {
					r.Place = func(feed.Entry, []feed.Candidate) feed.Placement { panic("at the disco") }
				}
				records[i][j] = r
			}
		}
		var wg sync.WaitGroup
		for i := range records {
			wg.Go(func() {
				for _, r := range records[i] {
					if _, err := f.s.Record(t.Context(), r); (err != nil) != (i%2 == 1) {
						t.Errorf("source %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(f.channel(t, "all")); n != 40 {
			t.Errorf("%d stories of 40", n)
		}
		sources, err := f.s.Sources(t.Context())
		check(t, err)
		for i, s := range sources {
			if failed := i%2 == 1; (s.LastPoll == nil) != failed {
				t.Errorf("source %d: last poll %+v", i, s.LastPoll)
			}
		}
	}},
	{"a_cancelled_record_is_whole_or_not_there", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		ctx, cancel := context.WithCancel(t.Context())
		r := f.record("a", f.entry("a", "1"), f.entry("a", "2"))
		r.Place = func(e feed.Entry, c []feed.Candidate) feed.Placement { cancel(); return joinFirst(e, c) }
		_, err := f.s.Record(ctx, r)
		check(t, err)
		if n := len(f.channel(t, "all")); n != 2 {
			t.Errorf("%d stories of 2", n)
		}
		if _, err := f.s.Record(ctx, f.record("b", f.entry("b", "1"))); !errors.Is(err, context.Canceled) {
			t.Errorf("record with a cancelled context: %v", err)
		}
		if _, err := f.s.Stories(ctx, store.Query{Limit: 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("read with a cancelled context: %v", err)
		}
	}},
	{"a_changed_entry_keeps_what_was_fixed_at_first_sight", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one)
		before := f.channel(t, "all")[0]
		changed := f.edited(one, "Other")
		changed.Entry.FirstSeen, changed.Entry.Published = f.now, f.now
		changed.Entry.PublicID, changed.Entry.Link = "urn:other", "https://a.example/other"
		changed.Keys = []feed.Key{feed.KeyOf(feed.KeyURL, feed.CanonicalURL("https://a.example/other"))}
		changed.Sort = f.now
		out := f.poll(t, "a", changed)
		if len(out.New) != 0 || len(out.Updated) != 1 {
			t.Fatalf("recorded: %+v", out)
		}
		after := f.channel(t, "all")[0]
		want := changed.Entry
		want.FirstSeen, want.Published, want.PublicID, want.Story = one.Entry.FirstSeen, one.Entry.Published, one.Entry.PublicID, before.ID
		same(t, "entry", after.Lead, want)
		same(t, "updated entry", out.Updated[0], want)
		for _, address := range []string{"https://a.example/1", "https://a.example/other"} {
			if s, err := f.s.StoryAt(t.Context(), address); err != nil || s.ID != before.ID {
				t.Errorf("story at %s: %v, %v", address, s.ID, err)
			}
		}
		after.Lead, after.Members, after.Updated = before.Lead, before.Members, before.Updated
		same(t, "story", after, before)
	}},
	{"the_same_entry_from_two_polls_is_one", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		out := f.poll(t, "a", f.entry("a", "1"))
		if len(out.New)+len(out.Updated)+len(out.Channels) != 0 {
			t.Errorf("recorded again: %+v", out)
		}
		out = f.poll(t, "a", f.edited(f.entry("a", "1"), "Other"))
		if len(out.New) != 0 || len(out.Updated) != 1 {
			t.Errorf("recorded changed: %+v", out)
		}
		same(t, "channel", f.titles(t, "all"), []string{"Other"})
		out = f.poll(t, "a", f.entry("a", "2"), f.entry("a", "2"))
		if len(out.New) != 1 {
			t.Errorf("recorded twice: %+v", out)
		}
	}},
	{"a_source_cannot_touch_anothers_entries", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		mine := f.entry("a", "urn:shared:1")
		mine.Entry.PublicID = "urn:shared:1"
		mine.Keys = nil
		f.poll(t, "a", mine)
		before := f.channel(t, "all")[0]
		theirs := f.edited(f.entry("b", "urn:shared:1"), "Hijacked")
		theirs.Entry.PublicID = "urn:shared:1"
		theirs.Keys = nil
		r := f.record("b", theirs)
		r.Withdrawn = []string{"other"}
		f.put(t, r)
		same(t, "story", f.story(t, before.ID), before)
		stories := f.channel(t, "all")
		if len(stories) != 2 || stories[0].PublicID != feed.DerivedID("b", "urn:shared:1") {
			t.Errorf("stories: %+v", stories)
		}
		r = f.record("b")
		r.Withdrawn = []string{"urn:shared:1"}
		f.put(t, r)
		same(t, "story after b withdrew its own", f.story(t, before.ID), before)
		r = f.record("b")
		r.Standing = []string{}
		f.put(t, r)
		if !f.known(t, "a")["urn:shared:1"].Standing {
			t.Error("b's document made an entry of a fall")
		}
	}},
	{"a_claimed_id_keeps_no_other_story_from_being_stored", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		squat := f.entry("a", "1")
		squat.Entry.PublicID = feed.DerivedID("b", "1")
		f.poll(t, "a", squat)
		f.poll(t, "b", f.entry("b", "1"))
		stories := f.channel(t, "all")
		if len(stories) != 2 || stories[0].PublicID == stories[1].PublicID || stories[1].PublicID != squat.Entry.PublicID {
			t.Errorf("stories: %+v", stories)
		}
	}},
	{"standing_is_what_the_last_document_held", func(t *testing.T, f *fixture) {
		f.declare(t)
		one, two, three := f.entry("a", "1"), f.entry("a", "2"), f.entry("a", "3")
		f.poll(t, "a", one, two)
		standing := func(want ...bool) {
			t.Helper()
			known := f.known(t, "a", "1", "2", "3")
			same(t, "standing", []bool{known["1"].Standing, known["2"].Standing, known["3"].Standing}, want)
		}
		standing(true, true, false)
		r := f.record("a", three)
		r.Standing = []string{"2", "3", "never seen"}
		f.put(t, r)
		standing(false, true, true)
		f.poll(t, "a") // says nothing about it
		standing(false, true, true)
		r = f.record("a")
		r.Standing = []string{"1"}
		f.put(t, r)
		standing(true, false, false)
		same(t, "known without keys", len(f.known(t, "a")), 1)
		known, err := f.s.Known(t.Context(), "a", nil)
		check(t, err)
		same(t, "all that is known", len(known), 3)
	}},
	{"held_and_dropped_entries_bring_no_channels", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		held, dropped := f.entry("a", "1"), f.entry("a", "2")
		held.Entry.Held, dropped.Entry.Dropped = true, "title: Sponsored"
		out := f.poll(t, "a", held, dropped)
		if len(out.New) != 2 || len(out.Channels) != 0 {
			t.Errorf("recorded: %+v", out)
		}
		same(t, "channel", f.titles(t, "all"), []string{})
		if !f.known(t, "a")["1"].Held {
			t.Error("is not known as held")
		}
		entries := collect(t, f.s.Entries(t.Context(), "a", 0))
		same(t, "rule", entries[1].Dropped, "title: Sponsored")
	}},
	{"entries_are_walked_in_order_of_their_ids", func(t *testing.T, f *fixture) {
		f.declare(t)
		for i := range 30 {
			var part []store.NewEntry
			for j := range 10 {
				part = append(part, f.entry([]string{"a", "b"}[i%2], fmt.Sprintf("%d-%d", i, j)))
			}
			f.poll(t, part[0].Entry.Source, part...)
		}
		everything, ofA := collect(t, f.s.Entries(t.Context(), "", 0)), collect(t, f.s.Entries(t.Context(), "a", 0))
		if len(everything) != 300 || len(ofA) != 150 {
			t.Fatalf("%d entries of 300, %d of 150", len(everything), len(ofA))
		}
		for i := range everything[1:] {
			if everything[i].ID >= everything[i+1].ID {
				t.Fatalf("entry %d is out of order", i)
			}
		}
		rest := collect(t, f.s.Entries(t.Context(), "a", ofA[100].ID))
		same(t, "after the hundredth", rest, ofA[101:])
		for _, err := range f.s.Entries(t.Context(), "", 0) {
			check(t, err)
			break // and the store goes on
		}
		f.poll(t, "c", f.entry("c", "1"))
	}},
}
