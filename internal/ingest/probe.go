package ingest

import (
	"context"
	"sync"
	"time"

	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/parse"
	"serai/internal/schedule"
)

// Probe asks every source of a plan once and stores nothing: neither what came
// nor that it was asked. Polls are reported one at a time, as they come; their
// Next and Because are not set.
func Probe(ctx context.Context, plan *Plan, report func(feed.Poll)) {
	plan.index()
	q := newQueue()
	for _, src := range plan.Sources {
		q.add(task{source: src, host: hostOf(src.URL)})
	}
	q.close()
	var wg sync.WaitGroup
	var mu sync.Mutex // guards report
	for range workers {
		wg.Go(func() {
			for {
				t, ok := q.take(ctx)
				if !ok {
					return
				}
				poll := plan.probe(ctx, &t.source)
				rest := schedule.Host{}.Space(plan.atHost[t.host], time.Now())
				if isOwn(t.host, plan.Allow) {
					rest = 0
				}
				q.done(t, schedule.Host{}, rest)
				mu.Lock()
				report(poll)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func (p *Plan) probe(ctx context.Context, src *feed.Source) feed.Poll {
	poll := feed.Poll{Source: src.ID, At: time.Now(), Outcome: feed.Failed}
	got := p.Client.Get(ctx, fetch.Request{URL: src.URL, Headers: src.Headers, Timeout: src.Timeout, MaxBytes: src.MaxBytes})
	poll.Status, poll.Bytes, poll.Failure = got.Status, got.Wire, got.Failure
	if got.Failure == nil {
		doc, err := parse.Document(got.Body, parse.Options{URL: got.FinalURL, ContentType: got.ContentType, ContentLanguage: got.ContentLanguage})
		if err != nil {
			poll.Failure = &feed.Failure{Class: feed.FailFormat, Phase: "parse", Text: err.Error()}
		} else {
			poll.Outcome, poll.Entries, poll.Notes = feed.New, len(doc.Entries), notes(doc, got)
		}
	}
	poll.Took = time.Since(poll.At)
	return poll
}
