package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"serai/internal/feed"
)

// changes collects what a transaction changes in the channels, so that each
// revision grows by one however much there is.
type changes struct {
	at      int64                 // when, as the revisions will say
	loaded  bool                  // whether the two below are
	byID    map[string]channelRow // the declared channels
	byShelf map[int64]channelRow  // likewise, by the shelf that readers see
	shelves map[int64]bool        // that hold something else now
	stories map[feed.ID]bool      // that look different now
}

// A channelRow is where a channel's stories are written.
type channelRow struct {
	no              int64
	id              string
	shelf, building int64
}

func newChanges(at time.Time) changes {
	return changes{at: millis(at), shelves: map[int64]bool{}, stories: map[feed.ID]bool{}}
}

// load reads the declared channels. There are few.
func (ch *changes) load(ctx context.Context, c *conn) error {
	if ch.loaded {
		return nil
	}
	var rows []channelRow
	err := c.each(ctx, `SELECT no, id, shelf, building FROM channel WHERE declared = 1`, nil,
		scanned(&rows, func(r *channelRow) []any { return []any{&r.no, &r.id, &r.shelf, &r.building} }))
	if err != nil {
		return err
	}
	ch.byID, ch.byShelf = map[string]channelRow{}, map[int64]channelRow{}
	for _, r := range rows {
		ch.byID[r.id], ch.byShelf[r.shelf] = r, r
	}
	ch.loaded = true
	return nil
}

// story notes that the story looks different, wherever it is.
func (ch *changes) story(id feed.ID) { ch.stories[id] = true }

// place puts a story into a channel, on the shelf that readers see and on the
// one that is being filled. A channel that is no longer declared gains nothing.
func (ch *changes) place(ctx context.Context, c *conn, story feed.ID, sort int64, m feed.Membership) error {
	if err := ch.load(ctx, c); err != nil {
		return err
	}
	row, ok := ch.byID[m.Channel]
	if !ok {
		return nil
	}
	const query = `INSERT OR IGNORE INTO place (shelf, sort, story, reason) VALUES (?, ?, ?, ?)`
	added, err := c.count(ctx, query, row.shelf, sort, int64(story), m.Reason)
	if err != nil {
		return err
	}
	if added > 0 {
		ch.shelves[row.shelf] = true
	}
	if row.building != 0 {
		err = c.exec(ctx, query, row.building, sort, int64(story), m.Reason)
	}
	return err
}

// withdrawStory takes a story back.
func (ch *changes) withdrawStory(ctx context.Context, c *conn, id feed.ID) error {
	if err := c.exec(ctx, `UPDATE story SET withdrawn = ? WHERE id = ?`, ch.at, int64(id)); err != nil {
		return err
	}
	return ch.takeOff(ctx, c, id)
}

// takeOff takes a story off all shelves and out of the search.
func (ch *changes) takeOff(ctx context.Context, c *conn, id feed.ID) error {
	const places = `SELECT shelf, sort FROM place INDEXED BY place_story WHERE story = ?`
	type place struct{ shelf, sort int64 }
	var found []place
	err := c.each(ctx, places, []any{int64(id)}, scanned(&found, func(p *place) []any { return []any{&p.shelf, &p.sort} }))
	if err != nil {
		return err
	}
	for _, p := range found {
		if err := c.exec(ctx, `DELETE FROM place WHERE shelf = ? AND sort = ? AND story = ?`, p.shelf, p.sort, int64(id)); err != nil {
			return err
		}
		ch.shelves[p.shelf] = true
	}
	c.later = append(c.later, textChange{story: id, was: true})
	return nil
}

// write lets the revisions grow of all channels that changed, and returns
// their IDs, sorted.
func (ch *changes) write(ctx context.Context, c *conn) ([]string, error) {
	for story := range ch.stories {
		err := c.each(ctx, `SELECT shelf FROM place INDEXED BY place_story WHERE story = ?`, []any{int64(story)}, func(rows *sql.Rows) error {
			var shelf int64
			err := rows.Scan(&shelf)
			ch.shelves[shelf] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(ch.shelves) == 0 {
		return nil, nil
	}
	if err := ch.load(ctx, c); err != nil {
		return nil, err
	}
	var ids []string
	for shelf := range ch.shelves {
		row, ok := ch.byShelf[shelf]
		if !ok {
			continue // of a shelf that nobody sees
		}
		if err := grow(ctx, c, row.no, ch.at); err != nil {
			return nil, err
		}
		ids = append(ids, row.id)
	}
	slices.Sort(ids)
	return ids, nil
}

// grow lets a channel's revision grow by one. Its time never goes back.
func grow(ctx context.Context, c *conn, channel, at int64) error {
	return c.exec(ctx, `UPDATE channel SET revision = revision + 1, changed = max(changed, ?) WHERE no = ?`, at, channel)
}

// newShelf returns an empty shelf.
func newShelf(ctx context.Context, c *conn) (int64, error) {
	var no int64
	err := c.one(ctx, `INSERT INTO shelf DEFAULT VALUES RETURNING no`, nil, &no)
	return no, err
}

// declareChannels makes the channels be those of feeds.yaml and returns the
// ones that have to be rebuilt.
func declareChannels(ctx context.Context, c *conn, channels []feed.Channel) (stale []string, err error) {
	const known = `SELECT id, rules FROM channel WHERE declared = 1`
	before := map[string]string{}
	err = c.each(ctx, known, nil, func(rows *sql.Rows) error {
		var id, rules string
		err := rows.Scan(&id, &rules)
		before[id] = rules
		return err
	})
	if err != nil {
		return nil, err
	}
	var entries bool
	if err := c.one(ctx, `SELECT EXISTS (SELECT 1 FROM entry)`, nil, &entries); err != nil {
		return nil, err
	}
	for _, ch := range channels {
		rules, declared := before[ch.ID]
		delete(before, ch.ID)
		if !declared {
			if err := addChannel(ctx, c, ch, entries); err != nil {
				return nil, fmt.Errorf("channel %q: %w", ch.ID, err)
			}
		}
		if declared && rules != ch.Rules || !declared && entries {
			stale = append(stale, ch.ID)
		}
	}
	// The revision of a channel that goes stays, and grows on should it return:
	// a reader's copy of it must not pass for the new one.
	for id := range before {
		const query = `UPDATE channel SET declared = 0, rules = '', shelf = 0, building = 0, intended = '' WHERE id = ?`
		if err := c.exec(ctx, query, id); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// addChannel makes a channel with nothing in it. While there are no entries
// that is right; else it has to be rebuilt.
func addChannel(ctx context.Context, c *conn, ch feed.Channel, entries bool) error {
	const query = `
		INSERT INTO channel (id, declared, rules, revision, changed, shelf, building, progress, intended)
		VALUES (?1, 1, ?2, 1, ?3, ?4, 0, 0, '')
		ON CONFLICT (id) DO UPDATE SET declared = 1, rules = ?2, revision = revision + 1, changed = max(changed, ?3), shelf = ?4`
	shelf, err := newShelf(ctx, c)
	if err != nil {
		return err
	}
	rules := ch.Rules
	if entries {
		rules = ""
	}
	return c.exec(ctx, query, ch.ID, rules, millis(time.Now()), shelf)
}

// sweepPlaces is how many places one write removes.
const sweepPlaces = 2000

// sweep empties the shelves that no channel names, in slices, so that others
// can write in between.
func (s *Store) sweep(ctx context.Context) error {
	const orphan = `
		SELECT no FROM shelf
		WHERE no NOT IN (SELECT shelf FROM channel UNION ALL SELECT building FROM channel) LIMIT 1`
	const empty = `
		DELETE FROM place WHERE shelf = ?1 AND (sort, story) <= (
			SELECT sort, story FROM (
				SELECT sort, story FROM place WHERE shelf = ?1 ORDER BY sort, story LIMIT ?2)
			ORDER BY sort DESC, story DESC LIMIT 1)`
	for more := true; more; {
		err := s.write(ctx, func(ctx context.Context, c *conn) error {
			var shelf int64
			err := c.one(ctx, orphan, nil, &shelf)
			if errors.Is(err, sql.ErrNoRows) {
				more = false
				return nil
			}
			if err != nil {
				return err
			}
			n, err := c.count(ctx, empty, shelf, sweepPlaces)
			if err != nil || n == sweepPlaces {
				return err
			}
			return c.exec(ctx, `DELETE FROM shelf WHERE no = ?`, shelf)
		})
		if err != nil {
			return fmt.Errorf("empty old shelves: %w", err)
		}
	}
	return nil
}
