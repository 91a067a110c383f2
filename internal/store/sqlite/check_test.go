package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// damage runs statements that no code of ours would.
func damage(t *testing.T, s *Store, statements ...string) {
	t.Helper()
	err := s.write(t.Context(), func(ctx context.Context, c *conn) error {
		for _, statement := range statements {
			if err := c.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckFindsAndMends(t *testing.T) {
	t.Parallel()
	const some = `(SELECT id FROM entry ORDER BY id LIMIT 1 OFFSET 3)`
	for name, c := range map[string]struct {
		says       string
		statements []string
	}{
		"entry_of_an_unknown_source": {"entries of an unknown source: 1", []string{`UPDATE entry SET source = 77 WHERE id = ` + some, `UPDATE source SET entries = 39, stories = 39`}},
		"source_without_a_state":     {"sources without a state: 1", []string{`DELETE FROM source_state`}},
		"content_without_an_entry":   {"contents without an entry: 1", []string{`INSERT INTO body VALUES (1, x'78')`}},
		"key_without_an_entry":       {"keys without an entry: 1", []string{`INSERT INTO entry_key VALUES (1, 1, 'url')`}},
		"entry_without_a_story":      {"entries without a story: 1", []string{`DELETE FROM story_text WHERE rowid = ` + some, `DELETE FROM place WHERE story = ` + some, `DELETE FROM story WHERE id = ` + some}},
		"story_without_an_entry":     {"stories without an entry: 1", []string{`INSERT INTO story VALUES (1, 1, 1, 1, 1, 1, 1, 0, 'en', 'x', 'y')`}},
		"story_with_a_foreign_lead":  {"stories whose lead is none of their entries: 1", []string{`UPDATE story SET lead = 5 WHERE id = ` + some}},
		"place_without_a_story":      {"places of stories that are not there or should not be shown: 1", []string{`INSERT INTO place VALUES (1, 1, 1, 'x')`}},
		"channel_without_a_shelf":    {"channels without a shelf: 1", []string{`DELETE FROM shelf`}},
		"story_that_is_not_found":    {"stories that the search does not know: 1", []string{`DELETE FROM story_text WHERE rowid = ` + some}},
		"found_without_a_story":      {"stories that the search should not know: 1", []string{`INSERT INTO story_text (rowid, title) VALUES (5, 'x')`}},
		"wrong_count":                {"sources with a wrong count of entries: 1", []string{`UPDATE source SET entries = 7`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := opened(t, aStore(t), Options{})
			damage(t, s, c.statements...)
			for _, repair := range []bool{false, true} {
				problems, err := s.Check(t.Context(), repair)
				if err != nil || len(problems) == 0 || !strings.HasPrefix(problems[0], c.says) || strings.HasSuffix(problems[0], "mended") != repair {
					t.Errorf("problems: %q, %v", problems, err)
				}
			}
			if problems, err := s.Check(t.Context(), false); err != nil || len(problems) > 0 {
				t.Errorf("after the repair: %q, %v", problems, err)
			}
			stories, err := s.Channel(t.Context(), "all", store.Page{Limit: 100})
			if err != nil || len(stories) < 39 {
				t.Errorf("%d stories, %v", len(stories), err)
			}
		})
	}
}

func TestMergedStoriesAreFound(t *testing.T) {
	t.Parallel()
	s := opened(t, aStore(t), Options{})
	stories, err := s.Channel(t.Context(), "all", store.Page{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	damage(t, s, fmt.Sprintf(`INSERT INTO story_alias VALUES (12, 'urn:merged', %d)`, stories[1].ID))
	byID, err := s.Story(t.Context(), 12)
	if err != nil || byID.ID != stories[1].ID {
		t.Errorf("by ID: %v, %v", byID.ID, err)
	}
	byPublicID, err := s.StoryAt(t.Context(), "urn:merged")
	if err != nil || byPublicID.ID != stories[1].ID {
		t.Errorf("by public id: %v, %v", byPublicID.ID, err)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := opened(t, aStore(t), Options{})
	before := dump(t, s)
	damage(t, s, `PRAGMA max_page_count = 1`) // cannot be less than there are
	err := recordSome(t.Context(), s, 40, 140)
	if err == nil || !strings.Contains(err.Error(), "no space is left") {
		t.Errorf("record: %v", err)
	}
	if dump(t, s) != before {
		t.Error("something was changed")
	}
	damage(t, s, `PRAGMA max_page_count = 1000000`)
	if err := recordSome(t.Context(), s, 40, 140); err != nil {
		t.Errorf("record, with space: %v", err)
	}
}

// TestGroup has three polls share a transaction, of which the second fails when
// it has written already.
func TestGroup(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "serai.db"), Options{})
	declared := []store.Declared{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	if _, err := s.Declare(t.Context(), declared, []feed.Channel{{ID: "all", Rules: "1"}}); err != nil {
		t.Fatal(err)
	}
	poll := func(source string, place func(feed.Entry, []feed.Candidate) feed.Placement) error {
		r := store.Record{Poll: feed.Poll{Source: source, At: benchStart}, Place: place}
		var last feed.ID
		for n := range 2 {
			entry := benchEntry(newRand(n), source, n+int(source[0]), last, 10)
			last = entry.Entry.ID
			r.Entries = append(r.Entries, entry)
		}
		_, err := s.Record(t.Context(), r)
		return err
	}
	var wg sync.WaitGroup
	var enter sync.Once
	entered := make(chan struct{})
	wg.Go(func() {
		err := poll("a", func(e feed.Entry, c []feed.Candidate) feed.Placement {
			enter.Do(func() { close(entered) })
			for s.writer.waiting.Load() < 2 {
				runtime.Gosched()
			}
			return alone(e, c)
		})
		if err != nil {
			t.Errorf("a: %v", err)
		}
	})
	<-entered
	wg.Go(func() {
		placed := 0
		err := poll("b", func(e feed.Entry, c []feed.Candidate) feed.Placement {
			if placed++; placed == 2 {
				panic("at the disco")
			}
			return alone(e, c)
		})
		if err == nil {
			t.Error("b: was recorded")
		}
	})
	wg.Go(func() {
		if err := poll("c", alone); err != nil {
			t.Errorf("c: %v", err)
		}
	})
	wg.Wait()
	sources, err := s.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0, 2} {
		if sources[i].Entries != want || (sources[i].LastPoll != nil) != (want > 0) {
			t.Errorf("%+v", sources[i])
		}
	}
	for source, want := range map[string]int{"a": 2, "b": 0, "c": 2} {
		stories, err := s.Stories(t.Context(), store.Query{Source: source, Limit: 10})
		if err != nil || len(stories) != want {
			t.Errorf("%d stories of %s, %v", len(stories), source, err)
		}
	}
	if problems, err := s.Check(t.Context(), false); err != nil || len(problems) > 0 {
		t.Errorf("problems: %q, %v", problems, err)
	}
}

func TestCallsAfterClose(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "serai.db"), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sources(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("sources: %v", err)
	}
	if err := s.Release(t.Context(), "a"); !errors.Is(err, errClosed) {
		t.Errorf("release: %v", err)
	}
}

// A callback may end its goroutine, as t.FailNow does.
func TestCallbackThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	s := opened(t, aStore(t), Options{})
	before := dump(t, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		entry := benchEntry(newRand(99), "a", 99, 0, 10)
		_, err := s.Record(t.Context(), store.Record{
			Poll: feed.Poll{Source: "a"}, Entries: []store.NewEntry{entry},
			Place: func(feed.Entry, []feed.Candidate) feed.Placement { runtime.Goexit(); return feed.Placement{} },
		})
		t.Errorf("record returned: %v", err)
	}()
	<-ended
	if dump(t, s) != before {
		t.Error("something was changed")
	}
	if err := recordSome(t.Context(), s, 40, 41); err != nil {
		t.Error(err)
	}
}

// What a cached state shares with the caller's could be changed by either.
func TestStatesShareNothing(t *testing.T) {
	t.Parallel()
	var s feed.State
	populate(t, reflect.ValueOf(&s).Elem())
	c := cloneState(s)
	if !reflect.DeepEqual(s, c) {
		t.Error("the clone differs")
	}
	shared(t, "State", reflect.ValueOf(s), reflect.ValueOf(c))
	back, err := stateJSON(s)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parseState(back)
	if err != nil {
		t.Fatal(err)
	}
	want := storedState(s)
	parsed.Next, parsed.Because, parsed.LastAttempt = want.Next, want.Because, want.LastAttempt
	if !reflect.DeepEqual(parsed, want) {
		t.Errorf("a state is not read as it is cached:\n%+v\n%+v", parsed, want)
	}
}

// populate sets every field to something.
func populate(t *testing.T, v reflect.Value) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(benchStart.Add(time.Millisecond)))
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			populate(t, field)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(t, v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		populate(t, v.Index(0))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		populate(t, value)
		key := reflect.New(v.Type().Key()).Elem()
		populate(t, key)
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.CanInt():
		v.SetInt(3)
	default:
		t.Fatalf("no way to fill a %s", v.Type())
	}
}

// shared fails where a and b point to the same memory.
func shared(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return // points to its zone, which is never changed
		}
		for i := range a.NumField() {
			shared(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		if a.Kind() == reflect.Slice {
			shared(t, path+"[0]", a.Index(0), b.Index(0))
		}
	default:
	}
}
