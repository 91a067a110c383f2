package publish

import (
	"context"
	"time"
)

// How often Run looks, and how long it lets changes gather.
const (
	lookEvery = 5 * time.Second
	gather    = 500 * time.Millisecond
)

// Run refreshes the snapshots until ctx ends: at once, soon after each wake, and
// every few seconds besides, because other processes record into the same store.
// Changes that come close together are published together. It tells announced,
// which may be nil, which channels' documents changed. When it has returned, it
// does nothing any more. Wake must not be closed before that.
func (p *Publisher) Run(ctx context.Context, wake <-chan struct{}, announced func(channels []string)) {
	var trouble string // what the last refresh failed with, said once
	for {
		changed, err := p.Refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			trouble = ""
		case err.Error() != trouble:
			trouble = err.Error()
			p.log.Error("publish", "err", err)
		}
		if len(changed) > 0 {
			p.log.Info("published", "channels", changed)
			if announced != nil {
				announced(changed)
			}
		}
		if !wait(ctx, wake) {
			return
		}
	}
}

// wait returns when it is time to look again, and reports whether to go on.
func wait(ctx context.Context, wake <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(lookEvery):
		return true
	case <-wake:
	}
	for gathered := time.After(gather); ; {
		select {
		case <-ctx.Done():
			return false
		case <-gathered:
			return true
		case <-wake:
		}
	}
}
