package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/feed"
	"serai/internal/ingest"
	"serai/internal/post"
)

func newCheck(g *global) *cobra.Command {
	var live, asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate feeds.yaml, and with --live ask every source",
		Long: `Validates the configuration and prints every problem at once, each with file,
line, column and what to do. With --live it also asks every source once, storing
nothing, and says what it found there.`,
		Example: "  serai check --live",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			for _, warning := range cfg.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), warning)
			}
			if live {
				return checkLive(cmd, cfg, asJSON)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is well: %d sources, %d topics, %d channels\n",
				g.config, len(cfg.Sources), len(cfg.Topics), len(cfg.Channels))
			return err
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "ask every source, storing nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --live: as JSON, one object a line")
	return cmd
}

func checkLive(cmd *cobra.Command, cfg *config.Config, asJSON bool) error {
	plan, err := planOf(cfg)
	if err != nil {
		return err
	}
	defer plan.Client.Close()
	var rows [][]string
	var writeErr error
	failed := 0
	ingest.Probe(cmd.Context(), plan, func(poll feed.Poll) {
		if poll.Failure != nil {
			failed++
		}
		if asJSON {
			writeErr = printLine(cmd.OutOrStdout(), poll)
			return
		}
		rows = append(rows, probeCells(poll))
	})
	if !asJSON {
		printTable(cmd.OutOrStdout(), []string{"SOURCE", "STATUS", "ENTRIES", "BYTES", "TOOK", "REMARK"}, rows)
	}
	switch {
	case writeErr != nil:
		return writeErr
	case cmd.Context().Err() != nil:
		return cmd.Context().Err()
	case failed > 0:
		return fmt.Errorf("%d of %d sources cannot be read; their rows say why", failed, len(cfg.Sources))
	}
	return nil
}

func probeCells(poll feed.Poll) []string {
	remark := strings.Join(poll.Notes, "; ")
	if poll.Failure != nil {
		remark = poll.Failure.Text
	}
	return []string{
		poll.Source, strconv.Itoa(poll.Status), strconv.Itoa(poll.Entries), strconv.FormatInt(poll.Bytes, 10),
		span(poll.Took), clip(remark, 120),
	}
}

// checkPosts returns a line for each post that cannot go out.
func checkPosts(cfg *config.Config) ([]string, error) {
	reading, err := library(cfg).Read(time.Now(), nil)
	if err != nil {
		return nil, err
	}
	return problemLines(cfg, reading.Problems), nil
}

func problemLines(cfg *config.Config, problems []post.Problem) []string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = cfg.Posts.Dir + "/" + p.String()
	}
	return lines
}
