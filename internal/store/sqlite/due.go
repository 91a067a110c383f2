package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"serai/internal/store"
)

// NextDue returns when the first declared source falls due. One that is handed
// out does so no earlier than its lease runs out.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	const query = `
		SELECT next_at, leased_until FROM source INDEXED BY source_due
		WHERE declared = 1 AND next_at > 0 ORDER BY next_at`
	var first int64
	enough := errors.New("enough")
	err := s.view(ctx, func(c *conn) error {
		return c.each(ctx, query, nil, func(rows *sql.Rows) error {
			var next, leased int64
			if err := rows.Scan(&next, &leased); err != nil {
				return err
			}
			if first > 0 && next >= first {
				return enough
			}
			if at := max(next, leased); first == 0 || at < first {
				first = at
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, enough) {
		return time.Time{}, fmt.Errorf("next due: %w", err)
	}
	return moment(first), nil
}

// A jobRow is a source as it is handed out.
type jobRow struct {
	no    int64
	id    string
	state stateRow
}

func (r *jobRow) dest() []any {
	return []any{&r.no, &r.id, &r.state.json, &r.state.because, &r.state.next}
}

// take leases the source and notes the attempt. RETURNING would spare reading
// it first, but SQLite makes a table for what it returns.
func (r *jobRow) take(ctx context.Context, c *conn, now time.Time, lease time.Duration) error {
	r.state.attemptedAt = millis(now)
	return c.exec(ctx, `UPDATE source SET leased_until = ?, attempted_at = ? WHERE no = ?`, millis(now.Add(lease)), millis(now), r.no)
}

// Due hands out at most limit declared sources that are due at now.
func (s *Store) Due(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.Job, error) {
	const query = `
		SELECT s.no, s.id, d.state, s.because, s.next_at
		FROM source s INDEXED BY source_due CROSS JOIN source_state d ON d.source = s.no
		WHERE s.declared = 1 AND s.next_at > 0 AND s.next_at <= ?1 AND s.leased_until <= ?1
		ORDER BY s.next_at LIMIT ?2`
	if limit <= 0 {
		return nil, nil
	}
	return s.handOut(ctx, query, []any{millis(now), limit}, now, lease)
}

// handOut leases the sources that the query finds.
func (s *Store) handOut(ctx context.Context, query string, args []any, now time.Time, lease time.Duration) ([]store.Job, error) {
	var rows []jobRow
	err := s.writeLight(ctx, func(ctx context.Context, c *conn) error {
		if err := c.each(ctx, query, args, scanned(&rows, (*jobRow).dest)); err != nil {
			return err
		}
		for i := range rows {
			if err := rows[i].take(ctx, c, now, lease); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("hand out sources: %w", err)
	}
	jobs := make([]store.Job, len(rows))
	for i := range rows {
		state, err := rows[i].state.state(rows[i].id, &s.states)
		if err != nil {
			return nil, fmt.Errorf("hand out sources: %w", err)
		}
		jobs[i] = store.Job{Source: rows[i].id, State: state}
	}
	return jobs, nil
}

// Claim hands out those of the named sources that no other poll has under way.
func (s *Store) Claim(ctx context.Context, sources []string, now time.Time, lease time.Duration) ([]store.Job, error) {
	const query = `
		SELECT s.no, s.id, d.state, s.because, s.next_at
		FROM source s CROSS JOIN source_state d ON d.source = s.no
		WHERE s.id IN (SELECT value FROM json_each(?)) AND s.declared = 1 AND s.leased_until <= ?
		ORDER BY s.id`
	names, err := json.Marshal(sources)
	if err != nil {
		return nil, fmt.Errorf("claim sources: %w", err)
	}
	return s.handOut(ctx, query, []any{string(names), millis(now)}, now, lease)
}

// Release gives a source back unpolled, due when it was.
func (s *Store) Release(ctx context.Context, source string) error {
	err := s.writeLight(ctx, func(ctx context.Context, c *conn) error {
		return c.exec(ctx, `UPDATE source SET leased_until = 0 WHERE id = ? AND leased_until <> 0`, source)
	})
	if err != nil {
		return fmt.Errorf("release %q: %w", source, err)
	}
	return nil
}

// Reschedule moves when sources are due, and says why.
func (s *Store) Reschedule(ctx context.Context, next map[string]store.Due) error {
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		for source, due := range next {
			if err := c.exec(ctx, `UPDATE source SET next_at = ?, because = ? WHERE id = ?`, millis(due.At), due.Because, source); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reschedule: %w", err)
	}
	return nil
}
