package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"
)

// TestWaiting holds the rhythm of a watch: when it looks after events, and when
// without any.
func TestWaiting(t *testing.T) {
	ours := fsnotify.Event{Name: "feeds.yaml"}
	tests := []struct {
		name   string
		events func(events chan<- fsnotify.Event, losses chan<- error)
		looks  []time.Duration // after the start, within the first 70 seconds
	}{
		{"looks_from_time_to_time", func(chan<- fsnotify.Event, chan<- error) {}, []time.Duration{lookOut, 2 * lookOut}},
		{"burst_is_one_look", func(events chan<- fsnotify.Event, _ chan<- error) {
			for range 5 {
				events <- ours
				// By the bubble's clock.
				time.Sleep(100 * time.Millisecond)
			}
		}, []time.Duration{400*time.Millisecond + calm, 400*time.Millisecond + calm + lookOut, 400*time.Millisecond + calm + 2*lookOut}},
		{"events_without_end_do_not_put_it_off", func(events chan<- fsnotify.Event, _ chan<- error) {
			for range 40 {
				events <- ours
				// By the bubble's clock.
				time.Sleep(100 * time.Millisecond)
			}
		}, []time.Duration{patience, 3900*time.Millisecond + calm, 3900*time.Millisecond + calm + lookOut, 3900*time.Millisecond + calm + 2*lookOut}},
		{"neighbours_are_not_looked_after", func(events chan<- fsnotify.Event, _ chan<- error) {
			events <- fsnotify.Event{Name: "serai.db-wal"}
		}, []time.Duration{lookOut, 2 * lookOut}},
		{"lost_events_are_looked_after", func(_ chan<- fsnotify.Event, losses chan<- error) {
			losses <- errors.New("overflow")
		}, []time.Duration{calm, calm + lookOut, calm + 2*lookOut}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
				defer cancel()
				events, losses := make(chan fsnotify.Event), make(chan error)
				go test.events(events, losses)
				start, looks := time.Now(), []time.Duration(nil)
				w := &watch{path: "feeds.yaml"}
				wait(ctx, events, losses, w.concerns, func() { looks = append(looks, time.Since(start)) })
				if len(looks) != len(test.looks) {
					t.Fatalf("looked at %v, want %v", looks, test.looks)
				}
				for i := range looks {
					if looks[i] != test.looks[i] {
						t.Errorf("looked at %v, want %v", looks, test.looks)
					}
				}
			})
		})
	}
}

// TestLook holds what counts as a change.
func TestLook(t *testing.T) {
	type step struct {
		name    string
		do      func(path string) error
		changed bool
	}
	write := func(text string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	replace := func(path string) error {
		if err := os.WriteFile(path+".tmp", []byte("cc"), 0o600); err != nil {
			return err
		}
		return os.Rename(path+".tmp", path)
	}
	nothing := func(string) error { return nil }
	run := func(t *testing.T, path string, steps []step) {
		t.Helper()
		w := &watch{path: path, folders: map[string]bool{}}
		for _, s := range steps {
			if err := s.do(path); err != nil {
				t.Fatal(err)
			}
			if got := w.look(); got != s.changed {
				t.Errorf("%s: changed = %v", s.name, got)
			}
		}
	}
	t.Run("file", func(t *testing.T) {
		run(t, filepath.Join(t.TempDir(), "feeds.yaml"), []step{
			{"not there yet", nothing, false},
			{"written", write("a"), true},
			{"untouched", nothing, false},
			{"grown", write("ab"), true},
			{"replaced by one of the same size", replace, true},
			{"removed", os.Remove, false},
			{"still gone", nothing, false},
			{"put back", write("abc"), true},
		})
	})
	t.Run("folder", func(t *testing.T) {
		at := func(name string, do func(string) error) func(string) error {
			return func(path string) error { return do(filepath.Join(path, name)) }
		}
		mkdir := func(path string) error { return os.Mkdir(path, 0o700) }
		run(t, filepath.Join(t.TempDir(), "posts"), []step{
			{"not there yet", nothing, false},
			{"made", mkdir, false},
			{"a post", at("a.md", write("a")), true},
			{"untouched", nothing, false},
			{"an empty folder", at("2026", mkdir), false},
			{"a post in it", at("2026/b.md", write("b")), true},
			{"a hidden file", at(".a.md.swp", write("x")), false},
			{"a post replaced", at("a.md", replace), true},
			{"a post removed", at("2026/b.md", os.Remove), true},
			{"all removed", os.RemoveAll, true},
			{"still gone", nothing, false},
		})
	})
	t.Run("folder_behind_a_link", func(t *testing.T) {
		dir := t.TempDir()
		link := filepath.Join(t.TempDir(), "posts")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		run(t, link, []step{
			{"empty", nothing, false},
			{"a post", func(path string) error { return os.WriteFile(filepath.Join(path, "a.md"), nil, 0o600) }, true},
		})
	})
}

// TestWatch goes the whole way once, with the system's own events.
func TestWatch(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	file, posts := filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "posts")
	if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(posts, "2026"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	changes, done := make(chan string), make(chan struct{})
	for _, path := range []string{file, posts} {
		w := newWatch(path)
		go func() {
			defer func() { done <- struct{}{} }()
			w.run(ctx, func() {
				select {
				case changes <- path:
				case <-ctx.Done():
				}
			})
		}()
	}
	change(t, file+".new", "other")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	expect(t, changes, file)
	change(t, filepath.Join(posts, "2026", "a.md"), "b")
	expect(t, changes, posts)
	cancel()
	<-done
	<-done
}

func change(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, changes <-chan string, path string) {
	t.Helper()
	if got := <-changes; got != path {
		t.Errorf("%s changed, not %s", got, path)
	}
}
