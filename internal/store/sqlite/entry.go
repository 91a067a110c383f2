package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"serai/internal/feed"
	"serai/internal/store"
)

// entryColumns are what an entryRow reads, of entry e with its source s and,
// where its content is wanted, its body b.
const (
	entryColumns = `e.id, e.story, s.id, e.held, e.words, e.published, e.updated, e.first_seen, e.changed,
		e.key, e.public_id, e.guid, e.link, e.title, e.summary, e.rights, e.language, e.hash, e.dropped, e.topics, e.details`
	withContent    = `, coalesce(b.content, '')`
	withoutContent = `, ''`
)

// An entryRow is an entry as it is read.
type entryRow struct {
	e                                     feed.Entry
	published, updated, firstSeen, change int64
	topics, details                       string
	content                               []byte // packed
}

func (r *entryRow) dest() []any {
	e := &r.e
	return []any{
		&e.ID, &e.Story, &e.Source, &e.Held, &e.Words, &r.published, &r.updated, &r.firstSeen, &r.change,
		&e.Key, &e.PublicID, &e.GUID, &e.Link, &e.Title, &e.Summary, &e.Rights, &e.Language, &e.Hash, &e.Dropped, &r.topics, &r.details,
		&r.content,
	}
}

func (r *entryRow) entry() (feed.Entry, error) {
	e := r.e
	e.Published, e.Updated = moment(r.published), moment(r.updated)
	e.FirstSeen, e.Changed = moment(r.firstSeen), moment(r.change)
	var err error
	if e.Content, err = unpack(r.content); err != nil {
		return e, fmt.Errorf("entry %s: %w", e.ID, err)
	}
	if err := fromJSON(r.topics, &e.Topics); err != nil {
		return e, fmt.Errorf("entry %s: topics: %w", e.ID, err)
	}
	if err := fromJSON(r.details, &e.Details); err != nil {
		return e, fmt.Errorf("entry %s: details: %w", e.ID, err)
	}
	return e, nil
}

// toJSON returns the value as JSON, and nothing for one that is empty.
func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	if text := string(b); text != "{}" && text != "null" && text != "[]" {
		return text, err
	}
	return "", err
}

// fromJSON is the inverse of toJSON.
func fromJSON(text string, v any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), v)
}

// Known returns what is stored of those of the source's entries that have one
// of the keys, by key, and of all that stood in its last document; nil keys ask
// for all it ever had.
func (s *Store) Known(ctx context.Context, source string, keys []string) (map[string]store.Known, error) {
	const columns = `e.key, e.id, e.story, e.hash, e.first_seen, e.standing, e.withdrawn > 0, e.held, e.published, e.updated, e.title,
		CASE WHEN e.slug = '' THEN '' ELSE e.details END`
	const standing = `
		SELECT ` + columns + ` FROM entry e INDEXED BY entry_source WHERE e.source = ? AND e.standing = 1`
	const named = `
		SELECT ` + columns + ` FROM json_each(?) j CROSS JOIN entry e WHERE e.source = ? AND e.key = j.value`
	const all = `
		SELECT ` + columns + ` FROM entry e INDEXED BY entry_source WHERE e.source = ?`
	known := make(map[string]store.Known, len(keys))
	read := func(rows *sql.Rows) error {
		var k store.Known
		var key, details string
		var firstSeen, published, updated int64
		err := rows.Scan(&key, &k.Entry, &k.Story, &k.Hash, &firstSeen, &k.Standing, &k.Withdrawn, &k.Held, &published, &updated, &k.Title, &details)
		if err != nil {
			return err
		}
		k.FirstSeen, k.Published, k.Updated = moment(firstSeen), moment(published), moment(updated)
		if details != "" {
			var d feed.Details
			if err := json.Unmarshal([]byte(details), &d); err != nil {
				return fmt.Errorf("entry %s: details: %w", k.Entry, err)
			}
			k.Post = d.Post
		}
		known[key] = k
		return nil
	}
	err := s.view(ctx, func(c *conn) error {
		var no int64
		err := c.one(ctx, `SELECT no FROM source WHERE id = ?`, []any{source}, &no)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if keys == nil {
			return c.each(ctx, all, []any{no}, read)
		}
		if err := c.each(ctx, standing, []any{no}, read); err != nil {
			return err
		}
		var rest []string
		for _, key := range keys {
			if _, ok := known[key]; !ok {
				rest = append(rest, key)
			}
		}
		if len(rest) == 0 {
			return nil
		}
		list, err := json.Marshal(rest)
		if err != nil {
			return err
		}
		return c.each(ctx, named, []any{string(list), no}, read)
	})
	if err != nil {
		return nil, fmt.Errorf("entries of %q: %w", source, err)
	}
	return known, nil
}

// entriesPage is how many entries an iteration reads at once.
const entriesPage = 100

// Entries walks the entries of a source, or of all where source is empty, in
// order of their IDs. Between pages nothing is held open.
func (s *Store) Entries(ctx context.Context, source string, after feed.ID) iter.Seq2[feed.Entry, error] {
	return func(yield func(feed.Entry, error) bool) {
		for {
			page, err := s.entriesAfter(ctx, source, after)
			if err != nil {
				yield(feed.Entry{}, fmt.Errorf("entries: %w", err))
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < entriesPage {
				return
			}
			after = page[len(page)-1].ID
		}
	}
}

func (s *Store) entriesAfter(ctx context.Context, source string, after feed.ID) ([]feed.Entry, error) {
	const all = `
		SELECT ` + entryColumns + withContent + `
		FROM entry e CROSS JOIN source s ON s.no = e.source LEFT JOIN body b ON b.entry = e.id
		WHERE e.id > ?1 ORDER BY e.id LIMIT ?2`
	const ofSource = `
		WITH page AS (
			SELECT id FROM entry WHERE source = ?3 AND standing = 0 AND kept = 0 AND id > ?1
			UNION ALL SELECT id FROM entry WHERE source = ?3 AND standing = 0 AND kept = 1 AND id > ?1
			UNION ALL SELECT id FROM entry WHERE source = ?3 AND standing = 1 AND kept = 0 AND id > ?1
			UNION ALL SELECT id FROM entry WHERE source = ?3 AND standing = 1 AND kept = 1 AND id > ?1
			ORDER BY id LIMIT ?2)
		SELECT ` + entryColumns + withContent + `
		FROM page CROSS JOIN entry e ON e.id = page.id CROSS JOIN source s ON s.no = e.source LEFT JOIN body b ON b.entry = e.id`
	var entries []feed.Entry
	err := s.view(ctx, func(c *conn) error {
		var err error
		if source == "" {
			entries, err = readEntries(ctx, c, all, int64(after), entriesPage)
			return err
		}
		var no int64
		err = c.one(ctx, `SELECT no FROM source WHERE id = ?`, []any{source}, &no)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		entries, err = readEntries(ctx, c, ofSource, int64(after), entriesPage, no)
		return err
	})
	return entries, err
}

// readEntries returns what a query over entryColumns finds.
func readEntries(ctx context.Context, c *conn, query string, args ...any) ([]feed.Entry, error) {
	var entries []feed.Entry
	err := c.each(ctx, query, args, func(rows *sql.Rows) error {
		var row entryRow
		if err := rows.Scan(row.dest()...); err != nil {
			return err
		}
		e, err := row.entry()
		entries = append(entries, e)
		return err
	})
	return entries, err
}

// idList returns IDs as a JSON list, for json_each.
func idList(ids []feed.ID) string {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, int64(id))
	}
	return string(append(b, ']'))
}
