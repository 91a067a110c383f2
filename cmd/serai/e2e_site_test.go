package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
)

// A site is an installation of the built program, in a folder of its own.
type site struct {
	dir, binary string
	channels    []string
}

// newSite builds the program and sets up a site that reads the publishers, with
// a channel for each of them and one for the posts.
func newSite(t *testing.T, publishers []*publisher) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), channels: []string{"all", "own"}}
	s.binary = filepath.Join(s.dir, "serai")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var sources, channels strings.Builder
	for _, p := range publishers {
		fmt.Fprintf(&sources, "  - {id: %s, url: %q}\n", p.id, p.url)
		fmt.Fprintf(&channels, "  - {id: %s, title: %q, sources: [%s], limit: 500}\n", p.id, p.name, p.id)
		s.channels = append(s.channels, p.id)
	}
	s.write(t, "feeds.yaml", fmt.Sprintf(`site:
  title: End to end
  url: https://serai.example.org
  author: The editors
  hub: none
network:
  allow: [127.0.0.0/8]
defaults:
  first_poll: 1000
  keep: {entries: 1000, age: 36500d}
posts:
  dir: posts
sources:
%schannels:
  - {id: all, title: Everything, limit: 500}
  - {id: own, title: Our own, sources: [posts]}
%s`, sources.String(), channels.String()))
	if err := os.CopyFS(filepath.Join(s.dir, "posts"), os.DirFS(filepath.Join("..", "..", "posts"))); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// append adds text at the end of a file.
func (s *site) append(t *testing.T, name, text string) {
	t.Helper()
	before, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, name, string(before)+text)
}

// run runs a command to its end and returns what it printed.
func (s *site) run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary, args...)
	cmd.Dir = s.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("serai %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// poll polls every source and expects each to end well.
func (s *site) poll(t *testing.T, flags ...string) {
	t.Helper()
	out := s.run(t, append([]string{"poll", "--json"}, flags...)...)
	polled := 0
	for rows := json.NewDecoder(bytes.NewReader(out)); rows.More(); polled++ {
		var row struct{ Source, Outcome, Skipped string }
		if err := rows.Decode(&row); err != nil {
			t.Fatal(err)
		}
		if row.Skipped != "" || row.Outcome != "new" && row.Outcome != "changed" && row.Outcome != "unchanged" {
			t.Errorf("poll of %s: %s %s", row.Source, row.Outcome, row.Skipped)
		}
	}
	if want := len(s.channels) - 1; polled != want { // the posts are a source, everything is none
		t.Errorf("%d sources polled, want %d", polled, want)
	}
}

// A story is one as serai lists it.
type story struct {
	PublicID string `json:"public_id"`
	Link     string
	Members  []struct{ Source, Key, Link string }
}

// stories lists the stories with an entry of the source.
func (s *site) stories(t *testing.T, source string) (list []story) {
	t.Helper()
	if err := json.Unmarshal(s.run(t, "stories", "--json", "--limit", "10000", "--source", source), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// A shown item is one as a subscriber gets it.
type shown struct {
	ID, Link, Title string
	Published       time.Time
	Updated         time.Time // RSS does not say
}

// A reading is all that a daemon publishes.
type reading struct {
	pages map[string][]shown // by the document's path
	etags map[string]string  // likewise
}

// read starts the daemon, gets every document of every channel, and stops the
// daemon. Where it is given the ETag of a document, it first asks whether that
// still holds, and expects so.
func (s *site) read(t *testing.T, etags map[string]string) reading {
	t.Helper()
	base, stop := s.serve(t)
	waitReady(t, base)
	r := reading{map[string][]shown{}, map[string]string{}}
	for _, channel := range s.channels {
		for _, format := range formats {
			path := "/feeds/" + channel + "." + format
			if etag := etags[path]; etag != "" {
				if status, _, _ := get(t, base+path, etag); status != http.StatusNotModified {
					t.Errorf("%s: status %d for the ETag it had before", path, status)
				}
			}
			status, header, body := get(t, base+path, "")
			if status != http.StatusOK {
				t.Fatalf("%s: status %d\n%s", path, status, body)
			}
			r.etags[path] = header.Get("ETag")
			r.pages[path] = itemsOf(t, path, body)
		}
	}
	stop()
	return r
}

// serve starts the daemon and waits until it says where it listens. The
// returned function stops it and expects that it ends well.
func (s *site) serve(t *testing.T) (base string, stop func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary, "serve", "--listen", "127.0.0.1:0", "--log-format", "json")
	cmd.Dir = s.dir
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	for base == "" {
		if !log.Scan() {
			t.Fatalf("the daemon ended before it served: %v", cmd.Wait())
		}
		t.Logf("daemon: %s", log.Text())
		var line struct{ Addr string }
		if err := json.Unmarshal(log.Bytes(), &line); err == nil && line.Addr != "" {
			base = "http://" + line.Addr
		}
	}
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for log.Scan() {
			t.Logf("daemon: %s", log.Text())
		}
	}()
	return base, func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-rest
		if err := cmd.Wait(); err != nil {
			t.Errorf("the daemon, told to stop: %v", err)
		}
	}
}

// waitReady asks the daemon until it has something to publish. The test's own
// deadline ends the wait.
func waitReady(t *testing.T, base string) {
	t.Helper()
	for {
		status, _, _ := get(t, base+"/readyz", "")
		if status == http.StatusOK {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("the daemon is not ready: status %d", status)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// get asks for a page; with an ETag, only if it has another one by now.
func get(t *testing.T, address, etag string) (status int, header http.Header, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// itemsOf reads a published document with a reader that is not ours.
func itemsOf(t *testing.T, path string, body []byte) []shown {
	t.Helper()
	doc, err := gofeed.NewParser().Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	list := make([]shown, 0, len(doc.Items))
	for _, i := range doc.Items {
		s := shown{ID: i.GUID, Link: i.Link, Title: i.Title}
		if i.PublishedParsed == nil {
			t.Errorf("%s: %s has no date", path, i.GUID)
			continue
		}
		s.Published = i.PublishedParsed.UTC()
		if i.UpdatedParsed != nil {
			s.Updated = i.UpdatedParsed.UTC()
		}
		list = append(list, s)
	}
	return list
}
