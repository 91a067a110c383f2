package sqlite

import (
	"context"

	"serai/internal/feed"
)

// A textChange is a change of what a story is found by. The full-text index
// writes a segment at every savepoint, and merges them later at some expense,
// so the changes of a whole transaction are kept back and made at its end.
type textChange struct {
	story          feed.ID
	title, summary string // what it is found by now
	is, was        bool   // whether it is in the index now, and may have been
}

// writeText makes the changes that were kept back.
func writeText(ctx context.Context, c *conn) error {
	for _, t := range c.later {
		if t.was {
			if err := c.exec(ctx, `DELETE FROM story_text WHERE rowid = ?`, int64(t.story)); err != nil {
				return err
			}
		}
		if t.is {
			if err := c.exec(ctx, `INSERT INTO story_text (rowid, title, summary) VALUES (?, ?, ?)`, int64(t.story), t.title, t.summary); err != nil {
				return err
			}
		}
	}
	return nil
}
