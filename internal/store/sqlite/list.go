package sqlite

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode"

	"serai/internal/feed"
	"serai/internal/store"
)

// maxWords bounds how many words a search looks for.
const maxWords = 32

// Revisions returns the state of every declared channel.
func (s *Store) Revisions(ctx context.Context) (map[string]feed.Revision, error) {
	type row struct {
		id              string
		number, changed int64
	}
	var rows []row
	err := s.view(ctx, func(c *conn) error {
		return c.each(ctx, `SELECT id, revision, changed FROM channel WHERE declared = 1`, nil, scanned(&rows, func(r *row) []any {
			return []any{&r.id, &r.number, &r.changed}
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("revisions: %w", err)
	}
	revisions := make(map[string]feed.Revision, len(rows))
	for _, r := range rows {
		revisions[r.id] = feed.Revision{Number: r.number, Changed: moment(r.changed)}
	}
	return revisions, nil
}

// Channel returns the stories of a channel in its order.
func (s *Store) Channel(ctx context.Context, channel string, page store.Page) ([]feed.Story, error) {
	const query = `
		SELECT p.story FROM place p
		WHERE p.shelf = (SELECT shelf FROM channel WHERE id = ? AND declared = 1) AND (p.sort, p.story) < (?, ?)
		ORDER BY p.sort DESC, p.story DESC LIMIT ?`
	sort, story := from(page.Before)
	stories, err := s.list(ctx, true, query, channel, sort, story, max(page.Limit, 0))
	if err != nil {
		return nil, fmt.Errorf("channel %q: %w", channel, err)
	}
	return stories, nil
}

// Stories lists stories, newest first.
func (s *Store) Stories(ctx context.Context, q store.Query) ([]feed.Story, error) {
	stories, err := s.search(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list stories: %w", err)
	}
	return stories, nil
}

// search picks the statement that looks at the fewest stories. Each of them
// holds to all that is asked.
func (s *Store) search(ctx context.Context, q store.Query) ([]feed.Story, error) {
	const inChannel = `
		EXISTS (SELECT 1 FROM place p WHERE p.shelf = (SELECT shelf FROM channel WHERE id = ?5 AND declared = 1)
			AND p.sort = t.sort AND p.story = t.id)`
	const fromSource = `
		EXISTS (SELECT 1 FROM entry e WHERE e.id = t.id AND e.story = t.id AND e.source = (SELECT no FROM source WHERE id = ?4)
			UNION ALL
			SELECT 1 FROM entry e INDEXED BY entry_joined WHERE e.story = t.id AND e.story <> e.id AND e.source = (SELECT no FROM source WHERE id = ?4))`
	const order = ` ORDER BY t.sort DESC, t.id DESC LIMIT ?3`

	const all = `
		SELECT t.id FROM story t INDEXED BY story_order
		WHERE t.withdrawn = 0 AND (t.sort, t.id) < (?1, ?2)` + order
	const ofLanguage = `
		SELECT t.id FROM story t INDEXED BY story_language
		WHERE t.language = ?6 AND t.withdrawn = 0 AND (t.sort, t.id) < (?1, ?2)` + order
	const ofSource = `
		SELECT t.id FROM story t
		WHERE t.id IN (SELECT e.story FROM entry e WHERE e.source = (SELECT no FROM source WHERE id = ?4))
			AND t.withdrawn = 0 AND (t.sort, t.id) < (?1, ?2) AND (?6 = '' OR t.language = ?6)` + order
	const ofChannel = `
		SELECT t.id FROM place p CROSS JOIN story t ON t.id = p.story
		WHERE p.shelf = (SELECT shelf FROM channel WHERE id = ?5 AND declared = 1) AND (p.sort, p.story) < (?1, ?2)
			AND t.withdrawn = 0 AND (?6 = '' OR t.language = ?6) AND (?4 = '' OR ` + fromSource + `)
		ORDER BY p.sort DESC, p.story DESC LIMIT ?3`
	const found = `
		SELECT t.id FROM story_text f CROSS JOIN story t ON t.id = f.rowid
		WHERE story_text MATCH ?7 AND t.withdrawn = 0 AND (t.sort, t.id) < (?1, ?2)
			AND (?6 = '' OR t.language = ?6) AND (?5 = '' OR ` + inChannel + `) AND (?4 = '' OR ` + fromSource + `)` + order

	sort, story := from(q.Before)
	args := []any{sort, story, max(q.Limit, 0), q.Source, q.Channel, q.Language}
	words, ok := match(q.Search)
	switch {
	case !ok:
		return nil, nil
	case words != "":
		return s.list(ctx, false, found, append(args, words)...)
	case q.Channel != "":
		return s.list(ctx, false, ofChannel, args...)
	case q.Source != "":
		return s.list(ctx, false, ofSource, args...)
	case q.Language != "":
		return s.list(ctx, false, ofLanguage, args...)
	}
	return s.list(ctx, false, all, args[:3]...)
}

// list loads the stories whose IDs the query finds.
func (s *Store) list(ctx context.Context, content bool, query string, args ...any) ([]feed.Story, error) {
	var stories []feed.Story
	err := s.view(ctx, func(c *conn) error {
		var ids []feed.ID
		if err := c.each(ctx, query, args, scanned(&ids, column)); err != nil {
			return err
		}
		var err error
		stories, err = loadStories(ctx, c, ids, content)
		return err
	})
	return stories, err
}

// from returns the place that a page starts behind, as it is compared.
func from(before store.Cursor) (sort, story int64) {
	if before == (store.Cursor{}) {
		return math.MaxInt64, math.MaxInt64
	}
	return millis(before.Sort), int64(before.Story)
}

// match returns the words of a search for the full-text index, each in quotes,
// so that nothing in them is syntax. It reports false when the search has text
// but no word, and so finds nothing.
func match(search string) (string, bool) {
	fields := strings.FieldsFunc(strings.ToValidUTF8(search, " "), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	})
	if len(fields) == 0 {
		return "", true
	}
	var words []string
	for _, field := range fields {
		if strings.ContainsFunc(field, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			words = append(words, `"`+strings.ReplaceAll(field, `"`, `""`)+`"`)
		}
	}
	return strings.Join(words[:min(len(words), maxWords)], " "), len(words) > 0
}
