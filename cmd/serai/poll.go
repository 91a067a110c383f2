package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"serai/internal/feed"
	"serai/internal/ingest"
	"serai/internal/store/sqlite"
)

func newPoll(g *global) *cobra.Command {
	var o ingest.ByHand
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "poll [SOURCE…]",
		Short: "Poll once, now",
		Long: `Polls all sources, or those named, and prints a row for each. It is always
conditional and never goes against a server's Retry-After or a host's pause; a
source polled less than 15 minutes ago is left alone, unless --again. It may run
beside the daemon.`,
		Example: "  serai poll eurasianet --again",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sources = args
			return pollOnce(cmd, g, o, asJSON)
		},
	}
	cmd.Flags().BoolVar(&o.Due, "due", false, "only the sources that are due")
	cmd.Flags().BoolVar(&o.Again, "again", false, "also sources polled less than 15 minutes ago")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, one object a line")
	return cmd
}

func pollOnce(cmd *cobra.Command, g *global, o ingest.ByHand, asJSON bool) (err error) {
	log, err := g.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	cfg, err := g.load()
	if err != nil {
		return err
	}
	plan, err := planOf(cfg)
	if err != nil {
		return err
	}
	defer plan.Client.Close()
	st, err := sqlite.Open(cmd.Context(), g.db, sqlite.Options{Log: quiet(log)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	// The rows say what the log would.
	in := ingest.New(ingest.Options{Store: st, Log: quiet(log)})
	if err := in.Configure(cmd.Context(), plan); err != nil {
		return err
	}
	rows := &pollRows{cmd: cmd, asJSON: asJSON}
	err = in.PollNow(cmd.Context(), o, rows.add)
	rows.end()
	if errors.Is(err, feed.ErrNotFound) {
		err = usageError{err}
	}
	if err != nil {
		return err
	}
	if err := in.RebuildStale(cmd.Context()); err != nil {
		return err
	}
	if rows.failed > 0 && rows.failed == rows.polled {
		return fmt.Errorf("no source could be read; 'serai sources' says why and when each is tried next")
	}
	return nil
}

// pollRows prints what became of each source: as it comes for programs, and as
// a table at the end for a person, who sees a counter meanwhile.
type pollRows struct {
	cmd            *cobra.Command
	asJSON         bool
	rows           [][]string
	polled, failed int
}

type pollJSON struct {
	feed.Poll
	Skipped string `json:"skipped,omitempty"`
}

func (p *pollRows) add(row ingest.Row) {
	line := pollJSON{Poll: row.Poll}
	if row.Skipped != nil {
		line.Skipped = row.Skipped.Error()
	} else {
		p.polled++
		if row.Poll.Outcome == feed.Failed {
			p.failed++
		}
	}
	if p.asJSON {
		if err := printLine(p.cmd.OutOrStdout(), line); err != nil {
			p.cmd.PrintErrln("serai:", err)
		}
		return
	}
	p.rows = append(p.rows, pollCells(row))
	if isTerminal(os.Stderr) {
		fmt.Fprintf(os.Stderr, "\r%d done", len(p.rows))
	}
}

func (p *pollRows) end() {
	if p.asJSON {
		return
	}
	if isTerminal(os.Stderr) {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	printTable(p.cmd.OutOrStdout(), []string{"SOURCE", "OUTCOME", "STATUS", "NEW", "UPDATED", "TOOK", "NEXT", "REMARK"}, p.rows)
}

func pollCells(row ingest.Row) []string {
	poll := row.Poll
	if row.Skipped != nil {
		return []string{poll.Source, "left alone", "", "", "", "", moment(poll.Next), row.Skipped.Error()}
	}
	remark := poll.Because
	if poll.Failure != nil {
		remark = poll.Failure.Text
	}
	status := ""
	if poll.Status != 0 {
		status = strconv.Itoa(poll.Status)
	}
	return []string{
		poll.Source, string(poll.Outcome), status, strconv.Itoa(poll.New), strconv.Itoa(poll.Updated),
		span(poll.Took), moment(poll.Next), clip(remark, 100),
	}
}
