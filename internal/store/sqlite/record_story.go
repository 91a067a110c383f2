package sqlite

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"serai/internal/feed"
)

// beginStory writes the story that e is the first entry of, and returns its
// place. The story has the entry's ID.
//
// It is published under the entry's own id, unless another story has that. A
// source may claim any id, also the ones that we derive for others, and must
// not keep these from being stored.
func beginStory(ctx context.Context, c *conn, e *feed.Entry, at time.Time) (sort int64, err error) {
	const query = `
		INSERT INTO story (id, lead, published, sort, first_seen, updated, withdrawn, emptied, language, public_id, link)
		SELECT ?1, ?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?7, ?8
		WHERE NOT EXISTS (SELECT 1 FROM story_alias WHERE public_id = ?7)
		ON CONFLICT (public_id) DO NOTHING`
	if at.IsZero() {
		at = e.Shown()
	}
	publicID, key := e.PublicID, e.Key
	for n := 1; ; n++ {
		count, err := c.count(ctx, query, int64(e.ID), millis(e.Shown()), millis(at), millis(e.FirstSeen), millis(e.ShownUpdate()),
			e.Language, publicID, e.Link)
		if err != nil {
			return 0, err
		}
		if count > 0 {
			break
		}
		publicID = feed.DerivedID(e.Source, key)
		key = e.Key + "\x00" + strconv.Itoa(n)
	}
	c.later = append(c.later, textChange{story: e.ID, title: e.Title, summary: e.Summary, is: true})
	return millis(at), nil
}

// A storyState is what has to be known of a story to change it.
type storyState struct {
	id, lead                            feed.ID
	sort, published, updated, withdrawn int64
	emptied                             bool
	members                             []memberRow // all, in order of first sight
}

func loadStoryState(ctx context.Context, c *conn, id feed.ID) (*storyState, error) {
	const query = `SELECT lead, sort, published, updated, withdrawn, emptied FROM story WHERE id = ?`
	st := &storyState{id: id}
	err := c.one(ctx, query, []any{int64(id)}, &st.lead, &st.sort, &st.published, &st.updated, &st.withdrawn, &st.emptied)
	if err != nil {
		return nil, fmt.Errorf("story %s: %w", id, missing(err))
	}
	members, err := loadMembers(ctx, c, idList([]feed.ID{id}))
	st.members = members[id]
	return st, err
}

// standing returns the members that were not taken back.
func (st *storyState) standing() []feed.Member {
	return standingMembers(st.members, st.lead, false)
}

// chooseLead asks which of the members that may be shown is shown. What a rule
// keeps out of every channel, and what has lost its content, is shown only where
// there is nothing better.
func (st *storyState) chooseLead(choose func([]feed.Member) feed.ID) (feed.ID, error) {
	unfit := func(r memberRow) int64 { return 2*integer(r.dropped) + integer(!r.kept) }
	best := int64(math.MaxInt64)
	for _, r := range st.members {
		if !r.withdrawn {
			best = min(best, unfit(r))
		}
	}
	fit := slices.DeleteFunc(slices.Clone(st.members), func(r memberRow) bool { return unfit(r) != best })
	members := standingMembers(fit, st.lead, false)
	isMember := func(id feed.ID) bool {
		return slices.ContainsFunc(members, func(m feed.Member) bool { return m.Entry == id })
	}
	switch {
	case len(members) == 0:
		return 0, fmt.Errorf("story %s has no entry that stands", st.id)
	case len(members) == 1:
		return members[0].Entry, nil
	case choose == nil && isMember(st.lead):
		return st.lead, nil
	case choose == nil:
		return members[0].Entry, nil
	}
	lead := choose(members)
	if !isMember(lead) {
		return 0, fmt.Errorf("lead %s is none of those offered for story %s", lead, st.id)
	}
	return lead, nil
}

// show writes the story with its lead. Where what is shown has changed, it is
// found by the new text, and it is updated, but never before it was.
func (st *storyState) show(ctx context.Context, c *conn, lead feed.ID, changed bool) error {
	if changed {
		e, err := shownParts(ctx, c, lead)
		if err != nil {
			return err
		}
		if !minorEdit(&e) {
			st.updated = max(st.updated, st.published, millis(e.ShownUpdate()))
		}
		c.later = append(c.later, textChange{story: st.id, title: e.Title, summary: e.Summary, is: true, was: true})
	}
	const query = `
		UPDATE story SET lead = ?, updated = ?, withdrawn = ?, emptied = ?, language = (SELECT language FROM entry WHERE id = ?1)
		WHERE id = ?`
	return c.exec(ctx, query, int64(lead), st.updated, st.withdrawn, integer(st.emptied), int64(st.id))
}

// minorEdit reports whether the author wants the last edit to go unnoticed.
func minorEdit(e *feed.Entry) bool { return e.Post != nil && e.Post.Minor }

// shownParts loads an entry without its content.
func shownParts(ctx context.Context, c *conn, id feed.ID) (feed.Entry, error) {
	const query = `SELECT ` + entryColumns + withoutContent + ` FROM entry e CROSS JOIN source s ON s.no = e.source WHERE e.id = ?`
	var row entryRow
	if err := c.one(ctx, query, []any{int64(id)}, row.dest()...); err != nil {
		return feed.Entry{}, err
	}
	return row.entry()
}
