package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"serai/internal/feed"
	"serai/internal/store"
)

// Record keeps what a poll found: all of it or, when it returns an error, none.
func (s *Store) Record(ctx context.Context, r store.Record) (store.Recorded, error) {
	out, err := s.record(ctx, r)
	if err != nil {
		return store.Recorded{}, fmt.Errorf("record poll of %q: %w", r.Poll.Source, err)
	}
	return out, nil
}

func (s *Store) record(ctx context.Context, r store.Record) (store.Recorded, error) {
	// What can be done before the others have to wait is done before.
	state, err := stateJSON(r.State)
	if err != nil {
		return store.Recorded{}, err
	}
	s.states.put(r.Poll.Source, state, r.State)
	poll, err := json.Marshal(r.Poll)
	if err != nil {
		return store.Recorded{}, err
	}
	packed := make(map[string][]byte, len(r.Entries))
	for i := range r.Entries {
		e := &r.Entries[i].Entry
		if packed[e.Key], err = pack(e.Content); err != nil {
			return store.Recorded{}, err
		}
	}
	var out store.Recorded
	if len(r.Entries) == 0 && r.Standing == nil && len(r.Withdrawn) == 0 {
		return out, s.writeLight(ctx, func(ctx context.Context, c *conn) error {
			return recordPoll(ctx, c, &r, state, string(poll))
		})
	}
	err = s.write(ctx, func(ctx context.Context, c *conn) error {
		if err := recordPoll(ctx, c, &r, state, string(poll)); err != nil {
			return err
		}
		rec := recording{c: c, r: &r, packed: packed, changes: newChanges(r.Poll.At.Add(r.Poll.Took))}
		var entries int64
		if err := c.one(ctx, `SELECT no, entries FROM source WHERE id = ?`, []any{r.Poll.Source}, &rec.source, &entries); err != nil {
			return err
		}
		if entries > 0 {
			if err := rec.findAll(ctx); err != nil {
				return err
			}
		}
		if err := rec.run(ctx); err != nil {
			return err
		}
		out = rec.out
		return nil
	})
	return out, err
}

// recordPoll writes the source's state and the record of the poll, and ends
// the source's lease.
func recordPoll(ctx context.Context, c *conn, r *store.Record, state, poll string) error {
	const update = `
		UPDATE source SET next_at = ?1, because = ?2, leased_until = 0, polls = polls + 1,
			attempted_at = CASE WHEN ?3 > 0 THEN ?3 ELSE attempted_at END
		WHERE id = ?4`
	const learn = `UPDATE source_state SET state = ? WHERE source = (SELECT no FROM source WHERE id = ?)`
	const insert = `
		INSERT OR REPLACE INTO poll (source, slot, seq, record)
		SELECT no, (polls - 1) % 100, polls, ? FROM source WHERE id = ?`
	n, err := c.count(ctx, update, millis(r.State.Next), r.State.Because, millis(r.State.LastAttempt), r.Poll.Source)
	if err != nil {
		return err
	}
	if n == 0 {
		return feed.ErrNotFound
	}
	if err := c.exec(ctx, learn, state, r.Poll.Source); err != nil {
		return err
	}
	return c.exec(ctx, insert, poll, r.Poll.Source)
}

// A recording is a Record under way, inside its transaction.
type recording struct {
	c       *conn
	r       *store.Record
	packed  map[string][]byte // contents by the key of their entry
	source  int64
	changes changes

	known    map[string]oldEntry // what the source had, of r.Entries and r.Withdrawn, by key
	standing map[string]bool     // the keys of r.Standing
	stood    map[string]bool     // of those, the ones that are marked so already
	began    int                 // stories
	out      store.Recorded
}

func (rec *recording) run(ctx context.Context) error {
	fallen, err := rec.compareStanding(ctx)
	if err != nil {
		return err
	}
	for i := range rec.r.Entries {
		if err := rec.entry(ctx, rec.r.Entries[i]); err != nil {
			return fmt.Errorf("entry %q: %w", rec.r.Entries[i].Entry.Key, err)
		}
	}
	if err := rec.stand(ctx, fallen); err != nil {
		return err
	}
	for _, key := range rec.r.Withdrawn {
		if err := rec.withdraw(ctx, key); err != nil {
			return fmt.Errorf("withdraw %q: %w", key, err)
		}
	}
	if len(rec.out.New) > 0 {
		const query = `UPDATE source SET entries = entries + ?, stories = stories + ? WHERE no = ?`
		if err := rec.c.exec(ctx, query, len(rec.out.New), rec.began, rec.source); err != nil {
			return err
		}
	}
	rec.out.Channels, err = rec.changes.write(ctx, rec.c)
	return err
}

// compareStanding notes which keys of the document are marked as standing, and
// returns the entries that are and do not stand any more.
func (rec *recording) compareStanding(ctx context.Context) (fallen []feed.ID, err error) {
	if rec.r.Standing == nil {
		return nil, nil
	}
	rec.standing = make(map[string]bool, len(rec.r.Standing))
	for _, key := range rec.r.Standing {
		rec.standing[key] = true
	}
	rec.stood = make(map[string]bool, len(rec.r.Standing))
	const query = `SELECT key, id FROM entry WHERE source = ? AND standing = 1`
	err = rec.c.each(ctx, query, []any{rec.source}, func(rows *sql.Rows) error {
		var key string
		var id feed.ID
		err := rows.Scan(&key, &id)
		if rec.standing[key] {
			rec.stood[key] = true
		} else {
			fallen = append(fallen, id)
		}
		return err
	})
	return fallen, err
}

// stand notes which entries stand now. From one document to the next few
// differ, so only those are written.
func (rec *recording) stand(ctx context.Context, fallen []feed.ID) error {
	for _, id := range fallen {
		if err := rec.c.exec(ctx, `UPDATE entry SET standing = 0 WHERE id = ?`, int64(id)); err != nil {
			return err
		}
	}
	for key := range rec.standing {
		if rec.stood[key] {
			continue
		}
		const query = `UPDATE entry SET standing = 1 WHERE source = ? AND key = ? AND standing = 0 AND withdrawn = 0`
		if err := rec.c.exec(ctx, query, rec.source, key); err != nil {
			return err
		}
	}
	return nil
}

// entry records one entry: as a change of the one that the source already has
// by this key, whatever ID it was given now, or as a new one.
func (rec *recording) entry(ctx context.Context, n store.NewEntry) error {
	if n.Entry.Source != rec.r.Poll.Source {
		return fmt.Errorf("is of source %q", n.Entry.Source)
	}
	n.Entry = asStored(n.Entry)
	old, ok := rec.known[n.Entry.Key]
	switch {
	case !ok:
		return rec.insert(ctx, n)
	case old.id != n.Entry.ID && old.hash == n.Entry.Hash && old.withdrawn == 0:
		return nil // another poll of the source, whose lease had run out, was faster
	}
	return rec.update(ctx, n, old)
}

// asStored returns the entry as it will be read again.
func asStored(e feed.Entry) feed.Entry {
	e.Published, e.Updated = stored(e.Published), stored(e.Updated)
	e.FirstSeen, e.Changed = stored(e.FirstSeen), stored(e.Changed)
	e.Text = ""
	return e
}

// insert records an entry that the source did not have.
func (rec *recording) insert(ctx context.Context, n store.NewEntry) error {
	e := n.Entry
	if e.ID <= 0 {
		return errors.New("has no ID")
	}
	candidates, err := findCandidates(ctx, rec.c, n.Keys)
	if err != nil {
		return err
	}
	var p feed.Placement
	if rec.r.Place != nil {
		p = rec.r.Place(n.Entry, candidates)
	}
	e.Story = e.ID
	if p.Story != 0 {
		if e.Story, err = rec.joined(ctx, p.Story); err != nil {
			return err
		}
	}
	if err := writeEntry(ctx, rec.c, &e, rec.source, rec.standing[e.Key], p); err != nil {
		return err
	}
	if err := writeBody(ctx, rec.c, e.ID, rec.packed[e.Key]); err != nil {
		return err
	}
	if err := writeKeys(ctx, rec.c, e.ID, n.Keys); err != nil {
		return err
	}
	rec.remember(&e)
	rec.out.New = append(rec.out.New, e)
	var sort int64
	if e.Story == e.ID {
		rec.began++
		sort, err = beginStory(ctx, rec.c, &e, n.Sort)
	} else {
		rec.changes.story(e.Story)
		sort, err = rec.refresh(ctx, &e)
	}
	if err != nil {
		return err
	}
	return rec.place(ctx, &e, sort, n.Channels)
}

// remember makes a new entry known, in case its key comes again.
func (rec *recording) remember(e *feed.Entry) {
	if rec.known == nil {
		rec.known = map[string]oldEntry{}
	}
	rec.known[e.Key] = oldEntry{
		id: e.ID, story: e.Story, publicID: e.PublicID, hash: e.Hash, title: e.Title, link: e.Link,
		published: millis(e.Published), firstSeen: millis(e.FirstSeen),
	}
	if rec.standing[e.Key] {
		rec.stood[e.Key] = true
	}
}

// joined returns the story that a placement names, which has to stand.
func (rec *recording) joined(ctx context.Context, id feed.ID) (feed.ID, error) {
	const query = `
		SELECT id FROM story WHERE withdrawn = 0
			AND id = coalesce((SELECT story FROM story_alias WHERE id = ?1), ?1)`
	var story feed.ID
	err := rec.c.one(ctx, query, []any{int64(id)}, &story)
	if err != nil {
		return 0, fmt.Errorf("was placed in story %s: %w", id, missing(err))
	}
	return story, nil
}

// update records that an entry of the source has changed, or has come back.
// What was fixed at first sight stays.
func (rec *recording) update(ctx context.Context, n store.NewEntry, old oldEntry) error {
	e := n.Entry
	e.ID, e.Story, e.PublicID = old.id, old.story, old.publicID
	e.Published, e.FirstSeen = moment(old.published), moment(old.firstSeen)
	if err := rewriteEntry(ctx, rec.c, &e); err != nil {
		return err
	}
	if err := writeBody(ctx, rec.c, e.ID, rec.packed[e.Key]); err != nil {
		return err
	}
	if err := writeKeys(ctx, rec.c, e.ID, n.Keys); err != nil {
		return err
	}
	if e.Title != old.title || e.Link != old.link || old.withdrawn != 0 {
		rec.changes.story(e.Story) // its list of members looks different
	}
	sort, err := rec.refresh(ctx, &e)
	if err != nil {
		return err
	}
	rec.out.Updated = append(rec.out.Updated, e)
	return rec.place(ctx, &e, sort, n.Channels)
}

// refresh brings the story of e up to date: e has joined it, has changed, or
// has come back. It returns the story's place.
func (rec *recording) refresh(ctx context.Context, e *feed.Entry) (sort int64, err error) {
	st, err := loadStoryState(ctx, rec.c, e.Story)
	if err != nil {
		return 0, err
	}
	lead, err := st.chooseLead(rec.r.Lead)
	if err != nil {
		return 0, err
	}
	shown := lead == e.ID || lead != st.lead || st.withdrawn != 0 || st.emptied
	if shown {
		rec.changes.story(e.Story)
	}
	st.withdrawn, st.emptied = 0, false
	return st.sort, st.show(ctx, rec.c, lead, shown)
}

// place puts the story of e into the channels that it belongs to.
func (rec *recording) place(ctx context.Context, e *feed.Entry, sort int64, channels []feed.Membership) error {
	if e.Held || e.Dropped != "" {
		return nil
	}
	for _, m := range channels {
		if err := rec.changes.place(ctx, rec.c, e.Story, sort, m); err != nil {
			return fmt.Errorf("channel %q: %w", m.Channel, err)
		}
	}
	return nil
}

// withdraw notes that the source took an entry back. Its story goes with the
// last of its entries; else another one is shown.
func (rec *recording) withdraw(ctx context.Context, key string) error {
	at := rec.changes.at
	old, ok := rec.known[key]
	if !ok || old.withdrawn != 0 {
		return nil
	}
	old.withdrawn = at
	rec.known[key] = old
	if err := rec.c.exec(ctx, `UPDATE entry SET withdrawn = ?, standing = 0 WHERE id = ?`, at, int64(old.id)); err != nil {
		return err
	}
	st, err := loadStoryState(ctx, rec.c, old.story)
	if err != nil {
		return err
	}
	if len(st.standing()) == 0 {
		return rec.changes.withdrawStory(ctx, rec.c, old.story)
	}
	rec.changes.story(old.story)
	lead, err := st.chooseLead(rec.r.Lead)
	if err != nil {
		return err
	}
	return st.show(ctx, rec.c, lead, lead != st.lead)
}
