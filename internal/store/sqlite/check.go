package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"serai/internal/store"
)

// sound returns an error unless the file is a whole database.
func sound(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", dsn(path, "ro", readerCacheKB, "query_only(1)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c, err := newConn(ctx, db)
	if err != nil {
		return explain(err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var verdict string
	if err := c.one(ctx, `PRAGMA integrity_check(1)`, nil, &verdict); err != nil {
		return explain(err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", store.ErrCorrupt, verdict)
	}
	return nil
}

// Check looks for damage and returns a line for each problem it finds.
func (s *Store) Check(ctx context.Context, repair bool) ([]string, error) {
	problems, err := s.check(ctx, repair)
	if err != nil {
		return problems, fmt.Errorf("check: %w", err)
	}
	return problems, nil
}

func (s *Store) check(ctx context.Context, repair bool) ([]string, error) {
	var problems []string
	err := s.view(ctx, func(c *conn) error {
		return c.each(ctx, `PRAGMA integrity_check(100)`, nil, scanned(&problems, column))
	})
	if err != nil {
		return nil, explain(err)
	}
	if len(problems) > 0 && problems[0] != "ok" {
		// On damaged pages nothing may be built.
		return append(problems, "the file itself is damaged: restore a backup"), nil
	}
	problems = nil
	for _, inv := range invariants {
		n := 0
		err := s.view(ctx, func(c *conn) error {
			return c.one(ctx, `SELECT count(*) FROM (`+inv.broken+`)`, nil, &n)
		})
		if err != nil {
			return problems, fmt.Errorf("%s: %w", inv.says, explain(err))
		}
		if n == 0 {
			continue
		}
		line := fmt.Sprintf("%s: %d", inv.says, n)
		if repair {
			err := s.write(ctx, func(ctx context.Context, c *conn) error {
				for _, statement := range inv.mend {
					if err := c.exec(ctx, statement); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return problems, fmt.Errorf("mend %s: %w", inv.says, err)
			}
			line += ", mended"
		}
		problems = append(problems, line)
	}
	return problems, nil
}

// An invariant holds between tables at the end of every transaction.
type invariant struct {
	says   string   // what is wrong where it does not
	broken string   // finds the rows
	mend   []string // statements, in order, that make it hold
}

// invariants are in an order in which mending one breaks none before it.
var invariants = []invariant{
	{
		says:   "entries of an unknown source",
		broken: `SELECT 1 FROM entry WHERE source NOT IN (SELECT no FROM source)`,
		mend: []string{`
			INSERT INTO source (no, id, declared, next_at, because, leased_until, attempted_at, polls, entries, stories)
			SELECT DISTINCT source, 'lost-' || source, 0, 0, '', 0, 0, 0, 0, 0 FROM entry WHERE source NOT IN (SELECT no FROM source)`,
		},
	},
	{
		says:   "sources without a state",
		broken: `SELECT 1 FROM source WHERE no NOT IN (SELECT source FROM source_state)`,
		mend:   []string{`INSERT OR IGNORE INTO source_state (source, state) SELECT no, '{}' FROM source`},
	},
	{
		says:   "contents without an entry",
		broken: `SELECT 1 FROM body WHERE entry NOT IN (SELECT id FROM entry)`,
		mend:   []string{`DELETE FROM body WHERE entry NOT IN (SELECT id FROM entry)`},
	},
	{
		says:   "keys without an entry",
		broken: `SELECT 1 FROM entry_key WHERE entry NOT IN (SELECT id FROM entry)`,
		mend:   []string{`DELETE FROM entry_key WHERE entry NOT IN (SELECT id FROM entry)`},
	},
	{
		says:   "entries without a story",
		broken: `SELECT 1 FROM entry WHERE story NOT IN (SELECT id FROM story)`,
		mend: []string{
			`UPDATE entry SET story = id WHERE story NOT IN (SELECT id FROM story)`,
			`INSERT INTO story (id, lead, published, sort, first_seen, updated, withdrawn, emptied, language, public_id, link)
			SELECT id, id, coalesce(nullif(min(published, first_seen), 0), first_seen), coalesce(nullif(min(published, first_seen), 0), first_seen),
				first_seen, max(first_seen, changed), withdrawn, 1 - kept, language,
				CASE WHEN public_id IN (SELECT public_id FROM story) THEN 'urn:serai:entry:' || id ELSE public_id END, link
			FROM entry e WHERE story = id AND NOT EXISTS (SELECT 1 FROM story t WHERE t.id = e.id)`,
		},
	},
	{
		says:   "stories without an entry",
		broken: `SELECT 1 FROM story t WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = t.id AND e.story = t.id) AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.story = t.id AND e.story <> e.id)`,
		mend: []string{
			`DELETE FROM story WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = story.id AND e.story = story.id) AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.story = story.id AND e.story <> e.id)`,
		},
	},
	{
		says:   "stories whose lead is none of their entries",
		broken: `SELECT 1 FROM story t WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = t.lead AND e.story = t.id)`,
		mend: []string{`
			UPDATE story SET lead = (
				SELECT e.id FROM entry e WHERE e.story = story.id ORDER BY e.withdrawn > 0, e.dropped <> '', 1 - e.kept, e.id LIMIT 1)
			WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = story.lead AND e.story = story.id)`,
		},
	},
	{
		says:   "places of stories that are not there or should not be shown",
		broken: `SELECT 1 FROM place p WHERE NOT EXISTS (SELECT 1 FROM story t WHERE t.id = p.story AND t.sort = p.sort AND t.withdrawn = 0 AND t.emptied = 0)`,
		mend: []string{
			`DELETE FROM place WHERE NOT EXISTS (SELECT 1 FROM story t WHERE t.id = place.story AND t.sort = place.sort AND t.withdrawn = 0 AND t.emptied = 0)`,
			`UPDATE channel SET revision = revision + 1 WHERE declared = 1`,
		},
	},
	{
		says:   "channels without a shelf",
		broken: `SELECT 1 FROM channel WHERE declared = 1 AND shelf NOT IN (SELECT no FROM shelf)`,
		mend: []string{
			`INSERT OR IGNORE INTO shelf (no) SELECT shelf FROM channel WHERE declared = 1 AND shelf > 0`,
			`UPDATE channel SET rules = '' WHERE declared = 1 AND shelf = 0`,
		},
	},
	{
		says:   "stories that the search does not know",
		broken: `SELECT id FROM story WHERE withdrawn = 0 AND emptied = 0 EXCEPT SELECT rowid FROM story_text`,
		// The index is not made anew as a whole (its command delete-all): other
		// connections would go on reading what they know of the former one.
		mend: []string{`
			INSERT INTO story_text (rowid, title, summary)
			SELECT t.id, e.title, e.summary FROM story t CROSS JOIN entry e ON e.id = t.lead
			WHERE t.withdrawn = 0 AND t.emptied = 0 AND t.id NOT IN (SELECT rowid FROM story_text)`,
		},
	},
	{
		says:   "stories that the search should not know",
		broken: `SELECT rowid FROM story_text EXCEPT SELECT id FROM story WHERE withdrawn = 0 AND emptied = 0`,
		mend: []string{`
			DELETE FROM story_text WHERE rowid IN (
				SELECT rowid FROM story_text EXCEPT SELECT id FROM story WHERE withdrawn = 0 AND emptied = 0)`,
		},
	},
	{
		says: "sources with a wrong count of entries",
		broken: `SELECT 1 FROM source s WHERE entries <> (SELECT count(*) FROM entry e WHERE e.source = s.no)
			OR stories <> (SELECT count(*) FROM entry e WHERE e.source = s.no AND e.story = e.id)`,
		mend: []string{`
			UPDATE source SET entries = (SELECT count(*) FROM entry e WHERE e.source = source.no),
				stories = (SELECT count(*) FROM entry e WHERE e.source = source.no AND e.story = e.id)`,
		},
	},
}
