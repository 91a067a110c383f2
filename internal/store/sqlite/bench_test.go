package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

var benchStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// words are what texts of benchmarks are made of: many, and some much more
// common than others, as in a language.
var words = func() []string {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]string, 20_000)
	for i := range list {
		b := make([]byte, 3+r.IntN(9))
		for j := range b {
			b[j] = byte('a' + r.IntN(26))
		}
		list[i] = string(b)
	}
	return list
}()

func text(r *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		f := r.Float64()
		b.WriteString(words[int(f*f*f*float64(len(words)))])
		b.WriteByte(' ')
	}
	return b.String()
}

func benchEntry(r *rand.Rand, source string, n int, last feed.ID, content int) store.NewEntry {
	now := benchStart.Add(time.Duration(n) * time.Second)
	link := fmt.Sprintf("https://%s.example.org/articles/%d/%s", source, n, words[n%len(words)])
	e := feed.Entry{
		ID: feed.MintID(now, r.Uint32(), last), Source: source, Key: link, PublicID: link, GUID: link, Link: link,
		Title: text(r, 70), Summary: text(r, 280), Content: "<p>" + text(r, content) + "</p>", Language: "en", Words: content / 6,
		Published: now.Add(-time.Hour), Updated: now.Add(-time.Hour), FirstSeen: now, Changed: now, Hash: fmt.Sprintf("%032x", n),
		Details: feed.Details{
			Authors:    []feed.Person{{Name: "A. Author"}},
			Categories: []feed.Category{{Term: "politics"}, {Term: "economy"}},
			Links:      []feed.Link{{Href: link, Rel: "alternate", Type: "text/html"}},
		},
	}
	return store.NewEntry{
		Entry: e, Sort: e.Shown(), Channels: []feed.Membership{{Channel: "all", Reason: "takes everything"}, {Channel: "news", Reason: "source " + source}},
		Keys: []feed.Key{feed.KeyOf(feed.KeyURL, link), feed.KeyOf(feed.KeyGUID, link)},
	}
}

func alone(feed.Entry, []feed.Candidate) feed.Placement {
	return feed.Placement{Rule: "alone", Reason: "no other entry has this address"}
}

func first(members []feed.Member) feed.ID { return members[0].Entry }

func benchState(at time.Time) feed.State {
	s := feed.State{
		Next: at.Add(20 * time.Minute), Because: "adaptive: an entry every 3h in the last week", LastAttempt: at, LastOK: at, LastFull: at,
		LastChange: at.Add(-time.Hour), FirstPolled: benchStart, Polls: 99, BodyHash: strings.Repeat("ab", 32), BodyBytes: 48_000, SameBodies: 3,
		Validators: map[string]feed.Validators{"https://example.org/feed.xml": {ETag: `"abcdef-1234"`, LastModified: "Sun, 01 Mar 2026 12:00:00 GMT"}},
		Format:     "rss", Origin: feed.Origin{Title: "A feed", HomeURL: "https://example.org/", FeedURL: "https://example.org/feed.xml", Description: "Says what it is", Generator: "WordPress"},
	}
	for i := range 20 {
		s.Arrivals = append(s.Arrivals, at.Add(-time.Duration(i)*3*time.Hour))
	}
	return s
}

func benchStore(tb testing.TB, path string, sources int) *Store {
	tb.Helper()
	s, err := Open(context.Background(), path, Options{Daemon: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	declared := make([]store.Declared, sources)
	for i := range declared {
		declared[i] = store.Declared{ID: "source-" + strconv.Itoa(i), First: benchStart}
	}
	channels := []feed.Channel{{ID: "all", Rules: "1"}, {ID: "news", Rules: "2"}}
	if _, err := s.Declare(context.Background(), declared, channels); err != nil {
		tb.Fatal(err)
	}
	return s
}

// cpu returns the processor time that this process has used.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecordNew records first polls of twenty entries of 4 KB each, from
// eight callers.
func BenchmarkRecordNew(b *testing.B) {
	const each = 20
	s := benchStore(b, filepath.Join(b.TempDir(), "s.db"), 1000)
	records := make([]store.Record, b.N)
	r := rand.New(rand.NewPCG(3, 4))
	var last feed.ID
	for i := range records {
		source := "source-" + strconv.Itoa(i%1000)
		rec := store.Record{Poll: feed.Poll{Source: source, At: benchStart, Outcome: feed.New}, State: benchState(benchStart), Place: alone, Lead: first}
		for j := range each {
			n := benchEntry(r, source, i*each+j, last, 4000)
			last = n.Entry.ID
			rec.Entries = append(rec.Entries, n)
			rec.Standing = append(rec.Standing, n.Entry.Key)
		}
		records[i] = rec
	}
	b.ResetTimer()
	before := cpu(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if _, err := s.Record(b.Context(), records[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N*each)/1000, "cpu-µs/entry")
	totals, err := s.Totals(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(totals.Bytes)/float64(totals.Entries), "bytes/entry")
}

// BenchmarkRecordUnchanged hands out a thousand sources and records that
// nothing is new, from eight callers.
func BenchmarkRecordUnchanged(b *testing.B) {
	s := benchStore(b, filepath.Join(b.TempDir(), "s.db"), 1000)
	for i := range 1000 {
		rec := store.Record{Poll: feed.Poll{Source: "source-" + strconv.Itoa(i), At: benchStart}, State: benchState(benchStart)}
		if _, err := s.Record(b.Context(), rec); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	now := benchStart
	for left := b.N; left > 0; {
		now = now.Add(time.Hour)
		jobs := make(chan store.Job, 1000)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for job := range jobs {
					job.State.Next = now.Add(20 * time.Minute)
					rec := store.Record{
						Poll:  feed.Poll{Source: job.Source, At: now, Took: time.Second, Outcome: feed.Unchanged, Status: 304, Bytes: 120, Next: job.State.Next, Because: job.State.Because},
						State: job.State,
					}
					if _, err := s.Record(b.Context(), rec); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for out := 0; out < 1000 && left > 0; {
			due, err := s.Due(b.Context(), now, time.Minute, min(left, 16))
			if err != nil {
				b.Fatal(err)
			}
			out += len(due)
			left -= len(due)
			for _, job := range due {
				jobs <- job
			}
		}
		close(jobs)
		wg.Wait()
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1000, "cpu-µs/poll")
}

// BenchmarkChannel reads the newest fifty stories of a channel. With a million
// stories it runs only where SERAI_BENCH_LARGE says so: it fills the store first.
func BenchmarkChannel(b *testing.B) {
	sizes := []int{10_000}
	if os.Getenv("SERAI_BENCH_LARGE") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, size := range sizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := filled(b, size)
			for name, page := range map[string]store.Page{
				"top":  {Limit: 50},
				"deep": {Limit: 50, Before: store.Cursor{Sort: benchStart.Add(time.Duration(size/2) * time.Second), Story: 1}},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						stories, err := s.Channel(b.Context(), "all", page)
						if err != nil || len(stories) != 50 {
							b.Fatal(len(stories), err)
						}
					}
				})
			}
			for name, q := range map[string]store.Query{
				"search": {Search: words[500], Limit: 50},
				"common": {Search: words[0], Limit: 50},
				"rare":   {Language: "xx", Limit: 50},
				"source": {Source: "source-7", Limit: 50},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if _, err := s.Stories(b.Context(), q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// filled returns a store of so many stories.
func filled(b *testing.B, size int) *Store {
	b.Helper()
	const each = 500
	s := benchStore(b, filepath.Join(b.TempDir(), "s.db"), 1000)
	r := rand.New(rand.NewPCG(5, 6))
	var last feed.ID
	for n := 0; n < size; {
		source := "source-" + strconv.Itoa(n/each%1000)
		rec := store.Record{Poll: feed.Poll{Source: source, At: benchStart}, State: benchState(benchStart), Place: alone, Lead: first}
		for range each {
			entry := benchEntry(r, source, n, last, 400)
			last = entry.Entry.ID
			rec.Entries = append(rec.Entries, entry)
			n++
		}
		if _, err := s.Record(b.Context(), rec); err != nil {
			b.Fatal(err)
		}
	}
	return s
}
