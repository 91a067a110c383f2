package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// delayEntries is how many of a source's latest entries its delay is taken of.
const delayEntries = 20

// A statusRow is a source as Sources reads it.
type statusRow struct {
	no     int64
	status feed.SourceStatus
	state  stateRow
	record string // of the latest poll; empty when never polled
}

func (r *statusRow) dest() []any {
	return []any{
		&r.no, &r.status.ID, &r.status.Declared, &r.status.Entries,
		&r.state.json, &r.state.because, &r.state.next, &r.state.attemptedAt, &r.record,
	}
}

// Sources returns every source that is declared or has entries, by ID.
func (s *Store) Sources(ctx context.Context) ([]feed.SourceStatus, error) {
	const query = `
		SELECT s.no, s.id, s.declared, s.entries, d.state, s.because, s.next_at, s.attempted_at, coalesce(p.record, '')
		FROM source s JOIN source_state d ON d.source = s.no LEFT JOIN poll p ON p.source = s.no AND p.slot = (s.polls - 1) % 100
		WHERE s.declared = 1 OR s.entries > 0
		ORDER BY s.id`
	var all []feed.SourceStatus
	err := s.view(ctx, func(c *conn) error {
		var rows []statusRow
		if err := c.each(ctx, query, nil, scanned(&rows, (*statusRow).dest)); err != nil {
			return err
		}
		all = make([]feed.SourceStatus, 0, len(rows))
		for i := range rows {
			status, err := rows[i].finish(ctx, c, &s.states)
			if err != nil {
				return err
			}
			all = append(all, status)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	return all, nil
}

// States returns what was learned of every declared source, by ID.
func (s *Store) States(ctx context.Context) (map[string]feed.State, error) {
	const query = `
		SELECT s.no, s.id, d.state, s.because, s.next_at, s.attempted_at
		FROM source s JOIN source_state d ON d.source = s.no WHERE s.declared = 1`
	dest := func(r *jobRow) []any { return append(r.dest(), &r.state.attemptedAt) }
	var rows []jobRow
	err := s.view(ctx, func(c *conn) error { return c.each(ctx, query, nil, scanned(&rows, dest)) })
	if err != nil {
		return nil, fmt.Errorf("states of sources: %w", err)
	}
	states := make(map[string]feed.State, len(rows))
	for i := range rows {
		if states[rows[i].id], err = rows[i].state.state(rows[i].id, &s.states); err != nil {
			return nil, fmt.Errorf("states of sources: %w", err)
		}
	}
	return states, nil
}

// Source returns one source.
func (s *Store) Source(ctx context.Context, id string) (feed.SourceStatus, error) {
	const query = `
		SELECT s.no, s.id, s.declared, s.entries, d.state, s.because, s.next_at, s.attempted_at, coalesce(p.record, '')
		FROM source s JOIN source_state d ON d.source = s.no LEFT JOIN poll p ON p.source = s.no AND p.slot = (s.polls - 1) % 100
		WHERE s.id = ? AND (s.declared = 1 OR s.entries > 0)`
	var status feed.SourceStatus
	err := s.view(ctx, func(c *conn) error {
		var row statusRow
		if err := c.one(ctx, query, []any{id}, row.dest()...); err != nil {
			return err
		}
		var err error
		status, err = row.finish(ctx, c, &s.states)
		return err
	})
	if err != nil {
		return feed.SourceStatus{}, fmt.Errorf("source %q: %w", id, missing(err))
	}
	return status, nil
}

// finish decodes the row and adds what needs a look at the entries.
func (r *statusRow) finish(ctx context.Context, c *conn, cache *stateCache) (feed.SourceStatus, error) {
	var err error
	if r.status.State, err = r.state.state(r.status.ID, cache); err != nil {
		return r.status, err
	}
	if r.record != "" {
		r.status.LastPoll = new(feed.Poll)
		if err := json.Unmarshal([]byte(r.record), r.status.LastPoll); err != nil {
			return r.status, fmt.Errorf("source %q: last poll: %w", r.status.ID, err)
		}
	}
	r.status.Delay, err = delay(ctx, c, r.no, r.status.State.FirstPolled)
	return r.status, err
}

// delay returns the median time between what the publisher claims and first
// sight. What the first poll brought says nothing about it.
func delay(ctx context.Context, c *conn, source int64, firstPolled time.Time) (time.Duration, error) {
	const query = `
		WITH latest AS (
			SELECT id FROM entry WHERE source = ?1 AND standing = 0 AND kept = 1
			UNION ALL SELECT id FROM entry WHERE source = ?1 AND standing = 1 AND kept = 1
			ORDER BY id DESC LIMIT ?3)
		SELECT e.first_seen - e.published FROM latest CROSS JOIN entry e ON e.id = latest.id
		WHERE e.published > 0 AND e.first_seen > ?2 AND e.first_seen >= e.published`
	var delays []int64
	err := c.each(ctx, query, []any{source, millis(firstPolled), delayEntries}, scanned(&delays, column))
	if err != nil || len(delays) == 0 {
		return 0, err
	}
	slices.Sort(delays)
	return time.Duration(delays[len(delays)/2]) * time.Millisecond, nil
}

// Polls returns the latest polls of the source, newest first.
func (s *Store) Polls(ctx context.Context, source string, limit int) ([]feed.Poll, error) {
	const query = `
		SELECT record FROM poll WHERE source = (SELECT no FROM source WHERE id = ?)
		ORDER BY seq DESC LIMIT ?`
	var records []string
	err := s.view(ctx, func(c *conn) error {
		return c.each(ctx, query, []any{source, max(limit, 0)}, scanned(&records, column))
	})
	if err != nil {
		return nil, fmt.Errorf("polls of %q: %w", source, err)
	}
	polls := make([]feed.Poll, len(records))
	for i, record := range records {
		if err := json.Unmarshal([]byte(record), &polls[i]); err != nil {
			return nil, fmt.Errorf("polls of %q: %w", source, err)
		}
	}
	return polls, nil
}

// Declare tells what feeds.yaml says now.
func (s *Store) Declare(ctx context.Context, sources []store.Declared, channels []feed.Channel) ([]string, error) {
	var stale []string
	err := s.write(ctx, func(ctx context.Context, c *conn) error {
		if err := declareSources(ctx, c, sources); err != nil {
			return err
		}
		var err error
		stale, err = declareChannels(ctx, c, channels)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("declare: %w", err)
	}
	return stale, s.sweep(ctx)
}

func declareSources(ctx context.Context, c *conn, sources []store.Declared) error {
	var known []string
	if err := c.each(ctx, `SELECT id FROM source WHERE declared = 1`, nil, scanned(&known, column)); err != nil {
		return err
	}
	before := make(map[string]bool, len(known))
	for _, id := range known {
		before[id] = true
	}
	for _, d := range sources {
		if before[d.ID] {
			delete(before, d.ID)
			continue
		}
		const query = `
			INSERT INTO source (id, declared, next_at, because, leased_until, attempted_at, polls, entries, stories)
			VALUES (?, 1, ?, ?, 0, 0, 0, 0, 0)
			ON CONFLICT (id) DO UPDATE SET declared = 1`
		because := ""
		if !d.First.IsZero() {
			because = "new source"
		}
		if err := c.exec(ctx, query, d.ID, millis(d.First), because); err != nil {
			return err
		}
		const state = `INSERT OR IGNORE INTO source_state (source, state) SELECT no, '{}' FROM source WHERE id = ?`
		if err := c.exec(ctx, state, d.ID); err != nil {
			return err
		}
	}
	for id := range before {
		if err := c.exec(ctx, `UPDATE source SET declared = 0 WHERE id = ?`, id); err != nil {
			return err
		}
	}
	return nil
}

// Totals counts what is stored.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	const query = `
		SELECT coalesce(sum(declared = 1 OR entries > 0), 0), coalesce(sum(entries), 0), coalesce(sum(stories), 0),
			(SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)
		FROM source`
	var t store.Totals
	err := s.view(ctx, func(c *conn) error {
		return c.one(ctx, query, nil, &t.Sources, &t.Entries, &t.Stories, &t.Bytes)
	})
	if err != nil {
		return store.Totals{}, fmt.Errorf("count: %w", err)
	}
	return t, nil
}

// missing translates SQL's word for nothing into ours.
func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return feed.ErrNotFound
	}
	return err
}
