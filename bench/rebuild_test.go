package bench

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/store"
	"serai/internal/store/sqlite"
)

// BenchmarkRebuild measures how long a channel's documents take to be made anew
// when one entry has come: at ten thousand stored entries of 4 KB, and with
// SERAI_BENCH_ENTRIES at so many. A million of them take some four gigabytes of
// disk and a quarter of an hour; raise -timeout for that.
func BenchmarkRebuild(b *testing.B) {
	entries := number(b, "SERAI_BENCH_ENTRIES", 10_000)
	b.Run(fmt.Sprintf("entries=%d", entries), func(b *testing.B) {
		f := fill(b, entries)
		publisher := publish.New(f.store, slog.New(slog.DiscardHandler))
		publisher.Configure(publish.Config{Site: f.site, Channels: []feed.Channel{f.channel}, Sources: f.sources})
		if _, err := publisher.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			b.StopTimer()
			f.record(b, 1)
			b.StartTimer()
			changed, err := publisher.Refresh(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if !slices.Equal(changed, []string{f.channel.ID}) {
				b.Fatalf("changed: %v", changed)
			}
		}
		b.StopTimer()
		size, err := SizeOf(f.path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/1e6, "db-MB")
	})
}

// A filled is a store with entries in it.
type filled struct {
	path    string
	store   *sqlite.Store
	site    feed.Site
	sources []feed.Source
	channel feed.Channel

	recorded int
	last     feed.ID
}

// fill makes a store of so many entries, as polls of 20 new entries each would
// have brought them. All are in one channel.
func fill(b *testing.B, entries int) *filled {
	b.Helper()
	f := &filled{
		path:    filepath.Join(b.TempDir(), "serai.db"),
		site:    feed.Site{Title: "Bench", URL: "https://bench.example.org", Language: "en", Hub: "none"},
		channel: feed.Channel{ID: "all", Title: "Everything", Limit: 50, Content: feed.FullContent, Attribution: feed.NoAttribution},
	}
	st, err := sqlite.Open(b.Context(), f.path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := st.Close(); err != nil {
			b.Error(err)
		}
	})
	f.store = st
	var declared []store.Declared
	for i := range 100 {
		id := fmt.Sprintf("outlet-%d", i)
		f.sources = append(f.sources, feed.Source{
			ID: id, URL: "https://" + id + ".example.org/feed.xml", Kind: feed.Outlet, Republish: feed.RepublishFull,
		})
		declared = append(declared, store.Declared{ID: id, First: newest})
	}
	if _, err := st.Declare(b.Context(), declared, []feed.Channel{f.channel}); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for f.recorded < entries {
		f.record(b, min(20, entries-f.recorded))
	}
	b.Logf("%d entries recorded in %s", entries, time.Since(began).Round(time.Second))
	return f
}

// record records a poll that found n new entries.
func (f *filled) record(b *testing.B, n int) {
	b.Helper()
	source := f.recorded / 20 % len(f.sources)
	now := newest.Add(time.Duration(f.recorded) * time.Second)
	r := store.Record{
		Poll:  feed.Poll{Source: f.sources[source].ID, At: now, Outcome: feed.New, Status: 200, Entries: n, New: n, Next: now.Add(time.Hour)},
		State: feed.State{Next: now.Add(time.Hour), LastOK: now, Origin: feed.Origin{Title: "Outlet"}},
		Place: func(feed.Entry, []feed.Candidate) feed.Placement { return feed.Placement{Rule: "alone"} },
		Lead:  func(members []feed.Member) feed.ID { return members[0].Entry },
	}
	for range n {
		r.Entries = append(r.Entries, f.entry(r.Poll.Source, now))
		r.Standing = append(r.Standing, r.Entries[len(r.Entries)-1].Entry.Key)
	}
	if _, err := f.store.Record(b.Context(), r); err != nil {
		b.Fatal(err)
	}
}

// entry makes the next entry of a source.
func (f *filled) entry(source string, now time.Time) store.NewEntry {
	it := Make(f.recorded, f.recorded, 4<<10)
	f.last = feed.MintID(now, uint32(f.recorded), f.last)
	f.recorded++
	e := feed.Entry{
		ID: f.last, Source: source, Key: it.GUID, GUID: it.GUID, PublicID: feed.DerivedID(source, it.GUID),
		Link: "https://" + source + ".example.org" + it.Path, Title: it.Title, Summary: it.Summary, Content: it.Content,
		Language: it.Language, Words: 500, Published: now, FirstSeen: now, Changed: now, Hash: it.GUID,
		Details: feed.Details{Authors: []feed.Person{{Name: it.Author}}, Categories: []feed.Category{{Term: it.Tag}}},
	}
	return store.NewEntry{
		Entry: e, Sort: now,
		Keys:     []feed.Key{feed.KeyOf(feed.KeyURL, e.Link), feed.KeyOf(feed.KeyGUID, e.GUID)},
		Channels: []feed.Membership{{Channel: f.channel.ID, Reason: "everything"}},
	}
}
