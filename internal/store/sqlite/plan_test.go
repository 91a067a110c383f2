package sqlite

import (
	"database/sql"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// scans says which steps of a plan read a whole table or index that grows with
// what is stored, or sort what they have found.
var scans = regexp.MustCompile(`^SCAN (e|t|p|b|k|o|f|entry|story|place|body|entry_key)\b|TEMP B-TREE`)

// fewRows are statements whose sorting or scanning is bounded otherwise.
var fewRows = []string{
	`EXISTS (SELECT 1 FROM entry)`,           // ends at the first
	`FROM story_text`,                        // as many as the search finds
	`t.id IN (SELECT e.story FROM entry e`,   // as many as the source has
	`ORDER BY e.withdrawn > 0`,               // of one address, or one slug
	`FROM poll WHERE`,                        // a ring of one source
	`ORDER BY sort DESC, story DESC LIMIT 1`, // of one slice
	`FROM place p INDEXED BY place_story`,    // of one story
}

// TestPlans runs everything that the daemon does again and again, and then asks
// SQLite how it goes about each statement.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "serai.db"), Options{})
	exercise(t, s)
	statements := maps.Clone(s.writer.conn.stmts)
	for _, c := range s.pool.idle {
		maps.Copy(statements, c.stmts)
	}
	if len(statements) < 50 {
		t.Errorf("only %d statements were run", len(statements))
	}
	err := s.view(t.Context(), func(c *conn) error {
		for query := range statements {
			if !plain(query) {
				continue
			}
			err := c.each(t.Context(), `EXPLAIN QUERY PLAN `+query, make([]any, 30), func(rows *sql.Rows) error {
				var id, parent, unused int
				var step string
				err := rows.Scan(&id, &parent, &unused, &step)
				if scans.MatchString(step) {
					t.Errorf("%s in%s", step, query)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// plain reports whether the statement has a plan, and is none of fewRows.
func plain(query string) bool {
	for _, verb := range []string{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA"} {
		if strings.HasPrefix(query, verb) {
			return false
		}
	}
	for _, part := range fewRows {
		if strings.Contains(query, part) {
			return false
		}
	}
	return true
}

// exercise calls what a running daemon calls.
func exercise(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	fillSome(t, s, 20)
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	entry := benchEntry(newRand(3), "a", 3, 0, 100)
	changed := entry
	changed.Entry.Hash, changed.Entry.Post = "other", &feed.Post{Slug: "slug"}
	copied := entry
	copied.Entry.ID, copied.Entry.Key = entry.Entry.ID+1, "copy"
	_, err := s.Record(ctx, store.Record{
		Poll: feed.Poll{Source: "a", At: benchStart}, Entries: []store.NewEntry{changed, copied}, Standing: []string{"copy"}, Lead: first,
		Place: func(_ feed.Entry, c []feed.Candidate) feed.Placement { return feed.Placement{Story: c[0].Entry.Story} },
	})
	do("record", err)
	_, err = s.Record(ctx, store.Record{Poll: feed.Poll{Source: "a", At: benchStart}, Withdrawn: []string{"copy", entry.Entry.Key}})
	do("withdraw", err)
	_, err = s.Due(ctx, benchStart, time.Minute, 5)
	do("due", err)
	_, err = s.NextDue(ctx)
	do("next due", err)
	_, err = s.Known(ctx, "a", []string{"copy", "x"})
	do("known", err)
	_, err = s.Sources(ctx)
	do("sources", err)
	_, err = s.Polls(ctx, "a", 5)
	do("polls", err)
	_, err = s.Channel(ctx, "all", store.Page{Limit: 5})
	do("channel", err)
	for _, q := range []store.Query{{}, {Channel: "all"}, {Search: "x"}, {Language: "en"}, {Source: "a"}} {
		q.Limit = 5
		_, err = s.Stories(ctx, q)
		do("stories", err)
	}
	_, err = s.StoryAt(ctx, "https://x.example/")
	do("story at", ignoring(err))
	_, err = s.Post(ctx, "slug")
	do("post", ignoring(err))
	_, err = s.Memberships(ctx, entry.Entry.ID)
	do("memberships", err)
	for _, err := range s.Members(ctx) {
		do("members", err)
		break
	}
	for _, source := range []string{"", "a"} {
		for _, err := range s.Entries(ctx, source, 0) {
			do("entries", err)
			break
		}
	}
	_, err = s.Trim(ctx, "a", feed.Keep{Entries: 5, Age: time.Hour}, benchStart, 5)
	do("trim", err)
	channels := []feed.Channel{{ID: "all", Rules: "2"}}
	_, err = s.Declare(ctx, []store.Declared{{ID: "a"}}, channels)
	do("declare", err)
	_, err = s.Rebuild(ctx, channels[0], 5, func(feed.Entry) (feed.Membership, bool) { return feed.Membership{}, true })
	do("rebuild", err)
	do("announce", s.Announce(ctx, []string{"t"}, benchStart))
	_, err = s.Deliveries(ctx, benchStart, time.Minute, 5)
	do("deliveries", err)
}

func ignoring(err error) error {
	if harmless(err) {
		return nil
	}
	return err
}
