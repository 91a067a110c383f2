package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"serai/internal/feed"
)

// What is looked at for one entry, at most. A careless source gives thousands of
// entries one address; the newest of them tell enough.
const (
	candidatesPerKey = 16
	maxCandidates    = 32
)

// An oldEntry is what is stored of an entry that is recorded again.
type oldEntry struct {
	id, story                       feed.ID
	publicID, hash, title, link     string
	published, firstSeen, withdrawn int64
}

// findAll looks up which entries the source has already.
func (rec *recording) findAll(ctx context.Context) error {
	const query = `
		SELECT e.key, e.id, e.story, e.public_id, e.hash, e.title, e.link, e.published, e.first_seen, e.withdrawn
		FROM json_each(?) j CROSS JOIN entry e WHERE e.source = ? AND e.key = j.value`
	keys := slices.Clone(rec.r.Withdrawn)
	for i := range rec.r.Entries {
		keys = append(keys, rec.r.Entries[i].Entry.Key)
	}
	if len(keys) == 0 {
		return nil
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	rec.known = make(map[string]oldEntry, len(keys))
	return rec.c.each(ctx, query, []any{string(list), rec.source}, func(rows *sql.Rows) error {
		var key string
		var o oldEntry
		err := rows.Scan(&key, &o.id, &o.story, &o.publicID, &o.hash, &o.title, &o.link, &o.published, &o.firstSeen, &o.withdrawn)
		rec.known[key] = o
		return err
	})
}

// writeEntry inserts an entry without its content.
func writeEntry(ctx context.Context, c *conn, e *feed.Entry, source int64, standing bool, p feed.Placement) error {
	const query = `
		INSERT INTO entry (id, source, story, standing, kept, held, withdrawn, words, published, updated, first_seen, changed,
			key, public_id, guid, link, title, summary, rights, language, hash, dropped, slug, topics, details,
			placed_with, placed_rule, placed_why)
		VALUES (?, ?, ?, ?, 1, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	topics, details, err := lists(e)
	if err != nil {
		return err
	}
	return c.exec(ctx, query,
		int64(e.ID), source, int64(e.Story), integer(standing), integer(e.Held), e.Words,
		millis(e.Published), millis(e.Updated), millis(e.FirstSeen), millis(e.Changed),
		e.Key, e.PublicID, e.GUID, e.Link, e.Title, e.Summary, e.Rights, e.Language, e.Hash, e.Dropped, slug(e), topics, details,
		int64(p.With), p.Rule, p.Reason)
}

// rewriteEntry updates what may change of an entry.
func rewriteEntry(ctx context.Context, c *conn, e *feed.Entry) error {
	const query = `
		UPDATE entry SET kept = 1, held = ?, withdrawn = 0, words = ?, updated = ?, changed = ?,
			guid = ?, link = ?, title = ?, summary = ?, rights = ?, language = ?, hash = ?, dropped = ?, slug = ?, topics = ?, details = ?
		WHERE id = ?`
	topics, details, err := lists(e)
	if err != nil {
		return err
	}
	return c.exec(ctx, query, integer(e.Held), e.Words, millis(e.Updated), millis(e.Changed),
		e.GUID, e.Link, e.Title, e.Summary, e.Rights, e.Language, e.Hash, e.Dropped, slug(e), topics, details, int64(e.ID))
}

// lists returns the parts of an entry that are stored as JSON.
func lists(e *feed.Entry) (topics, details string, err error) {
	if len(e.Topics) > 0 {
		if topics, err = toJSON(e.Topics); err != nil {
			return "", "", fmt.Errorf("topics: %w", err)
		}
	}
	if details, err = toJSON(&e.Details); err != nil {
		return "", "", fmt.Errorf("details: %w", err)
	}
	return topics, details, nil
}

func slug(e *feed.Entry) string {
	if e.Post == nil {
		return ""
	}
	return e.Post.Slug
}

// writeBody stores the packed content of an entry.
func writeBody(ctx context.Context, c *conn, id feed.ID, content []byte) error {
	if len(content) == 0 {
		return c.exec(ctx, `DELETE FROM body WHERE entry = ?`, int64(id))
	}
	const query = `INSERT INTO body (entry, content) VALUES (?, ?) ON CONFLICT (entry) DO UPDATE SET content = excluded.content`
	return c.exec(ctx, query, int64(id), content)
}

// writeKeys adds to an entry's keys. Those of a former address stay: it may
// still be linked to, and turn up elsewhere.
func writeKeys(ctx context.Context, c *conn, id feed.ID, keys []feed.Key) error {
	for _, k := range keys {
		if err := c.exec(ctx, `INSERT OR IGNORE INTO entry_key (hash, entry, kind) VALUES (?, ?, ?)`, k.Hash, int64(id), string(k.Kind)); err != nil {
			return err
		}
	}
	return nil
}

// findCandidates returns the stored entries that share a key, in order of first
// sight. What was taken back attracts nothing.
func findCandidates(ctx context.Context, c *conn, keys []feed.Key) ([]feed.Candidate, error) {
	const byKey = `SELECT entry, kind FROM entry_key WHERE hash = ? ORDER BY entry DESC LIMIT ?`
	const load = `
		SELECT ` + entryColumns + withContent + `
		FROM json_each(?) j CROSS JOIN entry e ON e.id = j.value CROSS JOIN source s ON s.no = e.source
			LEFT JOIN body b ON b.entry = e.id
		WHERE e.withdrawn = 0`
	shared := map[feed.ID][]feed.Key{}
	for i, k := range keys {
		if slices.ContainsFunc(keys[:i], func(o feed.Key) bool { return o.Hash == k.Hash }) {
			continue
		}
		err := c.each(ctx, byKey, []any{k.Hash, candidatesPerKey}, func(rows *sql.Rows) error {
			var id feed.ID
			has := feed.Key{Hash: k.Hash}
			if err := rows.Scan(&id, &has.Kind); err != nil {
				return err
			}
			if len(shared) < maxCandidates || shared[id] != nil {
				shared[id] = append(shared[id], has)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(shared) == 0 {
		return nil, nil
	}
	ids := make([]feed.ID, 0, len(shared))
	for id := range shared {
		ids = append(ids, id)
	}
	entries, err := readEntries(ctx, c, load, idList(ids))
	if err != nil {
		return nil, err
	}
	candidates := make([]feed.Candidate, len(entries))
	for i, e := range entries {
		candidates[i] = feed.Candidate{Entry: e, Shared: shared[e.ID]}
	}
	slices.SortFunc(candidates, func(a, b feed.Candidate) int { return cmp.Compare(a.Entry.ID, b.Entry.ID) })
	return candidates, nil
}
