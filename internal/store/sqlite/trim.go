package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"serai/internal/feed"
)

// Trim drops the content of the source's entries beyond what is to be kept. A
// keep of zero entries, or of no age, is no bound.
func (s *Store) Trim(ctx context.Context, source string, keep feed.Keep, now time.Time, limit int) (int, error) {
	var n int
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		var no int64
		if err := c.one(ctx, `SELECT no FROM source WHERE id = ?`, []any{source}, &no); err != nil {
			return missing(err)
		}
		old, err := beyond(ctx, c, no, keep, now, limit)
		if err != nil {
			return err
		}
		n = len(old)
		return dropContent(ctx, c, old, now)
	})
	if err != nil {
		return 0, fmt.Errorf("trim %q: %w", source, err)
	}
	return n, nil
}

// A dropping is an entry whose content goes.
type dropping struct{ entry, story feed.ID }

// beyond returns the oldest entries that are not to be kept. Spared is what
// stands in the source's document, and what is shown of a story as long as
// another entry of it has content: subscribers would see it turn empty.
func beyond(ctx context.Context, c *conn, source int64, keep feed.Keep, now time.Time, limit int) ([]dropping, error) {
	const newest = `
		SELECT id FROM entry WHERE source = ?1 AND standing = 0 AND kept = 1
		UNION ALL SELECT id FROM entry WHERE source = ?1 AND standing = 1 AND kept = 1
		ORDER BY id DESC LIMIT 1 OFFSET ?2`
	const query = `
		SELECT e.id, e.story FROM entry e CROSS JOIN story t ON t.id = e.story
		WHERE e.source = ? AND e.kept = 1 AND e.standing = 0 AND (e.id < ? OR e.first_seen < ?)
			AND NOT (t.lead = e.id AND EXISTS (
				SELECT 1 FROM entry o WHERE o.id = t.id AND o.story = o.id AND o.id <> e.id AND o.kept = 1 AND o.withdrawn = 0
				UNION ALL
				SELECT 1 FROM entry o INDEXED BY entry_joined
				WHERE o.story = t.id AND o.story <> o.id AND o.id <> e.id AND o.kept = 1 AND o.withdrawn = 0))
		ORDER BY e.id LIMIT ?`
	var first feed.ID // of those that are kept for their number
	if keep.Entries > 0 {
		err := c.one(ctx, newest, []any{source, keep.Entries - 1}, &first)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	var since time.Time
	if keep.Age > 0 {
		since = now.Add(-keep.Age)
	}
	var old []dropping
	err := c.each(ctx, query, []any{source, int64(first), millis(since), max(limit, 0)},
		scanned(&old, func(d *dropping) []any { return []any{&d.entry, &d.story} }))
	return old, err
}

// dropContent drops the content of the entries, and takes stories that have
// none left out of the channels.
func dropContent(ctx context.Context, c *conn, old []dropping, now time.Time) error {
	ch := newChanges(now)
	for _, d := range old {
		if err := c.exec(ctx, `DELETE FROM body WHERE entry = ?`, int64(d.entry)); err != nil {
			return err
		}
		if err := c.exec(ctx, `UPDATE entry SET kept = 0, summary = '' WHERE id = ?`, int64(d.entry)); err != nil {
			return err
		}
	}
	for _, d := range old {
		const query = `
			UPDATE story SET emptied = 1 WHERE id = ?1 AND emptied = 0
				AND NOT EXISTS (SELECT 1 FROM entry WHERE id = ?1 AND story = ?1 AND kept = 1 AND withdrawn = 0)
				AND NOT EXISTS (SELECT 1 FROM entry INDEXED BY entry_joined WHERE story = ?1 AND story <> id AND kept = 1 AND withdrawn = 0)`
		n, err := c.count(ctx, query, int64(d.story))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := ch.takeOff(ctx, c, d.story); err != nil {
			return err
		}
	}
	_, err := ch.write(ctx, c)
	return err
}
