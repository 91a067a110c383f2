package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"serai/internal/clean"
	"serai/internal/config"
	"serai/internal/feed"
	"serai/internal/match"
	"serai/internal/store"
)

func newExplain(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain STORY|URL",
		Short: "Say why a story is what it is",
		Long: `Says which rule joined each entry to the story, which channels took it and why
the others did not. The story is named by its ID, as 'serai stories' prints it,
or by the address of one of its entries.`,
		Example: "  serai explain https://eurasianet.org/some-article",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.withSite(cmd, func(r store.Reader, cfg *config.Config, _ *slog.Logger) error {
				e, err := explain(cmd.Context(), r, cfg, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), e)
				}
				return e.print(cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// An explanation is all that was decided about a story.
type explanation struct {
	Story    storyRow         `json:"story"`
	Channels []channelVerdict `json:"channels"`
	Topics   []string         `json:"topics,omitempty"`
	Dropped  string           `json:"dropped,omitempty"`
	Held     bool             `json:"held,omitempty"`
}

type channelVerdict struct {
	Channel string `json:"channel"`
	Taken   bool   `json:"taken"`
	Reason  string `json:"reason"`
}

func explain(ctx context.Context, r store.Reader, cfg *config.Config, name string) (*explanation, error) {
	story, err := findStory(ctx, r, name)
	if err != nil {
		return nil, err
	}
	rules, err := match.Compile(cfg.Topics, cfg.Sources, cfg.Channels)
	if err != nil {
		return nil, err
	}
	held, err := r.Memberships(ctx, story.ID)
	if err != nil {
		return nil, err
	}
	taken := make(map[string]string, len(held))
	for _, m := range held {
		taken[m.Channel] = m.Reason
	}
	lead := story.Lead
	lead.Text = clean.Text(lead.Content)
	out := &explanation{Story: storyRowOf(&story), Topics: lead.Topics, Dropped: lead.Dropped, Held: lead.Held}
	for _, ch := range cfg.Channels {
		if reason, ok := taken[ch.ID]; ok {
			out.Channels = append(out.Channels, channelVerdict{ch.ID, true, reason})
			continue
		}
		out.Channels = append(out.Channels, channelVerdict{ch.ID, false, whyNot(rules, &lead, ch.ID)})
	}
	return out, nil
}

// whyNot says why the channel does not hold the entry's story.
func whyNot(rules *match.Rules, e *feed.Entry, channel string) string {
	switch {
	case e.Dropped != "":
		return "dropped: " + e.Dropped
	case e.Held:
		return "held back: it was old when its source was new (first_poll)"
	}
	if ok, reason := rules.Explain(e, channel); !ok {
		return reason
	}
	return "today's rules take it; it was recorded under others, and what was published stays as it is"
}

func findStory(ctx context.Context, r store.Reader, name string) (feed.Story, error) {
	story, err := r.StoryAt(ctx, name)
	if id, notID := feed.ParseID(name); errors.Is(err, feed.ErrNotFound) && notID == nil {
		story, err = r.Story(ctx, id)
	}
	if errors.Is(err, feed.ErrNotFound) {
		return feed.Story{}, fmt.Errorf("no story %q; name one by its ID or by the address of an entry ('serai stories' lists them)", name)
	}
	return story, err
}

func (e *explanation) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", oneLine(cmp.Or(e.Story.Title, "(no title)")), e.Story.Link)
	fmt.Fprintf(&b, "story %s, published as %s\n", e.Story.ID, oneLine(e.Story.PublicID))
	fmt.Fprintf(&b, "\nEntries (the first is shown):\n")
	for _, m := range e.Story.Members {
		fmt.Fprintf(&b, "  %s  %s\n    dated %s, first seen %s\n    %s: %s\n",
			m.Source, oneLine(cmp.Or(m.Link, m.Key)), moment(m.Published), moment(m.FirstSeen), m.Rule, oneLine(m.Reason))
	}
	fmt.Fprintf(&b, "\nChannels:\n")
	for _, c := range e.Channels {
		verdict := "not in"
		if c.Taken {
			verdict = "in"
		}
		fmt.Fprintf(&b, "  %-6s %s: %s\n", verdict, c.Channel, oneLine(c.Reason))
	}
	if len(e.Topics) > 0 {
		fmt.Fprintf(&b, "\nTopics: %s\n", strings.Join(e.Topics, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
