package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"serai/internal/feed"
)

// A build is the choosing anew of what a channel holds, as far as it has come.
type build struct {
	channel   int64
	rules     string // by which readers see the channel
	intended  string // by which it is being chosen
	building  int64  // the shelf; 0 when none is being filled
	progress  feed.ID
	unchanged bool // nothing is to be done
}

// Rebuild begins, or goes on with, choosing anew what a stale channel holds.
func (s *Store) Rebuild(ctx context.Context, ch feed.Channel, limit int, choose func(feed.Entry) (feed.Membership, bool)) (bool, error) {
	done, err := s.rebuild(ctx, ch, max(limit, 1), choose)
	if err != nil {
		return false, fmt.Errorf("rebuild channel %q: %w", ch.ID, err)
	}
	return done, nil
}

func (s *Store) rebuild(ctx context.Context, ch feed.Channel, limit int, choose func(feed.Entry) (feed.Membership, bool)) (bool, error) {
	var b build
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		var err error
		b, err = goOn(ctx, c, ch)
		return err
	})
	if err != nil {
		return false, err
	}
	if b.unchanged {
		return true, s.sweep(ctx)
	}
	// Choosing takes long, so it is done outside the transaction. What is
	// recorded meanwhile goes onto both shelves.
	slice, err := s.slice(ctx, b.progress, limit)
	if err != nil {
		return false, err
	}
	chosen := map[feed.ID]string{}
	for _, e := range slice.entries {
		if m, ok := choose(e); ok {
			if e.Dropped != "" {
				slice.readmitted = append(slice.readmitted, e.ID)
			}
			if _, ok := chosen[e.Story]; !ok {
				chosen[e.Story] = m.Reason
			}
		}
	}
	done := false
	err = s.write(ctx, func(ctx context.Context, c *conn) error {
		done, err = advance(ctx, c, b, slice, chosen)
		return err
	})
	if err != nil || !done {
		return false, err
	}
	return true, s.sweep(ctx)
}

func readBuild(ctx context.Context, c *conn, channel string) (build, error) {
	const query = `SELECT no, rules, intended, building, progress FROM channel WHERE id = ? AND declared = 1`
	var b build
	err := c.one(ctx, query, []any{channel}, &b.channel, &b.rules, &b.intended, &b.building, &b.progress)
	return b, missing(err)
}

// goOn returns the build of the channel by its present rules. One by other
// rules is given up.
func goOn(ctx context.Context, c *conn, ch feed.Channel) (build, error) {
	b, err := readBuild(ctx, c, ch.ID)
	switch {
	case err != nil || b.building != 0 && b.intended == ch.Rules:
		return b, err
	case b.rules == ch.Rules:
		b.building, b.intended, b.unchanged = 0, "", true
	default:
		if b.building, err = newShelf(ctx, c); err != nil {
			return b, err
		}
		b.intended = ch.Rules
	}
	b.progress = 0
	const query = `UPDATE channel SET building = ?, intended = ?, progress = 0 WHERE no = ?`
	return b, c.exec(ctx, query, b.building, b.intended, b.channel)
}

// A slice is a stretch of all entries.
type slice struct {
	entries []feed.Entry // those that can be in a channel
	last    feed.ID      // of all of them
	end     bool         // there are none behind it

	readmitted []feed.ID // dropped when they were recorded, and chosen now
}

// slice reads the next entries to choose from.
func (s *Store) slice(ctx context.Context, after feed.ID, limit int) (slice, error) {
	const reach = `SELECT count(*), coalesce(max(id), 0) FROM (SELECT id FROM entry WHERE id > ? ORDER BY id LIMIT ?)`
	const query = `
		SELECT ` + entryColumns + withContent + `
		FROM entry e CROSS JOIN story t ON t.id = e.story CROSS JOIN source s ON s.no = e.source LEFT JOIN body b ON b.entry = e.id
		WHERE e.id > ? AND e.id <= ? AND e.held = 0 AND e.withdrawn = 0 AND t.withdrawn = 0 AND t.emptied = 0
		ORDER BY e.id`
	var out slice
	err := s.view(ctx, func(c *conn) error {
		var n int
		if err := c.one(ctx, reach, []any{int64(after), limit}, &n, &out.last); err != nil {
			return err
		}
		out.end = n < limit
		var err error
		out.entries, err = readEntries(ctx, c, query, int64(after), int64(out.last))
		return err
	})
	return out, err
}

// advance writes what was chosen of a slice and, at the end, shows readers the
// new shelf. It does nothing when another process has been faster.
func advance(ctx context.Context, c *conn, b build, part slice, chosen map[feed.ID]string) (done bool, err error) {
	var progress feed.ID
	const same = `SELECT progress FROM channel WHERE no = ? AND building = ? AND progress = ?`
	err = c.one(ctx, same, []any{b.channel, b.building, int64(b.progress)}, &progress)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for story, reason := range chosen {
		// It may have been taken back since it was offered.
		const put = `
			INSERT OR IGNORE INTO place (shelf, sort, story, reason)
			SELECT ?, sort, id, ? FROM story WHERE id = ? AND withdrawn = 0 AND emptied = 0`
		if err := c.exec(ctx, put, b.building, reason, int64(story)); err != nil {
			return false, err
		}
	}
	for _, id := range part.readmitted {
		if err := c.exec(ctx, `UPDATE entry SET dropped = '' WHERE id = ?`, int64(id)); err != nil {
			return false, err
		}
	}
	if !part.end {
		return false, c.exec(ctx, `UPDATE channel SET progress = ? WHERE no = ?`, int64(part.last), b.channel)
	}
	const show = `
		UPDATE channel SET shelf = building, rules = intended, building = 0, intended = '', progress = 0 WHERE no = ?`
	if err := c.exec(ctx, show, b.channel); err != nil {
		return false, err
	}
	return true, grow(ctx, c, b.channel, millis(time.Now()))
}
