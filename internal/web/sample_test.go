package web

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/store"
	"serai/internal/store/sqlite"
)

const siteURL = "https://caucasus.example"

// A sample is a site with a few sources, channels and posts in many scripts,
// in a store of its own.
type sample struct {
	*Server
	store     *sqlite.Store
	publisher *publish.Publisher
	config    Config
	last      feed.ID
}

var (
	sampleNow = time.Date(2026, 11, 23, 16, 30, 0, 0, time.UTC)
	polled    []string // what the admin's buttons did
)

func sampleSources() []feed.Source {
	src := func(id, title, language string, kind feed.Kind) feed.Source {
		return feed.Source{
			ID: id, URL: "https://" + id + ".example/feed", Title: title, Kind: kind, Language: language,
			Republish: feed.RepublishFull, Cadence: feed.Cadence{Text: "adaptive"},
		}
	}
	sources := []feed.Source{
		src("ridge-review", "The Ridge Review", "en", feed.Outlet),
		src("kura", "", "ka", feed.Outlet),
		src("hayots-dzor", "Հայոց ձոր", "hy", feed.Outlet),
		src("xezer", "Xəzər təhlil", "az", feed.Outlet),
		src("most", "Мост", "ru", feed.Outlet),
		src("aras", "نگاه ارس", "fa", feed.Outlet),
		src("gather", "Gatherer", "", feed.Aggregator),
		src("hidden", "Members’ letter", "en", feed.Outlet),
	}
	sources[5].Republish = feed.RepublishLink
	sources[7].Private, sources[7].URL = true, "https://hidden.example/feed?token=geheim"
	return sources
}

func sampleChannels() []feed.Channel {
	ch := func(id, title, description string, sources ...string) feed.Channel {
		return feed.Channel{
			ID: id, Title: title, Description: description, Sources: sources, Limit: 50,
			Content: feed.FullContent, Attribution: feed.NoAttribution, Rules: id,
		}
	}
	channels := []feed.Channel{
		ch("all", "Everything", "All that the region’s analysts publish, each article once."),
		ch("own", "Our own analysis", "What we write ourselves.", feed.PostsSource),
		ch("water", "Water and energy", "Rivers, dams, pipelines and who decides about them."),
		ch("roads", "Roads and borders", ""),
		ch("az", "Azərbaycanca", "", "xezer"),
	}
	channels[4].Language = "az"
	return channels
}

// newSample returns the site, running.
func newSample(tb testing.TB) *sample {
	tb.Helper()
	ctx := tb.Context()
	log := slog.New(slog.NewTextHandler(tb.Output(), nil))
	st, err := sqlite.Open(ctx, filepath.Join(tb.TempDir(), "serai.db"), sqlite.Options{Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	s := &sample{store: st, publisher: publish.New(st, log)}
	s.config = Config{
		Site: feed.Site{
			Title: "South Caucasus Analysis", URL: siteURL, Description: "What the region’s analysts publish, in one place.", Language: "en",
			Author: feed.Person{Name: "The editors", Email: "editors@caucasus.example"}, Rights: "Each article belongs to its author.", Hub: "self",
		},
		Channels: sampleChannels(), Sources: sampleSources(), PostsDir: tb.TempDir(), AdminToken: "open sesame",
		UserAgent: "serai/1.0 (+" + siteURL + "/about; 8 feeds)",
	}
	s.fill(tb)
	s.Server = New(Options{
		Reader: st, Publisher: s.publisher, Log: log, Version: "1.0", Metrics: NewMetrics(st, "1.0"),
		PollNow: func(_ context.Context, source string) error {
			switch source {
			case "kura":
				return store.ErrBusy
			case "nobody":
				return feed.ErrNotFound
			}
			polled = append(polled, source)
			return nil
		},
		Resume: func(context.Context, string) error { return fmt.Errorf("the disk is <full>") },
	})
	s.Configure(s.config)
	s.refresh(tb)
	return s
}

func (s *sample) refresh(tb testing.TB) {
	tb.Helper()
	s.publisher.Configure(publish.Config{Site: s.config.Site, Channels: s.config.Channels, Sources: s.config.Sources, Version: "1.0"})
	if _, err := s.publisher.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// A told entry is one of the sample's.
type told struct {
	source, key, language, title, summary, author string
	ago                                           time.Duration
	channels, topics                              []string
	same                                          string // key of the entry that it is the same article as
	post                                          *feed.Post
	content                                       string
}

func (s *sample) fill(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	declared := []store.Declared{{ID: feed.PostsSource}}
	for _, src := range s.config.Sources {
		declared = append(declared, store.Declared{ID: src.ID, First: sampleNow})
	}
	if _, err := s.store.Declare(ctx, declared, s.config.Channels); err != nil {
		tb.Fatal(err)
	}
	for _, ch := range s.config.Channels { // nothing is stored yet, so this marks them as filled
		if _, err := s.store.Rebuild(ctx, ch, 10, func(feed.Entry) (feed.Membership, bool) { return feed.Membership{}, false }); err != nil {
			tb.Fatal(err)
		}
	}
	for _, e := range sampleEntries() {
		s.record(tb, e, "")
	}
	s.record(tb, told{source: feed.PostsSource}, "old-post")
	s.polls(tb)
	s.postFiles(tb)
}

// record stores an entry as a poll of its source would.
func (s *sample) record(tb testing.TB, t told, withdrawn string) {
	tb.Helper()
	at := sampleNow.Add(-t.ago)
	r := rand.New(rand.NewPCG(1, 1))
	s.last = feed.MintID(at, r.Uint32(), s.last)
	link := "https://" + t.source + ".example/" + t.key
	e := feed.Entry{
		ID: s.last, Source: t.source, Key: t.key, PublicID: link, Link: link, Title: t.title, Summary: t.summary,
		Content: t.content, Language: t.language, Words: 400, Published: at, FirstSeen: at.Add(time.Minute), Changed: at.Add(time.Minute),
		Topics: t.topics, Hash: t.key,
	}
	if e.Content == "" && t.summary != "" {
		e.Content = "<p>" + t.summary + "</p>"
	}
	if t.author != "" {
		e.Authors = []feed.Person{{Name: t.author}}
	}
	if t.post != nil {
		e.Post = t.post
		e.Link = siteURL + "/posts/" + t.post.Slug
		e.PublicID = "tag:caucasus.example,2026:" + t.post.Slug
	}
	entry := store.NewEntry{Entry: e, Sort: at, Keys: []feed.Key{feed.KeyOf(feed.KeyURL, t.source+t.key)}}
	if t.same != "" {
		entry.Keys = append(entry.Keys, feed.KeyOf(feed.KeyCanonical, t.same))
	}
	for _, ch := range t.channels {
		entry.Channels = append(entry.Channels, feed.Membership{Channel: ch, Reason: "sample"})
	}
	record := store.Record{
		Poll:    feed.Poll{Source: t.source, At: at, Took: 310 * time.Millisecond, Outcome: feed.New, Status: 200, Bytes: 18_400, New: 1},
		Entries: []store.NewEntry{entry}, Place: place, Lead: func(m []feed.Member) feed.ID { return m[0].Entry },
	}
	if withdrawn != "" {
		record.Entries, record.Withdrawn = nil, []string{withdrawn}
	}
	if _, err := s.store.Record(tb.Context(), record); err != nil {
		tb.Fatal(err)
	}
}

func place(_ feed.Entry, candidates []feed.Candidate) feed.Placement {
	if len(candidates) > 0 {
		return feed.Placement{Story: candidates[0].Entry.Story, With: candidates[0].Entry.ID, Rule: "address", Reason: "names the other's address as its original"}
	}
	return feed.Placement{Rule: "alone", Reason: "no other entry shares an address with it"}
}

// polls gives the sources the states that pages show.
func (s *sample) polls(tb testing.TB) {
	tb.Helper()
	ok := feed.State{
		Next: sampleNow.Add(20 * time.Minute), Because: "adaptive: an entry every 3 h in the last week", LastAttempt: sampleNow, LastOK: sampleNow,
		LastFull: sampleNow, LastChange: sampleNow.Add(-2 * time.Hour), FirstPolled: sampleNow.Add(-90 * 24 * time.Hour), Polls: 812, Format: "rss",
	}
	for _, src := range s.config.Sources {
		state := ok
		state.Origin = feed.Origin{Title: "Feed of " + src.ID, HomeURL: "https://" + src.ID + ".example/"}
		poll := feed.Poll{Source: src.ID, At: sampleNow, Took: 120 * time.Millisecond, Outcome: feed.Unchanged, Status: 304, Next: state.Next, Because: state.Because}
		switch src.ID {
		case "kura":
			state.Origin.Title = "მტკვარი"
		case "most":
			state.Failures, state.FailClass, state.FailSince = 4, feed.FailNetwork, sampleNow.Add(-7*time.Hour)
			state.FailText = "TLS: the certificate expired on <2026-11-20>\x1b[31m\u202e"
			poll.Outcome, poll.Status = feed.Failed, 0
			poll.Failure = &feed.Failure{Class: feed.FailNetwork, Phase: "tls", Text: state.FailText}
		case "gather":
			state.Gone = sampleNow.Add(-48 * time.Hour)
			poll.Outcome, poll.Status = feed.Gone, 410
		}
		r := store.Record{Poll: poll, State: state, Place: place, Lead: func(m []feed.Member) feed.ID { return m[0].Entry }}
		if _, err := s.store.Record(tb.Context(), r); err != nil {
			tb.Fatal(err)
		}
	}
}

// postFiles puts files beside the posts, and some that nobody must be given.
func (s *sample) postFiles(tb testing.TB) {
	tb.Helper()
	dir := s.config.PostsDir
	outside := filepath.Join(tb.TempDir(), "secret.png")
	for name, content := range map[string]string{
		"2026/dams.md": "# source", "2026/map.png": "\x89PNG", "2026/chart.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"2026/data/flow.csv": "year,flow\n", "2026/tool.bin": "bin", "2026/.hidden.png": "hidden", "2026/page.html": "<script>", "feeds.png": "above",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "2026/way-out.png")); err != nil {
		tb.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "2026/folder.png"), 0o700); err != nil {
		tb.Fatal(err)
	}
}

func sampleEntries() []told {
	all := func(more ...string) []string { return append([]string{"all"}, more...) }
	hidden := "<img src=x onerror=alert(1)>"
	return []told{
		{source: "gather", key: "old", language: "en", ago: 80 * time.Hour, title: "A winter without snow worries the valley’s growers",
			summary: "Three dry winters in a row have left reservoirs at half their usual depth. Growers ask for a common plan, and nobody is in charge of one.", channels: all("water"), topics: []string{"water"}},
		{source: "ridge-review", key: "customs", language: "en", ago: 53 * time.Hour, title: "The customs post that nobody staffs", author: "M. Tavadze",
			summary: "On paper the crossing reopened in spring. Lorries still take the long way, for want of a single stamp. What the delay costs, and whom it suits.", channels: all("roads"), topics: []string{"borders"}},
		{source: "aras", key: "bridge", language: "fa", ago: 49 * time.Hour, title: "پلی که دو بازار را به هم می\u200cرساند", summary: "not to be shown", channels: all("roads")},
		{source: "most", key: "1", language: "ru", ago: 31 * time.Hour, title: "Железная дорога, которую ждут тридцать лет", author: "И. Орбелян",
			summary: "Проект возвращается на стол переговоров каждые пять лет. На этот раз у него есть смета, подрядчик и, кажется, политическая воля.", channels: all("roads")},
		{source: feed.PostsSource, key: "old-post", language: "en", ago: 30 * time.Hour, title: "A post that was taken back", summary: "Gone.", channels: all("own"),
			post: &feed.Post{Path: "2026/gone.md", Slug: "gone"}},
		{source: "xezer", key: "kur", language: "az", ago: 26 * time.Hour, title: "Kür çayının suyu azalır: səbəblər və ehtimallar", author: "Nərgiz Əliyeva",
			summary: "Son on ildə çayın axını dörddə bir azalıb. Alimlər iqlimi, fermerlər bəndləri günahlandırır; rəqəmlər isə hər iki tərəfin haqlı olduğunu göstərir.", channels: all("water", "az"), topics: []string{"water"}},
		{source: "ridge-review", key: "xss", language: `en"onload=alert(1)`, ago: 25 * time.Hour, title: `</title><script>alert("title")</script>`, author: hidden,
			summary: hidden + " & 3 < 4, use <b>", channels: all(), topics: []string{hidden}},
		{source: "hayots-dzor", key: "ditaket", language: "hy", ago: 6 * time.Hour, title: "Սահմանամերձ գյուղերի տնտեսությունը երկու տարի անց", author: "Անի Մարտիրոսյան",
			summary: "Դպրոցը բաց է, խանութը՝ ոչ։ Ինչով են ապրում մարդիկ այնտեղ, որտեղ ճանապարհն ավարտվում է, և ինչ է խոստացել պետությունը։", channels: all("roads")},
		{source: "kura", key: "energia", language: "ka", ago: 5 * time.Hour, title: "ენერგეტიკული დერეფანი: ვინ იხდის და ვინ იგებს", author: "ნინო ბერიძე",
			summary: "ახალი ხაზი რეგიონის ელექტროქსელებს აერთიანებს. ტარიფებზე შეთანხმება კი ჯერ არ არსებობს.", channels: all("water"), topics: []string{"energy"}},
		{source: "ridge-review", key: "rail", language: "en", ago: 4 * time.Hour, title: "Who will run the trains? Three answers to one question", author: "Daria Holm, K. Sarkissian",
			summary: "A line through two countries needs one timetable. The draft agreement names three operators and no arbiter; the people who drive the trains have a fourth idea.", channels: all("roads"), topics: []string{"railways"}, same: "ridge-rail"},
		{source: "gather", key: "g1", language: "en", ago: 3*time.Hour + 40*time.Minute, title: "Who will run the trains?", summary: "A line through two countries needs one timetable.", channels: all(), same: "ridge-rail"},
		{source: "most", key: "2", language: "ru", ago: 3*time.Hour + 20*time.Minute, title: "Кто поведёт поезда?", summary: "Линии через две страны нужно одно расписание.", channels: all(), same: "ridge-rail"},
		{source: feed.PostsSource, key: "dams", language: "en", ago: 2 * time.Hour, title: "Five dams, one river: what the flow data really say", author: "The editors",
			summary: "We put the gauges of four countries side by side for the first time. The river loses less to the dams than to the canals, and most of it in one month of the year.",
			content: "<p>We put the gauges of four countries side by side for the first time.</p>\n<figure><img src=\"" + siteURL + "/posts/dams/map.png\" alt=\"The basin\"></figure>\n" +
				"<h2>Where the water goes</h2>\n<p>The river loses less to the <em>dams</em> than to the canals, and most of it in one month of the year. See <a href=\"" + siteURL + "/posts/dams/data/flow.csv\">the data</a>.</p>\n" +
				"<blockquote><p>Nobody measures at the border, because nobody is paid to.</p></blockquote>\n<p>That is about to change.</p>",
			channels: all("own", "water"), topics: []string{"water", "energy"}, post: &feed.Post{Path: "2026/dams.md", Slug: "dams", Section: "Rivers"}},
		{source: "hidden", key: "letter", language: "en", ago: 70 * time.Minute, title: "Letter to members: what we read this month", summary: "A long reading list, with notes.", channels: all()},
		{source: "xezer", key: "liman", language: "az", ago: 25 * time.Minute, title: "Limanda yeni növbə: yüklər niyə gecikir?",
			summary: "Gömrük sistemi yeniləndi, növbələr isə uzandı. Daşıyıcılar və məmurlar eyni rəqəmləri fərqli oxuyur.", channels: all("roads", "az")},
	}
}
