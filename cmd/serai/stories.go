package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"serai/internal/feed"
	"serai/internal/store"
)

func newStories(g *global) *cobra.Command {
	var q store.Query
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "stories",
		Short:   "List stories with their members, newest first",
		Example: "  serai stories --channel karabakh --search bridge --limit 20",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 1 || q.Limit > 10000 {
				return usageError{fmt.Errorf("--limit %d: take a number from 1 to 10000", q.Limit)}
			}
			log, err := g.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return g.withReader(cmd.Context(), log, func(r store.Reader) error {
				if err := checkChannel(cmd, r, q.Channel); err != nil {
					return err
				}
				stories, err := r.Stories(cmd.Context(), q)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), storyRows(stories))
				}
				printStories(cmd, stories)
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Channel, "channel", "", "only of this channel")
	flags.StringVar(&q.Search, "search", "", "only with all these words")
	flags.StringVar(&q.Language, "language", "", "only in this language")
	flags.StringVar(&q.Source, "source", "", "only with a member from this source")
	flags.IntVar(&q.Limit, "limit", 30, "at most so many")
	flags.BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// checkChannel refuses the name of a channel that is not there, which would
// otherwise look like one without stories.
func checkChannel(cmd *cobra.Command, r store.Reader, channel string) error {
	if channel == "" {
		return nil
	}
	revisions, err := r.Revisions(cmd.Context())
	if err != nil {
		return err
	}
	if _, ok := revisions[channel]; !ok {
		return usageError{fmt.Errorf("no channel %q; feeds.yaml names the channels", channel)}
	}
	return nil
}

// A storyRow is a story as programs get it.
type storyRow struct {
	ID        string      `json:"id"`
	PublicID  string      `json:"public_id"`
	Title     string      `json:"title"`
	Link      string      `json:"link,omitempty"`
	Published time.Time   `json:"published"`
	Updated   time.Time   `json:"updated"`
	Members   []memberRow `json:"members"`
}

type memberRow struct {
	Source    string    `json:"source"`
	Key       string    `json:"key"`
	Link      string    `json:"link,omitempty"`
	Title     string    `json:"title,omitempty"`
	Language  string    `json:"language,omitempty"`
	Published time.Time `json:"published"`
	FirstSeen time.Time `json:"first_seen"`
	Rule      string    `json:"rule"`
	Reason    string    `json:"reason"`
}

func storyRows(stories []feed.Story) []storyRow {
	rows := make([]storyRow, 0, len(stories))
	for i := range stories {
		rows = append(rows, storyRowOf(&stories[i]))
	}
	return rows
}

func storyRowOf(s *feed.Story) storyRow {
	row := storyRow{ID: s.ID.String(), PublicID: s.PublicID, Title: s.Lead.Title, Link: s.Link, Published: s.Published, Updated: s.Updated}
	for _, m := range s.Members {
		row.Members = append(row.Members, memberRow{
			Source: m.Source, Key: m.Key, Link: m.Link, Title: m.Title, Language: m.Language,
			Published: m.Published, FirstSeen: m.FirstSeen, Rule: m.Placement.Rule, Reason: m.Placement.Reason,
		})
	}
	return row
}

func printStories(cmd *cobra.Command, stories []feed.Story) {
	rows := make([][]string, 0, len(stories))
	for _, s := range stories {
		sources := make([]string, len(s.Members))
		for i, m := range s.Members {
			sources[i] = m.Source
		}
		rows = append(rows, []string{s.ID.String(), moment(s.Published), strings.Join(sources, " "), clip(cmp.Or(s.Lead.Title, s.Link), 90)})
	}
	printTable(cmd.OutOrStdout(), []string{"STORY", "PUBLISHED", "SOURCES", "TITLE"}, rows)
}

// clip cuts s to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
