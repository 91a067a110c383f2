package publish_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/render"
	"serai/internal/store"
)

// fakeReader answers what a Publisher asks from memory, and counts. A method
// that it does not have panics: nothing else may be asked.
type fakeReader struct {
	store.Reader

	mu        sync.Mutex // guards all below
	revisions map[string]feed.Revision
	stories   map[string][]feed.Story
	sources   map[string]feed.SourceStatus
	reads     map[string]int // of channels
	err       error          // of every read of a channel
}

func newFake() *fakeReader {
	r := &fakeReader{
		revisions: make(map[string]feed.Revision), stories: make(map[string][]feed.Story), reads: make(map[string]int),
		sources: map[string]feed.SourceStatus{
			"herald": {ID: "herald", State: feed.State{Origin: feed.Origin{Title: "The Herald", HomeURL: "https://herald.example.com/", FeedURL: "https://herald.example.com/rss"}}},
		},
	}
	for _, channel := range []string{"all", "own"} {
		r.put(channel, story(1, "First"))
	}
	return r
}

// put adds a story to a channel, which makes a new revision of it.
func (r *fakeReader) put(channel string, s feed.Story) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stories[channel] = append([]feed.Story{s}, r.stories[channel]...)
	n := r.revisions[channel].Number + 1
	r.revisions[channel] = feed.Revision{Number: n, Changed: noon.Add(time.Duration(n) * time.Minute)}
}

// touch makes a new revision that shows nothing new.
func (r *fakeReader) touch(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rev := r.revisions[channel]
	r.revisions[channel] = feed.Revision{Number: rev.Number + 1, Changed: rev.Changed.Add(time.Hour)}
}

func (r *fakeReader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *fakeReader) count(channel string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reads[channel]
}

func (r *fakeReader) Revisions(context.Context) (map[string]feed.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	revisions := make(map[string]feed.Revision)
	maps.Copy(revisions, r.revisions)
	return revisions, nil
}

func (r *fakeReader) Channel(_ context.Context, channel string, page store.Page) ([]feed.Story, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads[channel]++
	return slices.Clone(r.stories[channel][:min(page.Limit, len(r.stories[channel]))]), r.err
}

func (r *fakeReader) Source(_ context.Context, id string) (feed.SourceStatus, error) {
	if s, ok := r.sources[id]; ok {
		return s, nil
	}
	return feed.SourceStatus{}, feed.ErrNotFound
}

func (r *fakeReader) Sources(context.Context) ([]feed.SourceStatus, error) {
	var list []feed.SourceStatus
	for _, s := range r.sources {
		list = append(list, s)
	}
	return list, nil
}

var noon = time.Date(2026, 9, 25, 12, 0, 0, 0, time.UTC)

func story(id feed.ID, title string) feed.Story {
	t := noon.Add(time.Duration(id) * time.Minute)
	e := feed.Entry{
		ID: id, Source: "herald", PublicID: feed.DerivedID("herald", id.String()), Link: "https://herald.example.com/" + id.String(), Title: title,
		Content: "<p>" + strings.Repeat("They met, and parted. ", 50) + "</p>", Published: t, FirstSeen: t, Changed: t,
	}
	return feed.Story{
		ID: id, PublicID: e.PublicID, Link: e.Link, Published: t, Sort: t, FirstSeen: t, Updated: t, Lead: e,
		Members: []feed.Member{{Entry: id, Source: e.Source, Link: e.Link, Published: t, FirstSeen: t}},
	}
}

func config() publish.Config {
	channel := func(id string) feed.Channel {
		return feed.Channel{ID: id, Title: "Channel " + id, Limit: 50, Content: feed.FullContent, Attribution: feed.NoAttribution}
	}
	return publish.Config{
		Site:     feed.Site{Title: "Analysis", URL: "https://analysis.example.org", Hub: "self"},
		Channels: []feed.Channel{channel("all"), channel("own")},
		Sources: []feed.Source{
			{ID: "herald", URL: "https://herald.example.com/rss", Kind: feed.Outlet, Republish: feed.RepublishFull},
			{ID: "letters", URL: "https://letters.example.com/s3cr3t", Kind: feed.Outlet, Republish: feed.RepublishFull, Private: true},
		},
		Version: "1.0.0",
	}
}

func newPublisher(tb testing.TB, r store.Reader) *publish.Publisher {
	tb.Helper()
	p := publish.New(r, slog.New(slog.NewTextHandler(tb.Output(), nil)))
	p.Configure(config())
	return p
}

func refresh(tb testing.TB, p *publish.Publisher) []string {
	tb.Helper()
	changed, err := p.Refresh(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return changed
}

func snapshot(tb testing.TB, p *publish.Publisher, channel string, f render.Format) *publish.Snapshot {
	tb.Helper()
	s, err := p.Snapshot(channel, f)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSnapshotIsWhatTheServerNeeds(t *testing.T) {
	r := newFake()
	p := newPublisher(t, r)
	if changed := refresh(t, p); len(changed) != 0 {
		t.Errorf("first snapshots count as changed: %v", changed)
	}
	for _, f := range render.Formats {
		s := snapshot(t, p, "all", f)
		if !bytes.Contains(s.Body, []byte("First")) || s.MediaType != f.MediaType || s.Revision.Number != 1 {
			t.Errorf("%s: media type %q, revision %d", f.Name, s.MediaType, s.Revision.Number)
		}
		if !s.Modified.Equal(noon.Add(time.Minute)) || s.MaxAge != time.Hour {
			t.Errorf("%s: modified %v, max-age %v", f.Name, s.Modified, s.MaxAge)
		}
		z, err := gzip.NewReader(bytes.NewReader(s.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(z); err != nil || !bytes.Equal(body, s.Body) {
			t.Errorf("%s: the compressed body is another one: %v", f.Name, err)
		}
		if s.ETag == s.GzipETag || !strings.HasPrefix(s.ETag, `"`) || !strings.HasSuffix(s.GzipETag, `"`) {
			t.Errorf("%s: ETags %s and %s", f.Name, s.ETag, s.GzipETag)
		}
	}
	want := []string{
		`<https://analysis.example.org/feeds/all.atom>; rel="self"`,
		`<https://analysis.example.org/hub>; rel="hub"`,
		`<https://analysis.example.org/feeds/all.rss>; rel="alternate"; type="application/rss+xml"`,
		`<https://analysis.example.org/feeds/all.json>; rel="alternate"; type="application/feed+json"`,
	}
	if got := snapshot(t, p, "all", render.Atom).Links; !slices.Equal(got, want) {
		t.Errorf("links: %q", got)
	}
}

func TestOnlyChangedChannelsAreRendered(t *testing.T) {
	r := newFake()
	p := newPublisher(t, r)
	refresh(t, p)
	refresh(t, p)
	r.put("own", story(2, "Second"))
	if changed := refresh(t, p); !slices.Equal(changed, []string{"own"}) {
		t.Errorf("changed: %v", changed)
	}
	if all, own := r.count("all"), r.count("own"); all != 1 || own != 2 {
		t.Errorf("read all %d times and own %d times", all, own)
	}
	if s := snapshot(t, p, "own", render.JSON); !bytes.Contains(s.Body, []byte("Second")) {
		t.Error("the new story is not there")
	}
}

func TestRevisionThatShowsNothingNewKeepsTheDocument(t *testing.T) {
	r := newFake()
	p := newPublisher(t, r)
	refresh(t, p)
	before := snapshot(t, p, "all", render.RSS)
	r.touch("all")
	if changed := refresh(t, p); len(changed) != 0 {
		t.Errorf("changed: %v", changed)
	}
	after := snapshot(t, p, "all", render.RSS)
	if after.ETag != before.ETag || !after.Modified.Equal(before.Modified) || after.Revision.Number != 2 {
		t.Errorf("from %s %v to %s %v, revision %d", before.ETag, before.Modified, after.ETag, after.Modified, after.Revision.Number)
	}
}

func TestRestartGivesTheSameETags(t *testing.T) {
	r := newFake()
	r.put("all", story(2, "Second"))
	first, second := newPublisher(t, r), newPublisher(t, r)
	refresh(t, first)
	refresh(t, second)
	for _, f := range render.Formats {
		a, b := snapshot(t, first, "all", f), snapshot(t, second, "all", f)
		if a.ETag != b.ETag || a.GzipETag != b.GzipETag || !a.Modified.Equal(b.Modified) {
			t.Errorf("%s: %s %s %v, then %s %s %v", f.Name, a.ETag, a.GzipETag, a.Modified, b.ETag, b.GzipETag, b.Modified)
		}
	}
}

func TestFailureKeepsTheLastGoodDocument(t *testing.T) {
	r := newFake()
	p := newPublisher(t, r)
	refresh(t, p)
	before := snapshot(t, p, "all", render.Atom)
	r.put("all", story(2, "Second"))
	r.put("own", story(2, "Second"))
	broken := errors.New("the disk is gone")
	r.fail(broken)
	if changed, err := p.Refresh(t.Context()); !errors.Is(err, broken) || len(changed) != 0 {
		t.Errorf("Refresh: %v, %v", changed, err)
	}
	if after := snapshot(t, p, "all", render.Atom); after != before {
		t.Error("the last good document is gone")
	}
	r.fail(nil)
	if changed := refresh(t, p); !slices.Equal(changed, []string{"all", "own"}) {
		t.Errorf("changed after recovery: %v", changed)
	}
}

func TestUnknownAndUnreadyChannelsAreToldApart(t *testing.T) {
	p := newPublisher(t, newFake())
	if _, err := p.Snapshot("all", render.RSS); !errors.Is(err, publish.ErrNotReady) {
		t.Errorf("before the first refresh: %v", err)
	}
	refresh(t, p)
	if _, err := p.Snapshot("none", render.RSS); !errors.Is(err, feed.ErrNotFound) {
		t.Errorf("not declared: %v", err)
	}
	c := config()
	c.Channels = c.Channels[1:]
	p.Configure(c)
	refresh(t, p)
	if _, err := p.Snapshot("all", render.RSS); !errors.Is(err, feed.ErrNotFound) {
		t.Errorf("declared no more: %v", err)
	}
}

func TestNewConfigurationMakesNewDocuments(t *testing.T) {
	p := newPublisher(t, newFake())
	refresh(t, p)
	before := snapshot(t, p, "all", render.JSON)
	c := config()
	c.Channels[0].Title = "All of it"
	p.Configure(c)
	if changed := refresh(t, p); !slices.Equal(changed, []string{"all"}) {
		t.Errorf("changed: %v", changed)
	}
	if after := snapshot(t, p, "all", render.JSON); after.ETag == before.ETag || !after.Modified.After(before.Modified) {
		t.Errorf("modified %v, before %v", after.Modified, before.Modified)
	}
}

func TestEmptyChannelIsPublished(t *testing.T) {
	r := newFake()
	r.stories["all"] = nil
	p := newPublisher(t, r)
	refresh(t, p)
	if s := snapshot(t, p, "all", render.JSON); !bytes.Contains(s.Body, []byte(`"items":[]`)) {
		t.Errorf("%s", s.Body)
	}
}

func TestSourceListHasNoPrivateAddresses(t *testing.T) {
	p := newPublisher(t, newFake())
	refresh(t, p)
	got := string(p.OPML().Body)
	if !strings.Contains(got, `text="The Herald"`) || !strings.Contains(got, "https://herald.example.com/rss") || strings.Contains(got, "s3cr3t") {
		t.Error(got)
	}
}

func TestMaxAgeFollowsTheCadence(t *testing.T) {
	for _, tt := range []struct {
		gap  time.Duration
		want time.Duration
	}{
		{time.Minute, 5 * time.Minute}, {time.Hour, 15 * time.Minute}, {2 * time.Hour, 30 * time.Minute}, {24 * time.Hour, time.Hour},
	} {
		t.Run(tt.gap.String(), func(t *testing.T) {
			r := newFake()
			for i := range 30 {
				s := story(feed.ID(i+2), "Next")
				s.Sort = noon.Add(time.Duration(i) * tt.gap)
				r.put("all", s)
			}
			p := newPublisher(t, r)
			refresh(t, p)
			if got := snapshot(t, p, "all", render.RSS).MaxAge; got != tt.want {
				t.Errorf("max-age %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRunSeesWhatOthersRecordAndGathersWhatComesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFake()
		p := newPublisher(t, r)
		ctx, stop := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		var announced [][]string
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.Run(ctx, wake, func(channels []string) { announced = append(announced, channels) })
		}()
		synctest.Wait()
		snapshot(t, p, "all", render.RSS) // there at once

		r.put("all", story(2, "Recorded by another process"))
		// By the bubble's clock.
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if len(announced) != 1 {
			t.Fatalf("announced %v", announced)
		}
		for i := range 5 {
			r.put("own", story(feed.ID(3+i), "One of five"))
			wake <- struct{}{}
			// By the bubble's clock.
			time.Sleep(50 * time.Millisecond)
		}
		// By the bubble's clock.
		time.Sleep(time.Second)
		synctest.Wait()
		if got := fmt.Sprint(announced); got != "[[all] [own]]" {
			t.Errorf("announced %v", got)
		}
		stop()
		<-done
	})
}

func TestReadersAreNotHeldUp(t *testing.T) {
	r := newFake()
	p := newPublisher(t, r)
	refresh(t, p)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if s, err := p.Snapshot("all", render.Atom); err != nil || len(s.Body) == 0 {
					t.Error(err)
				}
				p.OPML()
			}
		})
	}
	wg.Go(func() {
		for i := range 10 {
			r.put("all", story(feed.ID(i+2), "More"))
			if _, err := p.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			p.Configure(config())
		}
	})
	wg.Wait()
}

func BenchmarkRefresh(b *testing.B) {
	r := newFake()
	for i := range 50 {
		s := story(feed.ID(i+2), fmt.Sprint("Story ", i))
		s.Lead.Content = strings.Repeat("<p>They met, &amp; parted.</p>\n", 4096/30)
		r.put("all", s)
	}
	p := newPublisher(b, r)
	refresh(b, p)
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			refresh(b, p)
		}
	})
	b.Run("nothing_new_to_show", func(b *testing.B) {
		for b.Loop() {
			r.touch("all")
			refresh(b, p)
		}
	})
	b.Run("one_channel_of_50_stories", func(b *testing.B) {
		for n := feed.ID(100); b.Loop(); n++ {
			s := story(n, "Newer")
			s.Lead.Content = r.stories["all"][1].Lead.Content
			r.put("all", s)
			refresh(b, p)
		}
	})
}
