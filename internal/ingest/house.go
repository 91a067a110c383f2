package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"serai/internal/clean"
	"serai/internal/feed"
	"serai/internal/schedule"
	"serai/internal/store"
)

const (
	slice     = 256       // entries looked at, or dropped, between two breaths
	sweepTime = time.Hour // between two looks for what is past its age
)

// spread moves what fell due while nobody polled to moments of their own, so
// that a start asks nobody earlier and floods nobody.
func (in *Ingest) spread(ctx context.Context) error {
	states, err := in.store.States(ctx)
	if err != nil {
		return fmt.Errorf("spread what is overdue: %w", err)
	}
	plan, now := in.plan.Load(), time.Now()
	var overdue, fresh []string
	for i := range plan.Sources {
		id := plan.Sources[i].ID
		switch state := states[id]; {
		case state.Next.IsZero() || state.Next.After(now):
		case state.LastAttempt.IsZero():
			fresh = append(fresh, id)
		default:
			overdue = append(overdue, id)
		}
	}
	next := make(map[string]store.Due, len(overdue)+len(fresh))
	for id, at := range schedule.Spread(overdue, now, rand.Float64) {
		next[id] = store.Due{At: at, Because: "overdue at the start, spread"}
	}
	for i, id := range fresh {
		next[id] = store.Due{At: schedule.First(i, now), Because: "new"}
	}
	if err := in.store.Reschedule(ctx, next); err != nil {
		return fmt.Errorf("spread what is overdue: %w", err)
	}
	return nil
}

// keepHouse rebuilds channels whose rules changed and drops what is past its
// age, in slices, until ctx ends.
func (in *Ingest) keepHouse(ctx context.Context) {
	sweep := time.NewTicker(sweepTime)
	defer sweep.Stop()
	for {
		if err := in.RebuildStale(ctx); err != nil && ctx.Err() == nil {
			in.log.ErrorContext(ctx, "cannot rebuild channels", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-in.restale:
		case <-sweep.C:
			for _, src := range in.plan.Load().Sources {
				in.trim(ctx, &src)
			}
		}
	}
}

// RebuildStale chooses anew what the channels hold whose rules changed. It
// returns when all are done.
func (in *Ingest) RebuildStale(ctx context.Context) error {
	plan := in.plan.Load()
	for _, ch := range plan.Channels {
		in.stale.Lock()
		due := in.stale.channels[ch.ID]
		in.stale.Unlock()
		if !due {
			continue
		}
		began := time.Now()
		for done := false; !done; {
			var err error
			done, err = in.store.Rebuild(ctx, ch, slice, func(e feed.Entry) (feed.Membership, bool) { return plan.choose(e, ch.ID) })
			if err != nil {
				return fmt.Errorf("rebuild channel %s: %w", ch.ID, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		in.stale.Lock()
		delete(in.stale.channels, ch.ID)
		in.stale.Unlock()
		in.log.InfoContext(ctx, "channel rebuilt", "channel", ch.ID, "took", time.Since(began))
		in.changed([]string{ch.ID})
	}
	return nil
}

// choose decides by today's rules whether a stored entry belongs in a channel.
func (p *Plan) choose(e feed.Entry, channel string) (feed.Membership, bool) {
	if e.Held {
		return feed.Membership{}, false
	}
	e.Text = clean.Text(e.Content)
	e.Topics = p.Rules.Topics(&e)
	if e.Dropped = p.drop(&e); e.Dropped != "" {
		return feed.Membership{}, false
	}
	taken, reason := p.Rules.Explain(&e, channel)
	return feed.Membership{Channel: channel, Reason: reason}, taken
}

// trim drops what is beyond the source's retention.
func (in *Ingest) trim(ctx context.Context, src *feed.Source) {
	for {
		n, err := in.store.Trim(ctx, src.ID, src.Keep, time.Now(), slice)
		if err != nil && !errors.Is(err, context.Canceled) {
			in.log.WarnContext(ctx, "cannot drop old entries", "source", src.ID, "err", err)
		}
		if err != nil || n < slice {
			return
		}
	}
}
