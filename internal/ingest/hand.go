package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"serai/internal/feed"
	"serai/internal/schedule"
	"serai/internal/store"
)

// ByHand says which sources to poll now.
type ByHand struct {
	Sources []string // empty is all that are declared, with the posts
	Due     bool     // only those that are due
	Again   bool     // also those polled less than 15 minutes ago
}

// A Row is what became of one source of a poll by hand.
type Row struct {
	Poll    feed.Poll
	Skipped string // why it was not polled; empty when it was
}

// PollNow polls sources once and returns when all are done. It is as polite as
// the daemon: always conditional, a host at a time, never before a server's
// Retry-After. Rows are reported one at a time, as they come.
func (in *Ingest) PollNow(ctx context.Context, o ByHand, report func(Row)) error {
	plan := in.plan.Load()
	states, err := in.store.States(ctx)
	if err != nil {
		return err
	}
	wanted, posts, err := plan.pick(o.Sources)
	if err != nil {
		return err
	}
	if posts {
		poll, err := in.ReadPosts(ctx)
		if err != nil {
			return err
		}
		report(Row{Poll: poll})
	}
	q, now := newQueue(), time.Now()
	for _, src := range wanted {
		state := states[src.ID]
		if reason := leaveAlone(state, o, now); reason != "" {
			report(Row{Poll: feed.Poll{Source: src.ID, Next: state.Next, Because: state.Because}, Skipped: reason})
			continue
		}
		q.add(task{source: *src, state: state, host: hostOf(src.URL)})
	}
	q.close()
	return in.pollAll(ctx, plan, q, report)
}

// pollAll empties a queue with as many workers as the daemon has.
func (in *Ingest) pollAll(ctx context.Context, plan *Plan, q *queue, report func(Row)) error {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards first and report
	var first error
	for range workers {
		wg.Go(func() {
			for {
				t, ok := q.take(ctx)
				if !ok {
					return
				}
				row, err := in.claimAndVisit(ctx, plan, q, t)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				if err == nil {
					report(row)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(first, ctx.Err())
}

func (in *Ingest) claimAndVisit(ctx context.Context, plan *Plan, q *queue, t task) (Row, error) {
	job, err := in.store.Claim(ctx, t.source.ID, time.Now(), lease)
	if err != nil {
		q.done(t, q.host(t.host), 0)
		if errors.Is(err, store.ErrBusy) {
			return Row{Poll: feed.Poll{Source: t.source.ID}, Skipped: "another process is polling it"}, nil
		}
		return Row{}, err
	}
	t.state = job.State
	return Row{Poll: in.visit(ctx, plan, q, t)}, nil
}

// pick returns the sources named, or all; and whether the posts are among them.
func (p *Plan) pick(names []string) (sources []*feed.Source, posts bool, err error) {
	if len(names) == 0 {
		for i := range p.Sources {
			sources = append(sources, &p.Sources[i])
		}
		return sources, true, nil
	}
	var errs []error
	for _, name := range names {
		switch src := p.source(name); {
		case name == feed.PostsSource:
			posts = true
		case src == nil:
			errs = append(errs, fmt.Errorf("source %q: %w in feeds.yaml; 'serai sources' lists them", name, feed.ErrNotFound))
		default:
			sources = append(sources, src)
		}
	}
	return sources, posts, errors.Join(errs...)
}

// leaveAlone says why a source is not polled now; empty when it is.
func leaveAlone(s feed.State, o ByHand, now time.Time) string {
	if o.Due && (s.Next.IsZero() || s.Next.After(now)) {
		return "not due"
	}
	if at, because := schedule.ByHand(s, time.Time{}, o.Again, now); at.After(now) {
		return because
	}
	return ""
}

// Resume makes a source that rests, such as one that was gone, due now.
func (in *Ingest) Resume(ctx context.Context, source string) error {
	if in.plan.Load().source(source) == nil {
		return fmt.Errorf("source %q: %w", source, feed.ErrNotFound)
	}
	due := map[string]store.Due{source: {At: time.Now(), Because: "resumed by hand"}}
	if err := in.store.Reschedule(ctx, due); err != nil {
		return fmt.Errorf("resume %s: %w", source, err)
	}
	in.Wake()
	return nil
}
