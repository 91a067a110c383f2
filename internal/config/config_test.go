package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"serai/internal/feed"
	"serai/internal/strict"
)

// least is the smallest file that is right.
const least = "site: {title: News, url: https://news.example.org}\nchannels: [{id: all, title: All}]\n"

// variables is an environment for tests.
func variables(name string) (string, bool) {
	v, ok := map[string]string{
		"SERAI_TEST_TOKEN":   "a token that nobody guesses",
		"SERAI_TEST_HEADER":  "Bearer: s3cret\t#not yaml",
		"SERAI_TEST_URL":     "https://private.example/feed?key=s3cret",
		"SERAI_TEST_BAD_URL": "ftp://s3cret.example",
		"SERAI_TEST_LINES":   "a\r\nHost: b",
		"SERAI_TEST_EMPTY":   "",
	}[name]
	return v, ok
}

func parse(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return Parse("feeds.yaml", []byte(text), Surroundings{Dir: "/srv/serai", Env: variables})
}

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestMistakesAreReportedAllAtOnce(t *testing.T) {
	data, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("mistakes.yaml", data, Surroundings{Dir: ".", Env: variables})
	problems, ok := errors.AsType[*strict.Problems](err)
	if !ok {
		t.Fatalf("no problems but %v", err)
	}
	got := problems.Error() + "\n"
	for _, secret := range []string{"hunter2", "s3cret"} {
		if strings.Contains(got, secret) {
			t.Errorf("the report shows the secret %q", secret)
		}
	}
	golden(t, "testdata/mistakes.golden", got)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update takes it over):\n%s", path, diff)
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	cfg := mustParse(t, least+"sources: [{id: a, url: https://a.example/feed}]\n")
	const day = 24 * time.Hour
	wantSite := feed.Site{Title: "News", URL: "https://news.example.org", Language: "en", Hub: "self"}
	if diff := cmp.Diff(wantSite, cfg.Site); diff != "" {
		t.Error(diff)
	}
	want := feed.Source{
		ID: "a", URL: "https://a.example/feed", Kind: feed.Outlet, Republish: feed.RepublishFull,
		Cadence: feed.Cadence{Text: "adaptive"}, Timeout: 30 * time.Second, MaxBytes: 32 << 20,
		Keep: feed.Keep{Entries: 1000, Age: 730 * day}, FirstPoll: 10,
	}
	if diff := cmp.Diff(want, cfg.Sources[0]); diff != "" {
		t.Error(diff)
	}
	ch := cfg.Channels[0]
	if ch.Rules == "" {
		t.Error("the channel has no fingerprint")
	}
	ch.Rules = ""
	if diff := cmp.Diff(feed.Channel{ID: "all", Title: "All", Limit: 50, Content: feed.FullContent, Attribution: feed.NoAttribution}, ch); diff != "" {
		t.Error(diff)
	}
	if cfg.Listen != ":8080" || cfg.Zone != time.UTC || cfg.Dedup.Window != 400*day || cfg.Dedup.Threshold != 0.72 || cfg.Posts.Dir != filepath.FromSlash("/srv/serai/posts") {
		t.Errorf("got %+v", cfg)
	}
}

func TestSourceTakesDefaultsUnlessItSaysOtherwise(t *testing.T) {
	cfg := mustParse(t, least+`
timezone: Asia/Baku
defaults: {schedule: "@every 20m", timeout: 10s, keep: {entries: 5}, first_poll: 0}
sources:
  - {id: a, url: https://a.example/feed}
  - {id: b, url: https://b.example/feed, schedule: "0 6 * * *", timeout: 1m, keep: {age: 10d}, first_poll: 3}
`)
	a, b := cfg.Sources[0], cfg.Sources[1]
	if a.Cadence.Text != "@every 20m" || a.Timeout != 10*time.Second || a.Keep.Entries != 5 || a.FirstPoll != 0 {
		t.Errorf("a = %+v", a)
	}
	if b.Timeout != time.Minute || b.FirstPoll != 3 || b.Keep != (feed.Keep{Entries: 5, Age: 240 * time.Hour}) {
		t.Errorf("b = %+v", b)
	}
	got := b.Cadence.Clock.Next(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("six in the morning in Baku is %v, want %v", got, want)
	}
}

func TestSecretsComeFromTheEnvironment(t *testing.T) {
	cfg := mustParse(t, least+`
admin: {token: env:SERAI_TEST_TOKEN}
sources:
  - {id: a, url: env:SERAI_TEST_URL, headers: {Authorization: env:SERAI_TEST_HEADER}}
`)
	src := cfg.Sources[0]
	if string(cfg.Admin.Token) != "a token that nobody guesses" || src.URL != "https://private.example/feed?key=s3cret" || !src.Private {
		t.Errorf("token or address is wrong: %+v", src.URL)
	}
	// A value is a value, whatever it looks like.
	if got := src.Headers["Authorization"]; got != "Bearer: s3cret\t#not yaml" {
		t.Errorf("header = %q", got)
	}
	if shown := fmt.Sprintf("%v %+v %#v", cfg.Admin, cfg.Admin, cfg.Admin); strings.Contains(shown, "guesses") {
		t.Errorf("the token is printed: %s", shown)
	}
}

func TestAdminPagesAreOffWithoutToken(t *testing.T) {
	for _, text := range []string{"", "admin: {token: env:SERAI_TEST_UNSET}\n", "admin: {token: env:SERAI_TEST_EMPTY}\n", "admin:\n"} {
		cfg := mustParse(t, least+text)
		if cfg.Admin.Token != "" {
			t.Errorf("%q: the admin pages are on", text)
		}
		if warned := len(cfg.Warnings) == 1; warned != strings.Contains(text, "env:") {
			t.Errorf("%q: warnings %q", text, cfg.Warnings)
		}
	}
}

func TestSecretThatOthersCanReadIsWarnedOf(t *testing.T) {
	text := least + "admin: {token: a token that nobody guesses}\nsources: [{id: a, url: https://a.example/feed, headers: {Cookie: a=b}}]\n"
	for _, readable := range []bool{true, false} {
		cfg, err := Parse("feeds.yaml", []byte(text), Surroundings{Readable: readable})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(cfg.Warnings); got != map[bool]int{true: 2, false: 0}[readable] {
			t.Errorf("readable %v: warnings %q", readable, cfg.Warnings)
		}
	}
}

// TestProblems has what the golden file has not: one mistake each, with what
// its line must say.
func TestProblems(t *testing.T) {
	source := func(keys string) string {
		return least + "sources: [{id: a, url: https://a.example/feed, " + keys + "}]\n"
	}
	tests := []struct{ name, text, want string }{
		{"empty_file", "", "feeds.yaml:1:1: is empty"},
		{"only_comments", "# nothing\n\n", "is empty"},
		{"list_at_the_top", "- a\n", "want keys with values"},
		{"two_documents", least + "---\n" + least, "second document"},
		{"syntax", "site: [\n", "is not YAML"},
		{"tabs", "site:\n\ttitle: a\n", "is not YAML"},
		{"latin_1", "site: {title: caf\xe9}\n", "is not UTF-8"},
		{"tag", least + "listen: !!binary aGk=\n", "has a tag"},
		{"merge_key", "x: &x {title: a}\nsite: {<<: *x}\n", `site.<<: unknown key`},
		{"null", least + "timezone: ~\n", "has no value"},
		{"missing_value", least + "timezone:\n", "feeds.yaml:3:10: timezone: has no value"},
		{"same_feed_in_another_spelling", least + "sources:\n  - {id: a, url: https://a.example/feed}\n  - {id: b, url: 'HTTP://www.A.example:80/feed/#x'}\n", "is the address of sources[0].url in line 4 too"},
		{"broken_regexp", least + "topics: {a: [fine, /(/]}\n", "feeds.yaml:3:20: topics.a[1]: "},
		{"huge_regexp", least + "topics: {a: ['/((a{100}){100}){100}/']}\n", "topics.a[0]: "},
		{"broken_rule", source("drop: [{title: [/(/]}]"), "sources[0].drop[0].title[0]: "},
		{"broken_expression", least + "sources: [{id: a, url: https://a.example/feed, drop: [{where: 'words >'}]}]\n", "sources[0].drop[0].where: "},
		{"expression_over_nothing", "site: {title: News, url: https://news.example.org}\nchannels: [{id: all, title: All, where: 'colour > 3'}]\n", "channels[0].where: "},
		{"expression_that_is_no_condition", "site: {title: News, url: https://news.example.org}\nchannels: [{id: all, title: All, where: 'words + 3'}]\n", "channels[0].where: "},
		{"header_with_line_break", source("headers: {X-A: env:SERAI_TEST_LINES}"), "line break"},
		{"empty_variable", source("headers: {X-A: env:SERAI_TEST_EMPTY}"), "SERAI_TEST_EMPTY is not set"},
		{"no_variable_named", source(`headers: {X-A: "env:"}`), "is not set"},
		{"cron_that_never_fires", source(`schedule: "0 0 31 2 *"`), "schedule"},
		{"cron_that_panics_the_library", source("schedule: TZ=x"), "schedule"},
		{"interval_too_short", source(`schedule: "@every 1s"`), "schedule"},
		{"negative_interval", source(`schedule: "@every -5s"`), "schedule"},
		{"machine_zone", least + "timezone: Local\n", "no time zone"},
		{"path_upwards", least + "posts: {dir: a/../../b}\n", "leads out"},
		{"absolute_path", least + "posts: {dir: /etc}\n", "leads out"},
		{"site_with_query", "site: {title: a, url: 'https://a.example/?x=1'}\nchannels: [{id: all, title: All}]\n", "more than host and path"},
		{"title_of_two_lines", "site: {title: \"a\\nb\", url: 'https://a.example'}\nchannels: [{id: all, title: All}]\n", "line break"},
		{"no_channel", "site: {title: a, url: 'https://a.example'}\n", "add one"},
		{"pair_of_three", least + "dedup: {same: [[https://a.example, https://b.example, https://c.example]]}\n", "has 3 addresses"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse(t, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestAllowedNetworks(t *testing.T) {
	tests := []struct {
		text string
		want feed.AllowedNet
	}{
		{"10.1.2.3/16", feed.AllowedNet{Prefix: netip.MustParsePrefix("10.1.0.0/16")}},
		{"127.0.0.0/8:9700", feed.AllowedNet{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Port: 9700}},
		{"fd00::/8", feed.AllowedNet{Prefix: netip.MustParsePrefix("fd00::/8")}},
		{"[fd00::/8]:80", feed.AllowedNet{Prefix: netip.MustParsePrefix("fd00::/8"), Port: 80}},
		{"::1/128:80", feed.AllowedNet{Prefix: netip.MustParsePrefix("::1/128"), Port: 80}},
	}
	for _, test := range tests {
		cfg := mustParse(t, least+fmt.Sprintf("network: {allow: [%q]}\n", test.text))
		if cfg.Network.Allow[0] != test.want {
			t.Errorf("%s: got %v", test.text, cfg.Network.Allow[0])
		}
	}
	for _, text := range []string{"10.0.0.1", "10.0.0.0/8:0", "10.0.0.0/8:", "host/8", "10.0.0.0/8:80:80", ""} {
		if _, err := parse(t, least+fmt.Sprintf("network: {allow: [%q]}\n", text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	allowed := least + "network: {allow: ['127.0.0.0/8:9700']}\nsources: [{id: a, url: 'http://127.0.0.1:%d/'}]\n"
	if _, err := parse(t, fmt.Sprintf(allowed, 9700)); err != nil {
		t.Error(err)
	}
	if _, err := parse(t, fmt.Sprintf(allowed, 9701)); err == nil {
		t.Error("a private address that is not allowed is taken")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"30s": 30 * time.Second, "20m": 20 * time.Minute, "730d": 730 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1h30m": 90 * time.Minute} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("%s = %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "d", "400", "-1d", "1.5d", "1d12h", "99999999999d", "soon"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// TestBombs holds what could stall a reader. Were one of them expanded, the
// test would not end.
func TestBombsAreRefused(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	bombed := bomb.String() + "topics: {a: *a9, b: *a9, c: *a9}\n"
	tests := []struct{ name, text string }{
		{"too_large", "# " + strings.Repeat("x", MaxBytes)},
		{"aliases", bombed},
		{"flow_depth", strings.Repeat("[", 10_000)},
		{"block_depth", strings.Repeat("- ", 10_000) + "x"},
		{"mapping_depth", strings.Repeat("{a: ", 10_000)},
		{"alias_to_itself", "topics: &a {x: *a}\n"},
		{"unknown_keys", strings.Repeat("colour: red\n", 80_000)},
		{"different_unknown_keys", manyKeys(60_000)},
		{"question_marks", strings.Repeat("? ", 100_000)},
		{"wrong_items", "sources: [" + strings.Repeat("x,", 500_000) + "]"},
		{"open_quotes", strings.Repeat("\"", MaxBytes)},
		{"anchors", "sources: [" + strings.Repeat("&a ", 300_000) + "]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse(t, test.text)
			if err == nil {
				t.Fatal("taken")
			}
			if n := len(err.Error()); n > 1<<20 {
				t.Errorf("the report has %d bytes", n)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: x\n", i)
	}
	return b.String()
}

func TestLoadReadsFilesOnly(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, "/dev/zero"} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "is not a file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Load(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

// TestShippedFile loads the file at the top of the repository, which has every
// key once.
func TestShippedFile(t *testing.T) {
	t.Setenv("SERAI_ADMIN_TOKEN", "a token that nobody guesses")
	cfg, err := Load("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings: %q", cfg.Warnings)
	}
	if len(cfg.Sources) < 20 || len(cfg.Topics) < 5 || len(cfg.Channels) != 5 || cfg.Zone.String() != "Asia/Baku" {
		t.Errorf("%d sources, %d topics, %d channels, %v", len(cfg.Sources), len(cfg.Topics), len(cfg.Channels), cfg.Zone)
	}
	data, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var raw file
	f := strict.Read("feeds.yaml", data, strict.Limits{Bytes: MaxBytes}, &raw)
	for _, key := range unusedKeys(f, raw) {
		t.Errorf("feeds.yaml does not show the key %s", key)
	}
}

func FuzzParse(f *testing.F) {
	// Small ones: the fuzzer would spend its time on making large ones smaller.
	f.Add([]byte(least))
	f.Add([]byte("sources: [{id: a, url: http://a.example, keep: {age: 3d}, drop: [{title: [/x/]}], headers: {A: env:B}}]\n"))
	f.Add([]byte("dedup: {same: [[a, b]]}\ntopics: {a: [b*]}\nnetwork: {allow: [1::/8]}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	// Whatever the text, either the result is complete or there are problems,
	// each with a place in the file.
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("f", data, Surroundings{Env: variables})
		if problems, ok := errors.AsType[*strict.Problems](err); ok {
			lines := 1 + strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + strings.Count(string(data), "\u0085")
			for _, p := range problems.List {
				if p.Line < 1 || p.Line > lines+1 || p.Column < 1 || p.Text == "" || strings.ContainsAny(p.Error(), "\n\x1b") {
					t.Errorf("a problem without place or text: %+v", p)
				}
			}
			return
		}
		if err != nil {
			t.Fatalf("an error that names no problem: %v", err)
		}
		if cfg.Site.Title == "" || cfg.Site.URL == "" || len(cfg.Channels) == 0 || cfg.Zone == nil {
			t.Errorf("incomplete: %+v", cfg)
		}
		for _, src := range cfg.Sources {
			if src.ID == "" || src.URL == "" || src.Cadence.Text == "" || src.Timeout <= 0 || src.MaxBytes <= 0 || src.Keep.Entries <= 0 {
				t.Errorf("incomplete: %+v", src)
			}
		}
	})
}
