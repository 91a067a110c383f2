package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A logWatch is a log that a test can wait on.
type logWatch struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed, and made anew, with every line
}

func newLogWatch() *logWatch { return &logWatch{more: make(chan struct{})} }

func (l *logWatch) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(b)
}

// await returns the first line that holds all the words.
func (l *logWatch) await(t *testing.T, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		l.mu.Lock()
		text, more := l.text.String(), l.more
		l.mu.Unlock()
		for line := range strings.Lines(text) {
			if holdsAll(line, words) {
				return line
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("no line with %q in\n%s", words, text)
		}
	}
}

func holdsAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

func writeTo(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// get asks until the answer holds the words: what was logged as recorded is
// published a moment later.
func get(t *testing.T, address, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("%s: nothing with %q: %v", address, words, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close() //nolint:errcheck // it was read
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK && strings.Contains(string(body), words) {
			return
		}
	}
}

// TestServeTakesOverWhatChanges runs the daemon while its configuration and its
// posts are edited, and stops it.
func TestServeTakesOverWhatChanges(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<rss version="2.0"><channel><title>Outlet</title><item><title>The bridge opens</title><guid>1</guid>
			<link>https://outlet.example/1</link><description>At last.</description></item></channel></rss>`)
	}))
	defer origin.Close()
	dir := t.TempDir()
	config := func(channels string) string {
		return `site: {title: A site, url: "https://site.example"}
network: {allow: ["127.0.0.0/8"]}
sources: [{id: outlet, url: "` + origin.URL + `/feed"}]
channels: [{id: all, title: Everything}` + channels + `]
`
	}
	writeTo(t, dir, "feeds.yaml", config(""))
	flags := []string{"--config", filepath.Join(dir, "feeds.yaml"), "--db", filepath.Join(dir, "serai.db"), "--listen", "127.0.0.1:0"}

	ctx, stop := context.WithCancel(t.Context())
	log, status := newLogWatch(), make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"serve"}, flags...), strings.NewReader(""), io.Discard, log)
	}()
	started := log.await(t, "msg=started")
	_, address, _ := strings.Cut(started, "addr=")
	site := "http://" + strings.Fields(address)[0]
	log.await(t, "source=outlet", "outcome=new")
	get(t, site+"/feeds/all.json", "The bridge opens")

	// A saved configuration is taken over; what was stored fills the new channel.
	writeTo(t, dir, "feeds.yaml", config(`, {id: more, title: More}`))
	log.await(t, "configuration loaded", "channels=2")
	get(t, site+"/feeds/more.json", "The bridge opens")

	// A wrong one is refused, and the running one stays.
	writeTo(t, dir, "feeds.yaml", config(`, {id: more, titel: More}`))
	log.await(t, "configuration refused", "titel")
	get(t, site+"/feeds/more.json", "The bridge opens")
	get(t, site+"/metrics", "serai_config_reload_failed 1")

	// Posts are seen while the daemon runs.
	writeTo(t, dir, "posts/a.txt", "Our own words\n\nThey are few.\n")
	log.await(t, "source=posts", "outcome=new")
	get(t, site+"/posts/our-own-words", "They are few.")

	// The database has one daemon at a time.
	var said bytes.Buffer
	writeTo(t, dir, "feeds.yaml", config(""))
	if got := run(t.Context(), append([]string{"serve"}, flags...), strings.NewReader(""), io.Discard, &said); got != exitFailed || !strings.Contains(said.String(), "another daemon") {
		t.Errorf("a second daemon exits with %d and says %q", got, said.String())
	}

	stop()
	if got := <-status; got != exitDone {
		t.Errorf("stopped with status %d", got)
	}
	log.await(t, "msg=stopped")
}
