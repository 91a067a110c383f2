package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"serai/internal/feed"
	"serai/internal/store"
)

func newSources(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sources [SOURCE]",
		Short: "Show how every source fares, or the history of one",
		Long: `Shows the state of every source: its last poll, the next one and why then, how
it went, entries, failures in a row, and how long after publication entries are
seen. Named one, it shows the polls that it had.`,
		Example: "  serai sources eurasianet",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return g.withReader(cmd.Context(), log, func(r store.Reader) error {
				if len(args) == 1 {
					return sourceHistory(cmd, r, args[0], asJSON)
				}
				return sourceList(cmd, r, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func sourceList(cmd *cobra.Command, r store.Reader, asJSON bool) error {
	statuses, err := r.Sources(cmd.Context())
	if err != nil {
		return err
	}
	if asJSON {
		rows := make([]sourceRow, 0, len(statuses))
		for _, s := range statuses {
			rows = append(rows, sourceRowOf(s))
		}
		return printJSON(cmd.OutOrStdout(), rows)
	}
	rows := make([][]string, 0, len(statuses))
	for _, s := range statuses {
		row := sourceRowOf(s)
		rows = append(rows, []string{
			row.ID, row.Status, moment(row.LastPoll), moment(row.Next), strconv.Itoa(row.Entries),
			strconv.Itoa(row.Failures), span(s.Delay), clip(row.Remark, 100),
		})
	}
	printTable(cmd.OutOrStdout(), []string{"SOURCE", "STATUS", "LAST POLL", "NEXT POLL", "ENTRIES", "FAILURES", "DELAY", "REMARK"}, rows)
	return nil
}

// A sourceRow is the state of a source as programs get it.
type sourceRow struct {
	ID       string        `json:"id"`
	Status   string        `json:"status"` // how the last poll ended, or why there is none
	LastPoll time.Time     `json:"last_poll,omitzero"`
	Next     time.Time     `json:"next,omitzero"`
	Because  string        `json:"because,omitempty"`
	Entries  int           `json:"entries"`
	Failures int           `json:"failures"`
	Failure  *feed.Failure `json:"failure,omitempty"`
	Delay    string        `json:"delay,omitempty"` // median of the latest entries
	Repairs  []feed.Repair `json:"repairs,omitempty"`
	Remark   string        `json:"-"`
}

func sourceRowOf(s feed.SourceStatus) sourceRow {
	row := sourceRow{
		ID: s.ID, Status: "never polled", Next: s.State.Next, Because: s.State.Because, Entries: s.Entries,
		Failures: s.State.Failures, Repairs: s.State.Repairs, Remark: s.State.Because,
	}
	if s.Delay > 0 {
		row.Delay = s.Delay.String()
	}
	if s.LastPoll != nil {
		row.Status, row.LastPoll, row.Failure = string(s.LastPoll.Outcome), s.LastPoll.At, s.LastPoll.Failure
	}
	if !s.Declared {
		row.Status, row.Remark = "not declared", "no longer in feeds.yaml; its entries are kept"
	}
	switch {
	case row.Failure != nil:
		row.Remark = row.Failure.Text + "; " + cmp.Or(row.Because, "not tried again")
	case len(row.Repairs) > 0:
		row.Remark = fmt.Sprintf("damaged, mended: %s; %s", repairList(row.Repairs), row.Because)
	}
	return row
}

func repairList(repairs []feed.Repair) string {
	list := make([]string, len(repairs))
	for i, r := range repairs {
		list[i] = r.Kind
		if r.Detail != "" {
			list[i] += " (" + r.Detail + ")"
		}
	}
	return strings.Join(list, ", ")
}

func sourceHistory(cmd *cobra.Command, r store.Reader, id string, asJSON bool) error {
	status, err := r.Source(cmd.Context(), id)
	if errors.Is(err, feed.ErrNotFound) {
		return usageError{fmt.Errorf("no source %q; 'serai sources' lists them", id)}
	}
	if err != nil {
		return err
	}
	polls, err := r.Polls(cmd.Context(), id, 50)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), struct {
			sourceRow
			Polls []feed.Poll `json:"polls"`
		}{sourceRowOf(status), polls})
	}
	next := "it is not polled"
	if !status.State.Next.IsZero() {
		next = fmt.Sprintf("next poll %s, because %s", moment(status.State.Next), status.State.Because)
	}
	cmd.Printf("%s: %d entries, %s\n\n", id, status.Entries, next)
	rows := make([][]string, 0, len(polls))
	for _, poll := range polls {
		remark := poll.Because
		if poll.Failure != nil {
			remark = poll.Failure.Text + "; " + remark
		}
		rows = append(rows, []string{
			moment(poll.At), string(poll.Outcome), strconv.Itoa(poll.Status), strconv.FormatInt(poll.Bytes, 10),
			strconv.Itoa(poll.New), strconv.Itoa(poll.Updated), span(poll.Took), moment(poll.Next), clip(remark, 120),
		})
	}
	printTable(cmd.OutOrStdout(), []string{"AT", "OUTCOME", "STATUS", "BYTES", "NEW", "UPDATED", "TOOK", "NEXT", "REMARK"}, rows)
	return nil
}
