package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"serai/internal/clean"
	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/parse"
	"serai/internal/schedule"
)

// visit polls one source and tells everybody how it went: the store, the log,
// the metrics, and its host's queue. It never fails: what went wrong is in the
// poll, and the source has its next time all the same.
func (in *Ingest) visit(ctx context.Context, plan *Plan, q *queue, t task) feed.Poll {
	v := &visit{in: in, plan: plan, src: &t.source, before: t.state, state: t.state, poll: feed.Poll{Source: t.source.ID, At: time.Now()}}
	v.host, v.shared = q.host(t.host), isOwn(t.host, plan.Allow)
	v.guarded(ctx)
	q.done(t, v.host, v.rest())
	in.observe(v.poll)
	in.logPoll(ctx, v.poll)
	if v.poll.New > 0 {
		in.trim(ctx, &t.source)
	}
	return v.poll
}

// guarded runs the visit and makes of a panic, which only a mistake of ours can
// cause, a failure of this one source.
func (v *visit) guarded(ctx context.Context) {
	defer func() {
		if cause := recover(); cause != nil {
			v.in.log.ErrorContext(ctx, "poll panicked", "source", v.src.ID, "err", cause, "stack", string(debug.Stack()))
			v.giveUp(ctx, fmt.Errorf("a mistake in serai: %v", cause))
		}
	}()
	switch err := v.run(ctx); {
	case errors.Is(err, errStopped):
		v.poll.Outcome, v.poll.Next = feed.Failed, v.before.Next
		v.poll.Failure = &feed.Failure{Class: feed.FailStore, Text: err.Error()}
		if err := v.in.store.Release(context.WithoutCancel(ctx), v.src.ID); err != nil {
			v.in.log.WarnContext(ctx, "cannot give a source back", "source", v.src.ID, "err", err)
		}
	case err != nil:
		v.giveUp(ctx, err)
	}
}

// errStopped ends a visit because serai was told to stop: nothing is held
// against the source, and it is due when it was.
var errStopped = errors.New("stopped before the answer was complete")

// run is the way of a source: fetched, parsed, cleaned, matched, placed,
// recorded. Each step that finds nothing new spares those after it.
func (v *visit) run(ctx context.Context) error {
	v.asked = schedule.Ask(v.state, v.src.ID, v.poll.At)
	got := v.plan.Client.Get(ctx, v.request())
	if got.Failure != nil && ctx.Err() != nil {
		return errStopped
	}
	v.poll.Status, v.poll.Bytes = got.Status, got.Wire
	answer := v.answer(got)
	switch {
	case got.NotModified:
		v.poll.Outcome = feed.Unchanged
	case len(got.Body) == 0:
	case answer.BodyHash == v.state.BodyHash && !got.Incomplete:
		v.poll.Outcome, answer.Hints = feed.Unchanged, v.state.Hints
	default:
		if err := v.read(ctx, got, &answer); err != nil {
			return err
		}
	}
	v.conclude(answer, got)
	return v.commit(ctx)
}

func (v *visit) request() fetch.Request {
	return fetch.Request{
		URL: v.src.URL, Headers: v.src.Headers, Validators: v.asked,
		Timeout: v.src.Timeout, MaxBytes: v.src.MaxBytes,
	}
}

// answer is what the exchange means for the schedule.
func (v *visit) answer(got fetch.Result) schedule.Answer {
	a := schedule.Answer{
		Failure: got.Failure, NotModified: got.NotModified, Conditional: len(v.asked) > 0,
		URL: got.FinalURL, Validators: got.Validators, Fresh: got.Fresh, FreshBy: got.FreshBy,
		RetryAfter: got.RetryAfter, HasRetryAfter: got.HasRetryAfter, BodyBytes: int64(len(got.Body)),
	}
	if len(got.Body) > 0 {
		sum := sha256.Sum256(got.Body)
		a.BodyHash = hex.EncodeToString(sum[:16])
	}
	return a
}

// read takes the document that came. A body that is no feed is a failure of the
// source, and nothing of its answer is kept: neither validators nor freshness.
func (v *visit) read(ctx context.Context, got fetch.Result, answer *schedule.Answer) error {
	doc, err := parse.Document(got.Body, parse.Options{
		URL: got.FinalURL, ContentType: got.ContentType, ContentLanguage: got.ContentLanguage,
	})
	if err != nil {
		if answer.Failure == nil {
			answer.Failure = &feed.Failure{Class: feed.FailFormat, Phase: "parse", Text: err.Error()}
		}
		return nil
	}
	if err := v.take(ctx, doc, feed.Keys(doc.Entries)); err != nil {
		return err
	}
	if got.Incomplete || got.Partial || doc.Truncated || doc.Skipped > 0 {
		v.record.Standing = nil // what is not in it may still stand
	}
	answer.Hints, answer.New = doc.Hints, v.poll.New
	v.state.Origin, v.state.Repairs, v.state.Format = clean.Origin(doc), doc.Repairs, doc.Format
	v.state.Hubs = doc.Hubs
	v.poll.Notes = notes(doc, got)
	return nil
}

// notes are what an admin should know of an answer that was read.
func notes(doc feed.Document, got fetch.Result) []string {
	var notes []string
	for _, r := range doc.Repairs {
		notes = append(notes, "mended: "+r.Kind+" "+r.Detail)
	}
	for _, h := range got.Hops {
		notes = append(notes, fmt.Sprintf("redirected (%d) to %s", h.Status, feed.MaskURL(h.To)))
	}
	if doc.Truncated {
		notes = append(notes, "the document ends early")
	}
	if doc.Skipped > 0 {
		notes = append(notes, fmt.Sprintf("%d more entries than are read at once", doc.Skipped))
	}
	return notes
}

// conclude decides when the source is due again.
func (v *visit) conclude(a schedule.Answer, got fetch.Result) {
	now := time.Now()
	switch {
	case a.Failure == nil:
	case a.Failure.Class == feed.FailGone:
		v.poll.Outcome = feed.Gone
	default:
		v.poll.Outcome = feed.Failed
	}
	a.Outcome = v.poll.Outcome
	a.Ours = v.in.outage(hostOf(got.FinalURL), a.Failure, now)
	v.host = v.host.After(schedule.Visit{
		URL: v.src.URL, Status: got.Status, Failure: a.Failure,
		RetryAfter: a.RetryAfter, HasRetryAfter: a.HasRetryAfter, Shared: v.shared,
	}, now)
	a.HostPause = v.host.PauseUntil
	v.state.MovedTo = moved(v.state.MovedTo, got, a.Failure == nil, now)
	v.state = schedule.Advance(v.state, *v.src, a, now, rand.Float64)
	v.poll.Failure = a.Failure
	v.poll.Took = now.Sub(v.poll.At)
	v.poll.Next, v.poll.Because = v.state.Next, v.state.Because
}

// moved collects evidence that a source has a new address for good: the
// unbroken run of permanent redirects at the start of the way.
func moved(m *feed.Move, got fetch.Result, ok bool, now time.Time) *feed.Move {
	to := ""
	for _, hop := range got.Hops {
		if !hop.Permanent() {
			break
		}
		to = hop.To
	}
	switch {
	case !ok:
		return m
	case to == "":
		return nil
	case m == nil || m.To != to:
		return &feed.Move{To: to, FirstSeen: now, LastSeen: now, Count: 1}
	}
	return &feed.Move{To: to, FirstSeen: m.FirstSeen, LastSeen: now, Count: m.Count + 1}
}

// giveUp records that our own side failed. The source keeps its validators, so
// that the next poll is a full one, and nothing of this one is kept.
func (v *visit) giveUp(ctx context.Context, err error) {
	now := time.Now()
	failure := &feed.Failure{}
	if !errors.As(err, &failure) {
		failure = &feed.Failure{Class: feed.FailStore, Phase: "record", Text: err.Error()}
	}
	v.state = schedule.Advance(v.before, *v.src, schedule.Answer{Outcome: feed.Failed, Failure: failure}, now, rand.Float64)
	v.record.Entries, v.record.Standing = nil, nil
	v.poll.Outcome, v.poll.Failure, v.poll.New, v.poll.Updated = feed.Failed, failure, 0, 0
	v.poll.Took, v.poll.Next, v.poll.Because = now.Sub(v.poll.At), v.state.Next, v.state.Because
	if err := v.commit(ctx); err != nil {
		// Not even that could be written. The lease runs out in time, and the
		// source is due again then.
		v.in.log.ErrorContext(ctx, "cannot record a failed poll", "source", v.src.ID, "err", err)
	}
}

// rest is how long the host is left alone before the next request. One of the
// admin's own needs none.
func (v *visit) rest() time.Duration {
	if v.shared {
		return 0
	}
	return v.host.Space(v.plan.atHost[hostOf(v.src.URL)], time.Now())
}

// outage takes in how a request went, and reports whether our own network seems
// to be down.
func (in *Ingest) outage(host string, f *feed.Failure, now time.Time) bool {
	in.network.Lock()
	defer in.network.Unlock()
	in.network.outage = in.network.outage.After(host, f, now)
	return in.network.outage.Down()
}

// logPoll writes the one line that each poll has.
func (in *Ingest) logPoll(ctx context.Context, p feed.Poll) {
	attrs := []any{
		"source", p.Source, "outcome", string(p.Outcome), "status", p.Status, "new", p.New, "updated", p.Updated,
		"took", p.Took.Round(time.Millisecond),
	}
	if !p.Next.IsZero() {
		attrs = append(attrs, "next", p.Next.UTC().Format(time.RFC3339))
	}
	if p.Failure != nil {
		attrs = append(attrs, "err", p.Failure.Text)
	}
	in.log.InfoContext(ctx, "polled", attrs...)
	in.log.DebugContext(ctx, "decided", "source", p.Source, "because", p.Because, "notes", p.Notes)
}
