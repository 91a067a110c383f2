package storetest

import (
	"errors"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

var sourceTests = []test{
	{"new_sources_are_due_when_first_says", func(t *testing.T, f *fixture) {
		_, err := f.s.Declare(t.Context(), []store.Declared{{ID: "a", First: start.Add(time.Hour)}, {ID: "posts"}}, nil)
		check(t, err)
		next, err := f.s.NextDue(t.Context())
		check(t, err)
		same(t, "next", next, start.Add(time.Hour))
		jobs, err := f.s.Due(t.Context(), start.Add(1000*time.Hour), time.Minute, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"a"})
	}},
	{"states_are_those_of_the_declared_sources", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		statuses, err := f.s.Sources(t.Context())
		check(t, err)
		want := map[string]feed.State{}
		for _, s := range statuses {
			if s.Declared {
				want[s.ID] = s.State
			}
		}
		states, err := f.s.States(t.Context())
		check(t, err)
		same(t, "states", states, want)
		if len(states) == 0 {
			t.Error("there are no states")
		}
	}},
	{"declaring_again_changes_nothing", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		before := f.everything(t)
		if stale := f.declare(t, all); len(stale) > 0 {
			t.Errorf("stale: %v", stale)
		}
		same(t, "store", f.everything(t), before)
	}},
	{"undeclared_sources_keep_their_entries_and_are_not_due", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		f.poll(t, "a", f.entry("a", "1"))
		_, err := f.s.Declare(t.Context(), []store.Declared{{ID: "b", First: start}}, []feed.Channel{all})
		check(t, err)
		jobs, err := f.s.Due(t.Context(), f.now.Add(1000*time.Hour), time.Minute, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"b"})
		sources, err := f.s.Sources(t.Context())
		check(t, err)
		if len(sources) != 2 || sources[0].ID != "a" || sources[0].Declared || sources[0].Entries != 1 || !sources[1].Declared {
			t.Errorf("sources: %+v", sources)
		}
		same(t, "channel", f.titles(t, "all"), []string{"Title of 1"})
		same(t, "claimed", ids(f.claim(t, f.now, "a")), []string{})
	}},
	{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.s.Source(ctx, "x")
		_, err2 := f.s.Story(ctx, 7)
		_, err3 := f.s.StoryAt(ctx, "https://x.example/")
		_, err4 := f.s.Post(ctx, "x")
		_, err5 := f.s.Record(ctx, f.record("x"))
		for i, err := range []error{err, err2, err3, err4, err5} {
			if !errors.Is(err, feed.ErrNotFound) {
				t.Errorf("%d: %v", i, err)
			}
		}
	}},
	{"empty_lists_are_no_error", func(t *testing.T, f *fixture) {
		ctx := t.Context()
		sources, err := f.s.Sources(ctx)
		check(t, err)
		polls, err := f.s.Polls(ctx, "x", 10)
		check(t, err)
		stories, err := f.s.Stories(ctx, store.Query{Limit: 10})
		check(t, err)
		channel, err := f.s.Channel(ctx, "x", store.Page{Limit: 10})
		check(t, err)
		memberships, err := f.s.Memberships(ctx, 7)
		check(t, err)
		known, err := f.s.Known(ctx, "x", []string{"k"})
		check(t, err)
		next, err := f.s.NextDue(ctx)
		check(t, err)
		if n := len(sources) + len(polls) + len(stories) + len(channel) + len(memberships) + len(known); n > 0 || !next.IsZero() {
			t.Errorf("%d things in an empty store, next due %s", n, next)
		}
	}},
	{"state_comes_back_as_it_was_recorded", func(t *testing.T, f *fixture) {
		f.declare(t)
		r := f.record("a")
		at := f.now.Add(123 * time.Millisecond)
		r.State = feed.State{
			Next: at, Because: "why", NotBefore: at, LastAttempt: at, LastOK: at, LastFull: at, LastChange: at, FirstPolled: at, Polls: 7,
			Validators: map[string]feed.Validators{"https://a.example/": {ETag: `W/"x"`, LastModified: "yesterday"}},
			FreshUntil: at, FreshBy: "ttl", FreshFor: time.Minute, Mode: feed.NoneMatchOnly, BodyHash: "abc", BodyBytes: 5, SameBodies: 2,
			Arrivals: []time.Time{at, at.Add(time.Hour)}, Failures: 3, FailClass: feed.FailServer, FailSince: at, FailText: "503", Refusals: 1,
			Hints:   feed.Hints{TTL: time.Hour, SkipHours: []int{1, 2}, SkipDays: []time.Weekday{time.Sunday}},
			MovedTo: &feed.Move{To: "https://b.example/", FirstSeen: at, LastSeen: at, Count: 2}, Gone: at,
			Repairs: []feed.Repair{{Kind: "charset", Detail: "was Latin-1"}},
			Origin:  feed.Origin{Title: "A", Updated: at, Authors: []feed.Person{{Name: "N"}}, Links: []feed.Link{{Href: "h"}}},
			Hubs:    []string{"https://hub.example/"}, Format: "rss",
		}
		f.put(t, r)
		status, err := f.s.Source(t.Context(), "a")
		check(t, err)
		same(t, "state", status.State, r.State)
		job := f.claim(t, f.now, "a")[0]
		want := r.State
		want.LastAttempt = f.now
		same(t, "state of the job", job.State, want)
		// What was handed out is the caller's to change.
		job.State.Validators["x"] = feed.Validators{}
		job.State.Arrivals[0], job.State.Hubs[0], job.State.Origin.Links[0].Href, job.State.MovedTo.Count = time.Time{}, "", "", 9
		status, err = f.s.Source(t.Context(), "a")
		check(t, err)
		same(t, "state after", status.State, want)
	}},
	{"the_latest_polls_are_kept_newest_first", func(t *testing.T, f *fixture) {
		f.declare(t)
		for i := range 250 {
			r := f.record("a")
			r.Poll.Status = i
			f.put(t, r)
		}
		polls, err := f.s.Polls(t.Context(), "a", 3)
		check(t, err)
		if len(polls) != 3 || polls[0].Status != 249 || polls[2].Status != 247 || !polls[0].At.Equal(f.now.Add(-time.Minute)) {
			t.Errorf("polls: %+v", polls)
		}
		polls, err = f.s.Polls(t.Context(), "a", 1000)
		check(t, err)
		if len(polls) < 50 || len(polls) > 200 {
			t.Errorf("%d polls are kept", len(polls))
		}
		status, err := f.s.Source(t.Context(), "a")
		check(t, err)
		if status.LastPoll == nil || status.LastPoll.Status != 249 {
			t.Errorf("last poll: %+v", status.LastPoll)
		}
	}},
	{"delay_is_the_median_since_the_first_poll", func(t *testing.T, f *fixture) {
		f.declare(t)
		for i, delay := range []time.Duration{900 * time.Hour, time.Minute, 5 * time.Minute, time.Hour} {
			n := f.entry("a", string(rune('k'+i)))
			n.Entry.Published = f.now.Add(-delay)
			r := f.record("a", n)
			r.State.FirstPolled = start
			f.put(t, r)
		}
		status, err := f.s.Source(t.Context(), "a")
		check(t, err)
		same(t, "delay", status.Delay, 5*time.Minute)
	}},
	{"totals_count", func(t *testing.T, f *fixture) {
		f.declare(t, all)
		one := f.entry("a", "1")
		f.poll(t, "a", one, f.entry("a", "2"))
		f.poll(t, "b", sharing(f.entry("b", "1"), one))
		totals, err := f.s.Totals(t.Context())
		check(t, err)
		if totals.Bytes <= 0 {
			t.Error("takes no space")
		}
		totals.Bytes = 0
		same(t, "totals", totals, store.Totals{Sources: 3, Entries: 3, Stories: 2})
	}},
}

func ids(jobs []store.Job) []string {
	list := []string{}
	for _, j := range jobs {
		list = append(list, j.Source)
	}
	return list
}
