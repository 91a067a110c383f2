package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	Skipped error // why it was not polled; nil when it was
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
	now := time.Now()
	wanted = slices.DeleteFunc(wanted, func(src *feed.Source) bool {
		state := states[src.ID]
		skipped := leaveAlone(state, o, now)
		if skipped != nil {
			report(Row{Poll: feed.Poll{Source: src.ID, Next: state.Next, Because: state.Because}, Skipped: skipped})
		}
		return skipped != nil
	})
	return in.pollAll(ctx, plan, wanted, report)
}

// pollAll polls sources with as many workers as the daemon has.
func (in *Ingest) pollAll(ctx context.Context, plan *Plan, wanted []*feed.Source, report func(Row)) error {
	q := newQueue()
	var mu sync.Mutex // guards report
	tell := func(row Row) {
		mu.Lock()
		defer mu.Unlock()
		report(row)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for t, ok := q.take(ctx); ok; t, ok = q.take(ctx) {
				tell(Row{Poll: in.visit(ctx, plan, q, t)})
			}
		})
	}
	err := in.claim(ctx, q, wanted, tell)
	q.close()
	wg.Wait()
	in.giveBack(context.WithoutCancel(ctx), q)
	return errors.Join(err, ctx.Err())
}

// claim queues sources, so many at once that one transaction serves them all
// and none of them waits until its lease runs out.
func (in *Ingest) claim(ctx context.Context, q *queue, wanted []*feed.Source, report func(Row)) error {
	for batch := range slices.Chunk(wanted, room) {
		names := make([]string, len(batch))
		for i, src := range batch {
			names[i] = src.ID
		}
		jobs, err := in.store.Claim(ctx, names, time.Now(), lease)
		if err != nil {
			return err
		}
		states := make(map[string]feed.State, len(jobs))
		for _, job := range jobs {
			states[job.Source] = job.State
		}
		for _, src := range batch {
			if state, ok := states[src.ID]; ok {
				q.add(task{source: *src, state: state, host: hostOf(src.URL)})
			} else {
				report(Row{Poll: feed.Poll{Source: src.ID}, Skipped: store.ErrBusy})
			}
		}
		q.await(ctx, room/2)
	}
	return nil
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
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
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

// leaveAlone says why a source is not polled now; nil when it is.
func leaveAlone(s feed.State, o ByHand, now time.Time) error {
	if o.Due && (s.Next.IsZero() || s.Next.After(now)) {
		return errors.New("not due")
	}
	if at, because := schedule.ByHand(s, time.Time{}, o.Again, now); at.After(now) {
		return errors.New(because)
	}
	return nil
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
