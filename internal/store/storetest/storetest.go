// Package storetest holds the tests that any store must pass: each promise of
// package store has a subtest of that name.
package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"serai/internal/feed"
	"serai/internal/store"
)

// Run runs all tests, each with a store of its own that open makes: an empty
// one, which the test closes by itself at its end.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"sources", sourceTests},
		{"due", dueTests},
		{"record", recordTests},
		{"story", storyTests},
		{"channel", channelTests},
		{"list", listTests},
		{"rebuild", rebuildTests},
		{"trim", trimTests},
		{"hub", hubTests},
		{"upkeep", upkeepTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, &fixture{s: open(t), now: start})
				})
			}
		})
	}
}

// A test states one promise in its name.
type test struct {
	name string
	run  func(t *testing.T, f *fixture)
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A fixture is a store with the means to fill it.
type fixture struct {
	s    store.Store
	now  time.Time
	last feed.ID
}

// declare tells the store of sources a, b and c, due at once, and of the
// channels.
func (f *fixture) declare(t *testing.T, channels ...feed.Channel) (stale []string) {
	t.Helper()
	stale, err := f.s.Declare(t.Context(), []store.Declared{{ID: "a", First: start}, {ID: "b", First: start}, {ID: "c", First: start}}, channels)
	check(t, err)
	return stale
}

var all = feed.Channel{ID: "all", Rules: "everything"}

// entry makes a new entry of a source, first seen now, for the channel all.
func (f *fixture) entry(source, key string) store.NewEntry {
	f.last = feed.MintID(f.now, 0, f.last)
	link := "https://" + source + ".example/" + key
	return store.NewEntry{
		Entry: feed.Entry{
			ID: f.last, Source: source, Key: key, PublicID: feed.DerivedID(source, key), GUID: key, Link: link,
			Title: "Title of " + key, Summary: "Summary of " + key, Content: "<p>Content of " + key + ".</p>",
			Language: "en", Words: 3, Published: f.now.Add(-time.Minute), FirstSeen: f.now, Changed: f.now, Hash: "hash of " + key,
		},
		Keys:     []feed.Key{feed.KeyOf(feed.KeyURL, feed.CanonicalURL(link))},
		Sort:     f.now.Add(-time.Minute),
		Channels: []feed.Membership{{Channel: "all", Reason: "takes everything"}},
	}
}

// record is a poll of the source that found these entries and nothing else.
func (f *fixture) record(source string, entries ...store.NewEntry) store.Record {
	r := store.Record{
		Poll:    feed.Poll{Source: source, At: f.now, Took: time.Second, Outcome: feed.Unchanged, Status: 200},
		State:   feed.State{Next: f.now.Add(time.Hour), Because: "every hour", LastAttempt: f.now, Polls: 1},
		Entries: entries,
		Place:   joinFirst,
		Lead:    oldest,
	}
	if len(entries) > 0 {
		r.Poll.Outcome = feed.New
		r.Standing = []string{}
	}
	for _, e := range entries {
		r.Standing = append(r.Standing, e.Entry.Key)
	}
	return r
}

// poll records such a poll a minute after the last.
func (f *fixture) poll(t *testing.T, source string, entries ...store.NewEntry) store.Recorded {
	t.Helper()
	return f.put(t, f.record(source, entries...))
}

func (f *fixture) put(t *testing.T, r store.Record) store.Recorded {
	t.Helper()
	out, err := f.s.Record(t.Context(), r)
	check(t, err)
	f.now = f.now.Add(time.Minute)
	return out
}

// joinFirst joins the story of the oldest candidate.
func joinFirst(_ feed.Entry, candidates []feed.Candidate) feed.Placement {
	if len(candidates) == 0 {
		return feed.Placement{Rule: "alone", Reason: "no other entry has this address"}
	}
	c := candidates[0].Entry
	return feed.Placement{Story: c.Story, With: c.ID, Rule: "address", Reason: "same address as " + c.Key}
}

// oldest leads.
func oldest(members []feed.Member) feed.ID {
	return slices.MinFunc(members, func(a, b feed.Member) int { return int(a.Entry - b.Entry) }).Entry
}

// sharing returns the entry with the other one's address.
func sharing(n, other store.NewEntry) store.NewEntry {
	n.Entry.Link = other.Entry.Link
	n.Keys = other.Keys
	return n
}

// edited returns the entry with other words.
func (f *fixture) edited(n store.NewEntry, title string) store.NewEntry {
	n.Entry.Title, n.Entry.Content, n.Entry.Hash = title, "<p>"+title+"</p>", "hash of "+title
	n.Entry.Changed = f.now
	return n
}

func (f *fixture) channel(t *testing.T, id string) []feed.Story {
	t.Helper()
	stories, err := f.s.Channel(t.Context(), id, store.Page{Limit: 1000})
	check(t, err)
	return stories
}

// titles returns what a channel shows.
func (f *fixture) titles(t *testing.T, id string) []string {
	t.Helper()
	titles := []string{}
	for _, s := range f.channel(t, id) {
		titles = append(titles, s.Lead.Title)
	}
	return titles
}

func (f *fixture) revision(t *testing.T, id string) feed.Revision {
	t.Helper()
	revisions, err := f.s.Revisions(t.Context())
	check(t, err)
	r, ok := revisions[id]
	if !ok {
		t.Fatalf("channel %q has no revision", id)
	}
	return r
}

func (f *fixture) story(t *testing.T, id feed.ID) feed.Story {
	t.Helper()
	s, err := f.s.Story(t.Context(), id)
	check(t, err)
	return s
}

func (f *fixture) known(t *testing.T, source string, keys ...string) map[string]store.Known {
	t.Helper()
	known, err := f.s.Known(t.Context(), source, append([]string{}, keys...)) // nil would ask for all
	check(t, err)
	return known
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares values; nil and empty lists are alike.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func collect[T any](t *testing.T, seq func(yield func(T, error) bool)) []T {
	t.Helper()
	var list []T
	for v, err := range seq {
		check(t, err)
		list = append(list, v)
	}
	return list
}

// everything returns all that readers can see, as text, to compare two moments.
func (f *fixture) everything(t *testing.T) string {
	t.Helper()
	sources, err := f.s.Sources(t.Context())
	check(t, err)
	revisions, err := f.s.Revisions(t.Context())
	check(t, err)
	stories, err := f.s.Stories(t.Context(), store.Query{Limit: 1000})
	check(t, err)
	var out strings.Builder
	fmt.Fprintf(&out, "%+v\n%+v\n%+v\n", stories, revisions, collect(t, f.s.Entries(t.Context(), "", 0)))
	for _, s := range sources {
		s.LastPoll = nil
		fmt.Fprintf(&out, "%+v\n", s)
		polls, err := f.s.Polls(t.Context(), s.ID, 1000)
		check(t, err)
		fmt.Fprintf(&out, "%+v\n%+v\n", polls, f.known(t, s.ID))
	}
	for _, id := range slices.Sorted(maps.Keys(revisions)) {
		fmt.Fprintf(&out, "%s %+v\n", id, f.channel(t, id))
	}
	return out.String()
}

// claim claims sources for a minute.
func (f *fixture) claim(t *testing.T, now time.Time, sources ...string) []store.Job {
	t.Helper()
	jobs, err := f.s.Claim(t.Context(), sources, now, time.Minute)
	check(t, err)
	return jobs
}
