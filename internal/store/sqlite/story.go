package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	"serai/internal/feed"
)

// A storyRow is a row of story as it is read.
type storyRow struct {
	s                                                feed.Story
	lead                                             feed.ID
	published, sort, firstSeen, updated, withdrawnAt int64
	emptied                                          bool
}

const storyColumns = `t.id, t.public_id, t.link, t.lead, t.published, t.sort, t.first_seen, t.updated, t.withdrawn, t.emptied`

func (r *storyRow) dest() []any {
	return []any{
		&r.s.ID, &r.s.PublicID, &r.s.Link, &r.lead,
		&r.published, &r.sort, &r.firstSeen, &r.updated, &r.withdrawnAt, &r.emptied,
	}
}

func (r *storyRow) story() feed.Story {
	s := r.s
	s.Published, s.Sort, s.FirstSeen = moment(r.published), moment(r.sort), moment(r.firstSeen)
	s.Updated, s.Withdrawn = moment(r.updated), moment(r.withdrawnAt)
	return s
}

// loadStories returns the stories in the order of ids, with their members and
// their leads, these with content where it is wanted.
func loadStories(ctx context.Context, c *conn, ids []feed.ID, content bool) ([]feed.Story, error) {
	const full = `
		SELECT ` + storyColumns + `, ` + entryColumns + withContent + `
		FROM json_each(?) j CROSS JOIN story t ON t.id = j.value CROSS JOIN entry e ON e.id = t.lead
			CROSS JOIN source s ON s.no = e.source LEFT JOIN body b ON b.entry = e.id`
	const short = `
		SELECT ` + storyColumns + `, ` + entryColumns + withoutContent + `
		FROM json_each(?) j CROSS JOIN story t ON t.id = j.value CROSS JOIN entry e ON e.id = t.lead
			CROSS JOIN source s ON s.no = e.source`
	if len(ids) == 0 {
		return nil, nil
	}
	query := short
	if content {
		query = full
	}
	list := idList(ids)
	members, err := loadMembers(ctx, c, list)
	if err != nil {
		return nil, err
	}
	found := make(map[feed.ID]feed.Story, len(ids))
	err = c.each(ctx, query, []any{list}, func(rows *sql.Rows) error {
		var row storyRow
		var lead entryRow
		if err := rows.Scan(append(row.dest(), lead.dest()...)...); err != nil {
			return err
		}
		s := row.story()
		var err error
		if s.Lead, err = lead.entry(); err != nil {
			return err
		}
		s.Members = standingMembers(members[s.ID], s.Lead.ID, !s.Withdrawn.IsZero())
		found[s.ID] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	stories := make([]feed.Story, 0, len(ids))
	for _, id := range ids {
		if s, ok := found[id]; ok {
			stories = append(stories, s)
		}
	}
	return stories, nil
}

// A memberRow is a member of a story as it is read, with what decides about it.
type memberRow struct {
	m                             feed.Member
	story                         feed.ID
	published, updated, firstSeen int64
	dropped, withdrawn, kept      bool
}

func (r *memberRow) dest() []any {
	m := &r.m
	return []any{
		&r.story, &m.Entry, &m.Source, &m.Key, &m.Link, &m.Title, &m.Language, &m.Words,
		&r.published, &r.updated, &r.firstSeen, &m.Placement.With, &m.Placement.Rule, &m.Placement.Reason,
		&r.dropped, &r.withdrawn, &r.kept,
	}
}

// finish fills in what is derived.
func (r *memberRow) finish() {
	e := feed.Entry{Published: moment(r.published), Updated: moment(r.updated), FirstSeen: moment(r.firstSeen)}
	r.m.Published, r.m.FirstSeen = e.Shown(), e.FirstSeen
	r.m.Placement.Story = r.story
}

// loadMembers returns all members of the stories of a JSON list, by story, in
// order of first sight.
func loadMembers(ctx context.Context, c *conn, stories string) (map[feed.ID][]memberRow, error) {
	const columns = `e.story, e.id, s.id, e.key, e.link, e.title, e.language, e.words, e.published, e.updated, e.first_seen,
		e.placed_with, e.placed_rule, e.placed_why, e.dropped <> '', e.withdrawn > 0, e.kept`
	const query = `
		SELECT ` + columns + ` FROM json_each(?1) j
			CROSS JOIN entry e ON e.id = j.value AND e.story = e.id CROSS JOIN source s ON s.no = e.source
		UNION ALL
		SELECT ` + columns + ` FROM json_each(?1) j
			CROSS JOIN entry e INDEXED BY entry_joined ON e.story = j.value AND e.story <> e.id CROSS JOIN source s ON s.no = e.source`
	members := map[feed.ID][]memberRow{}
	err := c.each(ctx, query, []any{stories}, func(rows *sql.Rows) error {
		var row memberRow
		if err := rows.Scan(row.dest()...); err != nil {
			return err
		}
		row.finish()
		members[row.story] = append(members[row.story], row)
		return nil
	})
	for _, rows := range members {
		slices.SortFunc(rows, func(a, b memberRow) int { return cmp.Compare(a.m.Entry, b.m.Entry) })
	}
	return members, err
}

// standingMembers returns the members that were not taken back, or all where
// the whole story was, the lead first.
func standingMembers(rows []memberRow, lead feed.ID, withdrawn bool) []feed.Member {
	members := make([]feed.Member, 0, len(rows))
	for _, row := range rows {
		if row.withdrawn && !withdrawn {
			continue
		}
		members = append(members, row.m)
	}
	slices.SortStableFunc(members, func(a, b feed.Member) int {
		return cmp.Compare(integer(b.Entry == lead), integer(a.Entry == lead))
	})
	return members
}

// Story returns a story with its lead's content.
func (s *Store) Story(ctx context.Context, id feed.ID) (feed.Story, error) {
	var story feed.Story
	err := s.view(ctx, func(c *conn) error {
		var err error
		story, err = oneStory(ctx, c, id)
		return err
	})
	if err != nil {
		return feed.Story{}, fmt.Errorf("story %s: %w", id, err)
	}
	return story, nil
}

// oneStory loads a story, or the one that it is part of now.
func oneStory(ctx context.Context, c *conn, id feed.ID) (feed.Story, error) {
	stories, err := loadStories(ctx, c, []feed.ID{id}, true)
	if err == nil && len(stories) == 0 {
		if err := c.one(ctx, `SELECT story FROM story_alias WHERE id = ?`, []any{int64(id)}, &id); err != nil {
			return feed.Story{}, missing(err)
		}
		stories, err = loadStories(ctx, c, []feed.ID{id}, true)
	}
	if err == nil && len(stories) == 0 {
		err = feed.ErrNotFound
	}
	if err != nil {
		return feed.Story{}, err
	}
	return stories[0], nil
}

// StoryAt finds a story by the address of one of its entries, or by its public
// id. Of several the one that stands is preferred, then the oldest.
func (s *Store) StoryAt(ctx context.Context, address string) (feed.Story, error) {
	const byPublicID = `
		SELECT id FROM story WHERE public_id = ?1
		UNION ALL SELECT story FROM story_alias WHERE public_id = ?1`
	const byKey = `
		SELECT e.story FROM entry_key k CROSS JOIN entry e ON e.id = k.entry
		WHERE k.hash = ? AND k.kind = 'url'
		ORDER BY e.withdrawn > 0, e.story LIMIT 1`
	var story feed.Story
	err := s.view(ctx, func(c *conn) error {
		var id feed.ID
		err := c.one(ctx, byPublicID, []any{address}, &id)
		if errors.Is(err, sql.ErrNoRows) {
			err = c.one(ctx, byKey, []any{feed.KeyOf(feed.KeyURL, feed.CanonicalURL(address)).Hash}, &id)
		}
		if err != nil {
			return missing(err)
		}
		story, err = oneStory(ctx, c, id)
		return err
	})
	if err != nil {
		return feed.Story{}, fmt.Errorf("story at %s: %w", feed.MaskURL(address), err)
	}
	return story, nil
}

// Post returns the story of an authored post by its slug. One that stands is
// preferred to one that was taken back, a newer one to an older.
func (s *Store) Post(ctx context.Context, slug string) (feed.Story, error) {
	const query = `
		SELECT e.story FROM entry e INDEXED BY entry_slug
		WHERE e.slug = ? AND e.slug <> '' ORDER BY e.withdrawn > 0, e.id DESC LIMIT 1`
	var story feed.Story
	err := s.view(ctx, func(c *conn) error {
		var id feed.ID
		err := c.one(ctx, query, []any{slug}, &id)
		if err != nil {
			return missing(err)
		}
		story, err = oneStory(ctx, c, id)
		return err
	})
	if err != nil {
		return feed.Story{}, fmt.Errorf("post %q: %w", slug, err)
	}
	return story, nil
}

// Memberships returns which channels hold the story, and why.
func (s *Store) Memberships(ctx context.Context, story feed.ID) ([]feed.Membership, error) {
	const query = `
		SELECT c.id, p.reason FROM place p INDEXED BY place_story CROSS JOIN channel c ON c.shelf = p.shelf
		WHERE p.story = coalesce((SELECT story FROM story_alias WHERE id = ?1), ?1) AND c.declared = 1
		ORDER BY c.id`
	var list []feed.Membership
	err := s.view(ctx, func(c *conn) error {
		return c.each(ctx, query, []any{int64(story)}, scanned(&list, func(m *feed.Membership) []any {
			return []any{&m.Channel, &m.Reason}
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("channels of story %s: %w", story, err)
	}
	return list, nil
}

// membersPage is how many stories an iteration over members reads at once.
const membersPage = 500

// Members walks all stories that stand, oldest first, giving the members of
// each, the lead first. Between pages nothing is held open.
func (s *Store) Members(ctx context.Context) iter.Seq2[[]feed.Member, error] {
	return func(yield func([]feed.Member, error) bool) {
		var after feed.ID
		for {
			page, last, err := s.membersAfter(ctx, after)
			if err != nil {
				yield(nil, fmt.Errorf("members: %w", err))
				return
			}
			for _, members := range page {
				if !yield(members, nil) {
					return
				}
			}
			if len(page) < membersPage {
				return
			}
			after = last
		}
	}
}

func (s *Store) membersAfter(ctx context.Context, after feed.ID) (page [][]feed.Member, last feed.ID, err error) {
	const query = `SELECT id, lead FROM story WHERE id > ? AND withdrawn = 0 ORDER BY id LIMIT ?`
	type pair struct{ story, lead feed.ID }
	err = s.view(ctx, func(c *conn) error {
		var pairs []pair
		err := c.each(ctx, query, []any{int64(after), membersPage}, scanned(&pairs, func(p *pair) []any {
			return []any{&p.story, &p.lead}
		}))
		if err != nil {
			return err
		}
		ids := make([]feed.ID, len(pairs))
		for i, p := range pairs {
			ids[i], last = p.story, p.story
		}
		members, err := loadMembers(ctx, c, idList(ids))
		if err != nil {
			return err
		}
		for _, p := range pairs {
			page = append(page, standingMembers(members[p.story], p.lead, false))
		}
		return nil
	})
	return page, last, err
}
