package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"serai/internal/dedupe"
	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/ingest"
	"serai/internal/match"
	"serai/internal/post"
	"serai/internal/schedule"
	"serai/internal/store"
	"serai/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A publisher is an origin that serves feeds, and can be made to misbehave.
type publisher struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]http.HandlerFunc
	asked map[string][]*http.Request
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{pages: map[string]http.HandlerFunc{}, asked: map[string][]*http.Request{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path] = append(p.asked[r.URL.Path], r)
		page := p.pages[r.URL.Path]
		p.mu.Unlock()
		if page == nil {
			http.NotFound(w, r)
			return
		}
		page(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) serve(path string, page http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[path] = page
}

// feed serves an RSS document with validators, as a good publisher does.
func (p *publisher) feed(path string, items ...string) {
	body := rss(items...)
	tag := fmt.Sprintf(`"%x"`, len(body)*31+len(items))
	p.serve(path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, body)
	})
}

func (p *publisher) requests(path string) []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked[path])
}

func rss(items ...string) string {
	return `<?xml version="1.0"?><rss version="2.0"><channel><title>Outlet</title><link>https://outlet.example/</link>` +
		strings.Join(items, "") + `</channel></rss>`
}

// item is an RSS item with a text of its own, long enough to tell articles
// apart.
func item(name string, day int) string {
	text := strings.Repeat("<p>The "+name+" council met in the "+name+" hall and spoke of the "+name+" road at length.</p>", 3)
	return fmt.Sprintf(`<item><guid>%[1]s</guid><title>About %[1]s</title><link>https://outlet.example/%[1]s</link>`+
		`<pubDate>%[2]s</pubDate><description><![CDATA[%[3]s]]></description></item>`,
		name, time.Date(2026, 1, day, 12, 0, 0, 0, time.UTC).Format(time.RFC1123Z), text)
}

// A bench is an Ingest with a store of its own.
type bench struct {
	*ingest.Ingest
	store   store.Store
	plan    *ingest.Plan
	changed func() // called when a channel changed
}

func newBench(t *testing.T, st store.Store, sources ...feed.Source) *bench {
	t.Helper()
	cadence, err := schedule.Parse("adaptive", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sources {
		s := &sources[i]
		s.Cadence, s.Republish, s.Keep = cadence, feed.RepublishFull, feed.Keep{Entries: 1000, Age: 730 * 24 * time.Hour}
		if s.Kind == "" {
			s.Kind = feed.Outlet
		}
		if s.FirstPoll == 0 {
			s.FirstPoll = 100
		}
	}
	allow := []feed.AllowedNet{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}
	channels := []feed.Channel{{ID: "all", Title: "Everything", Limit: 100, Content: feed.FullContent, Attribution: feed.NoAttribution, Rules: "1"}}
	rules, err := match.Compile(nil, sources, channels)
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Options{UserAgent: "serai-test", Allow: allow})
	t.Cleanup(client.Close)
	site := feed.Site{Title: "Site", URL: "https://site.example", Language: "en"}
	b := &bench{store: st, changed: func() {}, plan: &ingest.Plan{
		Site: site, Sources: sources, Channels: channels, Rules: rules, Allow: allow, Client: client,
		Dedup: dedupe.New(feed.Dedup{Threshold: 0.72, Window: 400 * 24 * time.Hour}),
		Posts: post.Library{Dir: filepath.Join(t.TempDir(), "posts"), SiteURL: site.URL, Language: "en"},
	}}
	b.Ingest = ingest.New(ingest.Options{
		Store: st, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Changed: func([]string) { b.changed() },
	})
	if err := b.Configure(t.Context(), b.plan); err != nil {
		t.Fatal(err)
	}
	return b
}

func openStore(t *testing.T) store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "serai.db"), sqlite.Options{Daemon: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// poll polls all sources once more and returns what became of each.
func (b *bench) poll(t *testing.T) map[string]feed.Poll {
	t.Helper()
	polls := map[string]feed.Poll{}
	err := b.PollNow(t.Context(), ingest.ByHand{Again: true}, func(r ingest.Row) { polls[r.Poll.Source] = r.Poll })
	if err != nil {
		t.Fatal(err)
	}
	return polls
}

// titles returns the titles of the channel, newest first.
func (b *bench) titles(t *testing.T) []string {
	t.Helper()
	stories, err := b.store.Channel(t.Context(), "all", store.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	titles := make([]string, len(stories))
	for i, s := range stories {
		titles[i] = s.Lead.Title
	}
	return titles
}

func wantTitles(t *testing.T, b *bench, want ...string) {
	t.Helper()
	if got := b.titles(t); !slices.Equal(got, want) {
		t.Errorf("the channel holds %q, want %q", got, want)
	}
}

func TestPollEndsAsItWent(t *testing.T) {
	p := newPublisher(t)
	b := newBench(t, openStore(t), feed.Source{ID: "outlet", URL: p.URL + "/feed"})

	steps := []struct {
		name    string
		serve   func()
		outcome feed.Outcome
		new     int
		updated int
	}{
		{"first", func() { p.feed("/feed", item("bridge", 2), item("tea", 1)) }, feed.New, 2, 0},
		{"not_modified", func() {}, feed.Unchanged, 0, 0},
		{"one_more", func() { p.feed("/feed", item("harbour", 3), item("bridge", 2), item("tea", 1)) }, feed.New, 1, 0},
		{"one_corrected", func() {
			p.feed("/feed", strings.Replace(item("harbour", 3), "About harbour", "About the harbour", 1), item("bridge", 2), item("tea", 1))
		}, feed.Changed, 0, 1},
		{"an_error_page", func() {
			p.serve("/feed", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><title>Oops</title>") })
		}, feed.Failed, 0, 0},
		{"nothing", func() { p.serve("/feed", func(http.ResponseWriter, *http.Request) {}) }, feed.Failed, 0, 0},
		{"a_server_error", func() {
			p.serve("/feed", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusInternalServerError) })
		}, feed.Failed, 0, 0},
		{"an_empty_but_whole_feed", func() { p.feed("/feed") }, feed.Unchanged, 0, 0},
		{"all_back", func() { p.feed("/feed", item("harbour", 3), item("bridge", 2), item("tea", 1)) }, feed.Changed, 0, 1},
		{"gone", func() {
			p.serve("/feed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		}, feed.Gone, 0, 0},
	}
	for _, step := range steps {
		step.serve()
		got := b.poll(t)["outlet"]
		if got.Outcome != step.outcome || got.New != step.new || got.Updated != step.updated {
			t.Errorf("%s: %s with %d new and %d updated, want %s with %d and %d (%+v)",
				step.name, got.Outcome, got.New, got.Updated, step.outcome, step.new, step.updated, got.Failure)
		}
		if got.Because == "" || (got.Outcome == feed.Failed) != (got.Failure != nil && got.Failure.Class != feed.FailGone) {
			t.Errorf("%s: no reason, or a failure that does not show: %+v", step.name, got)
		}
	}
	wantTitles(t, b, "About harbour", "About bridge", "About tea")
}

func TestAnswerThatIsNoFeedLeavesValidatorsAlone(t *testing.T) {
	p := newPublisher(t)
	b := newBench(t, openStore(t), feed.Source{ID: "outlet", URL: p.URL + "/feed"})
	p.feed("/feed", item("bridge", 2))
	b.poll(t)
	p.serve("/feed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"of the error page"`)
		fmt.Fprint(w, "<html><title>We will be back</title></html>")
	})
	b.poll(t)
	b.poll(t)
	asked := p.requests("/feed")
	good, last := asked[1].Header.Get("If-None-Match"), asked[2].Header.Get("If-None-Match")
	if good == "" || last != good {
		t.Errorf("asked with %q, and after the error page with %q", good, last)
	}
}

func TestOneBadSourceDisturbsNoOther(t *testing.T) {
	p := newPublisher(t)
	p.feed("/good", item("bridge", 2))
	p.serve("/endless", func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("<item>", 10_000))
		for i := 0; i < 2000 && r.Context().Err() == nil; i++ {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	p.serve("/garbage", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0, 1, 2, 0xff, 0xfe, 0}) }) //nolint:errcheck // a test's answer
	p.serve("/cut", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.TrimSuffix(rss(item("cut", 3), "<item><title>half an ent"), "</channel></rss>"))
	})
	b := newBench(t, openStore(t),
		feed.Source{ID: "endless", URL: p.URL + "/endless", MaxBytes: 1 << 20}, feed.Source{ID: "garbage", URL: p.URL + "/garbage"},
		feed.Source{ID: "missing", URL: p.URL + "/missing"}, feed.Source{ID: "refused", URL: closed.URL + "/feed"},
		feed.Source{ID: "cut", URL: p.URL + "/cut"}, feed.Source{ID: "good", URL: p.URL + "/good"})
	polls := b.poll(t)
	want := map[string]feed.Class{"endless": feed.FailTooLarge, "garbage": feed.FailFormat, "missing": feed.FailMissing, "refused": feed.FailNetwork}
	for source, class := range want {
		if got := polls[source]; got.Failure == nil || got.Failure.Class != class || got.Next.IsZero() {
			t.Errorf("%s: %+v, want a failure of class %s and a next time", source, got, class)
		}
	}
	if polls["good"].Outcome != feed.New {
		t.Errorf("the good source: %+v", polls["good"])
	}
	if got := b.titles(t); !slices.Contains(got, "About bridge") || !slices.Contains(got, "About cut") {
		t.Errorf("the channel holds %q, want the good entry and the whole one of the cut feed", got)
	}
}

func TestNewSourceDoesNotFlood(t *testing.T) {
	p := newPublisher(t)
	p.feed("/feed", item("e", 5), item("d", 4), item("c", 3), item("b", 2), item("a", 1))
	b := newBench(t, openStore(t), feed.Source{ID: "outlet", URL: p.URL + "/feed", FirstPoll: 2})
	b.poll(t)
	wantTitles(t, b, "About e", "About d")
	p.feed("/feed", item("f", 6), item("e", 5), strings.Replace(item("d", 4), "About d", "About D", 1), strings.Replace(item("a", 1), "About a", "About A", 1))
	b.poll(t)
	wantTitles(t, b, "About f", "About e", "About D")
}

func TestSameArticleOfTwoSourcesIsOneStory(t *testing.T) {
	p := newPublisher(t)
	p.feed("/outlet", item("bridge", 2))
	p.feed("/planet", strings.Replace(item("bridge", 2), "<guid>bridge", "<guid>42", 1), item("tea", 1))
	b := newBench(t, openStore(t), feed.Source{ID: "planet", URL: p.URL + "/planet", Kind: feed.Aggregator}, feed.Source{ID: "outlet", URL: p.URL + "/outlet"})
	b.poll(t)
	wantTitles(t, b, "About bridge", "About tea")
	story, err := b.store.StoryAt(t.Context(), "https://outlet.example/bridge?utm_source=rss")
	if err != nil {
		t.Fatal(err)
	}
	if len(story.Members) != 2 || story.Members[0].Source != "outlet" || story.Members[1].Placement.Reason == "" {
		t.Errorf("members %+v, want the outlet as lead and the planet with a reason", story.Members)
	}
}

func TestChangedRulesChooseAnew(t *testing.T) {
	p := newPublisher(t)
	p.feed("/feed", item("bridge", 2), item("tea", 1))
	st := openStore(t)
	outlet := feed.Source{ID: "outlet", URL: p.URL + "/feed", Drop: []feed.Rule{{Title: []string{"bridge"}}}}
	b := newBench(t, st, outlet)
	b.poll(t)
	wantTitles(t, b, "About tea")

	outlet.Drop = []feed.Rule{{Title: []string{"tea"}}}
	again := newBench(t, st, outlet)
	again.plan.Channels[0].Rules = "2"
	if err := again.Configure(t.Context(), again.plan); err != nil {
		t.Fatal(err)
	}
	wantTitles(t, again, "About tea") // the old contents stand until the new ones are whole
	if err := again.RebuildStale(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantTitles(t, again, "About bridge")
}

func TestOurOwnFeedDoesNotComeRound(t *testing.T) {
	p := newPublisher(t)
	p.serve("/planet", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<feed xmlns="http://www.w3.org/2005/Atom"><title>Planet</title><id>urn:planet</id><updated>2026-01-01T00:00:00Z</updated>
			<entry><id>urn:1</id><title>Ours</title><updated>2026-01-01T00:00:00Z</updated><link href="https://elsewhere.example/1"/><content>Text</content>
			<source><id>tag:site</id><title>Site</title><updated>2026-01-01T00:00:00Z</updated><link rel="self" href="https://site.example/feeds/all.atom"/></source></entry></feed>`)
	})
	b := newBench(t, openStore(t), feed.Source{ID: "planet", URL: p.URL + "/planet"})
	if got := b.poll(t)["planet"]; got.New != 1 {
		t.Fatalf("poll: %+v", got)
	}
	wantTitles(t, b)
}

// A brokenStore refuses to record entries, as a full disk does.
type brokenStore struct {
	store.Store
	broken bool
}

func (s *brokenStore) Record(ctx context.Context, r store.Record) (store.Recorded, error) {
	if s.broken && len(r.Entries) > 0 {
		return store.Recorded{}, errors.New("disk full")
	}
	return s.Store.Record(ctx, r)
}

func TestWhatCouldNotBeRecordedIsFetchedAgain(t *testing.T) {
	p := newPublisher(t)
	st := &brokenStore{Store: openStore(t), broken: true}
	b := newBench(t, st, feed.Source{ID: "outlet", URL: p.URL + "/feed"})
	p.feed("/feed", item("bridge", 2))
	if got := b.poll(t)["outlet"]; got.Failure == nil || got.Failure.Class != feed.FailStore {
		t.Fatalf("poll on a full disk: %+v", got)
	}
	st.broken = false
	if got := b.poll(t)["outlet"]; got.New != 1 {
		t.Errorf("poll after that: %+v, want the entry", got)
	}
	for _, r := range p.requests("/feed") {
		if r.Header.Get("If-None-Match") != "" {
			t.Error("validators of an answer that was never recorded were sent")
		}
	}
}

func TestPollByHandLeavesFreshSourcesAlone(t *testing.T) {
	p := newPublisher(t)
	p.feed("/feed", item("bridge", 2))
	p.serve("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7200")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	b := newBench(t, openStore(t), feed.Source{ID: "outlet", URL: p.URL + "/feed"}, feed.Source{ID: "busy", URL: p.URL + "/busy"})
	b.poll(t)
	skipped := func(o ingest.ByHand) map[string]string {
		rows := map[string]string{}
		err := b.PollNow(t.Context(), o, func(r ingest.Row) {
			if r.Skipped != nil {
				rows[r.Poll.Source] = r.Skipped.Error()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if rows := skipped(ingest.ByHand{Sources: []string{"outlet", "busy"}}); rows["outlet"] == "" || rows["busy"] == "" {
		t.Errorf("polled again at once: %q", rows)
	}
	if rows := skipped(ingest.ByHand{Sources: []string{"outlet", "busy"}, Again: true}); rows["outlet"] != "" || rows["busy"] == "" {
		t.Errorf("with again: %q, want the outlet polled and the busy one left alone", rows)
	}
	if rows := skipped(ingest.ByHand{Sources: []string{"outlet"}, Due: true}); rows["outlet"] == "" {
		t.Error("a source that is not due was polled")
	}
	if err := b.PollNow(t.Context(), ingest.ByHand{Sources: []string{"nobody"}}, func(ingest.Row) {}); !errors.Is(err, feed.ErrNotFound) {
		t.Errorf("an unknown source: %v", err)
	}
}

func TestPostsGoTheSameWay(t *testing.T) {
	b := newBench(t, openStore(t))
	dir := b.plan.Posts.Dir
	write := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() feed.Poll {
		t.Helper()
		poll, err := b.ReadPosts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return poll
	}
	post := "---\ntitle: The bridge\ndate: 2026-01-02\n---\nIt is “open” — at last.\n"
	write("bridge.md", post)
	write("broken.md", "---\ntitel: Oops\n---\nText\n")
	if got := read(); got.New != 1 {
		t.Fatalf("first reading: %+v", got)
	}
	if problems := b.PostProblems(); len(problems) != 1 || problems[0].Path != "broken.md" || problems[0].Line == 0 {
		t.Errorf("problems: %v, want the broken post with its line", problems)
	}
	if got := read(); got.Outcome != feed.Unchanged {
		t.Errorf("second reading: %+v", got)
	}
	first, err := b.store.Post(t.Context(), "the-bridge")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(first.Lead.Content, "It is “open” — at last.") {
		t.Errorf("the post reads %q", first.Lead.Content)
	}

	write("bridge.md", strings.Replace(post, "at last", "after all", 1))
	if got := read(); got.Updated != 1 {
		t.Errorf("after an edit: %+v", got)
	}
	if err := os.Rename(filepath.Join(dir, "bridge.md"), filepath.Join(dir, "opening.md")); err != nil {
		t.Fatal(err)
	}
	read()
	edited, err := b.store.Post(t.Context(), "the-bridge")
	if err != nil {
		t.Fatal(err)
	}
	if edited.PublicID != first.PublicID || !edited.Published.Equal(first.Published) || !edited.Updated.After(first.Updated) {
		t.Errorf("edited and renamed: id %s, published %s, updated %s; before: %s, %s, %s",
			edited.PublicID, edited.Published, edited.Updated, first.PublicID, first.Published, first.Updated)
	}
	if err := os.Remove(filepath.Join(dir, "opening.md")); err != nil {
		t.Fatal(err)
	}
	read()
	if gone, err := b.store.Post(t.Context(), "the-bridge"); err != nil || gone.Withdrawn.IsZero() {
		t.Errorf("after deletion: withdrawn %s, %v", gone.Withdrawn, err)
	}
	wantTitles(t, b)
}

// TestRunPollsAndRemembers runs the daemon's loop: it polls a source that is
// new, does not poll it again after a restart before its time, and records a
// poll that is under way when it is told to stop.
func TestRunPollsAndRemembers(t *testing.T) {
	p := newPublisher(t)
	st := openStore(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	body := rss(item("bridge", 2))
	p.serve("/feed", func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		fmt.Fprint(w, body)
	})
	source := feed.Source{ID: "outlet", URL: p.URL + "/feed"}
	b := newBench(t, st, source)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	<-arrived
	cancel()
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	wantTitles(t, b, "About bridge")
	status, err := st.Source(t.Context(), "outlet")
	if err != nil {
		t.Fatal(err)
	}
	if due := time.Until(status.State.Next); due < 30*time.Minute {
		t.Errorf("due again in %s", due)
	}

	// A start is no reason to poll what is not due.
	again := newBench(t, st, source)
	if err := errors.Join(os.MkdirAll(again.plan.Posts.Dir, 0o755), os.WriteFile(filepath.Join(again.plan.Posts.Dir, "a.txt"), []byte("A title\n\nA text.\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	again.PostsChanged()
	ctx, cancel = context.WithCancel(t.Context())
	again.changed = cancel // the loop has begun: it has read the post
	if err := again.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if after, err := st.Source(t.Context(), "outlet"); err != nil || !after.State.Next.Equal(status.State.Next) {
		t.Errorf("after a restart due at %s, want %s (%v)", after.State.Next, status.State.Next, err)
	}
	if jobs, err := st.Due(t.Context(), time.Now(), time.Minute, 10); err != nil || len(jobs) != 0 {
		t.Errorf("due after a restart: %v, %v", jobs, err)
	}
}
