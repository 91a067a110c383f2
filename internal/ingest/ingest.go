// Package ingest takes entries the whole way from the web, or from the posts
// folder, into the store: due, fetched, parsed, cleaned, matched, placed,
// recorded. What happens to one source never touches another: each poll ends in
// one transaction of its own, and a failed one ends in a record of why.
package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"serai/internal/dedupe"
	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/match"
	"serai/internal/post"
	"serai/internal/schedule"
	"serai/internal/store"
)

const (
	workers = 8                // polls under way at once; a stuck host holds one
	room    = 16 * workers     // tasks taken from the store and not yet begun
	lease   = 15 * time.Minute // longer than a task can wait and run
	drain   = 8 * time.Second  // for polls under way once told to stop
	// idle bounds how long the loop sleeps, so that it sees what another
	// process moved in the store.
	idle = time.Minute
)

// A Plan is what the configuration says, finished: nobody checks it again.
type Plan struct {
	Site     feed.Site
	Sources  []feed.Source
	Channels []feed.Channel
	Rules    *match.Rules
	Dedup    *dedupe.Decider
	Allow    []feed.AllowedNet
	Client   *fetch.Client
	Posts    post.Library

	byID   map[string]*feed.Source
	atHost map[string]int // how many sources each host has
}

func (p *Plan) index() {
	p.byID = make(map[string]*feed.Source, len(p.Sources))
	p.atHost = make(map[string]int, len(p.Sources))
	for i := range p.Sources {
		src := &p.Sources[i]
		p.byID[src.ID] = src
		p.atHost[hostOf(src.URL)]++
	}
}

// source returns the declared source, nil if there is none.
func (p *Plan) source(id string) *feed.Source { return p.byID[id] }

// kind returns what a source's entries are worth as leads.
func (p *Plan) kind(id string) feed.Kind {
	if id == feed.PostsSource {
		return feed.Authored
	}
	if src := p.byID[id]; src != nil {
		return src.Kind
	}
	return feed.Outlet
}

// Options are what an Ingest works with.
type Options struct {
	Store   store.Store
	Log     *slog.Logger
	Observe func(feed.Poll)         // told of every poll; may be nil
	Changed func(channels []string) // told which channels changed; may be nil
}

// An Ingest polls sources and reads posts, by the clock or by hand. Its methods
// may be called from many goroutines.
type Ingest struct {
	store   store.Store
	log     *slog.Logger
	observe func(feed.Poll)
	changed func([]string)

	plan    atomic.Pointer[Plan]
	queue   *queue
	wake    chan struct{} // has room for one: the loop looks at the store again
	restale chan struct{} // has room for one: there are channels to rebuild
	posts   sync.Mutex    // one reading of the posts folder at a time

	network struct {
		sync.Mutex
		outage schedule.Outage
		probed time.Time // when a source was last handed out during an outage
	}
	mint struct {
		sync.Mutex
		last feed.ID
	}
	stale struct {
		sync.Mutex
		channels map[string]bool // to be rebuilt
	}
	problems     atomic.Pointer[[]post.Problem] // of the last reading of the posts
	postsChanged atomic.Bool                    // the folder is to be read again
	nextPost     atomic.Pointer[time.Time]      // when a waiting post is due
}

// New returns an Ingest. It does nothing before it has been given a Plan.
func New(o Options) *Ingest {
	in := &Ingest{store: o.Store, log: o.Log, observe: o.Observe, changed: o.Changed, queue: newQueue(), wake: make(chan struct{}, 1), restale: make(chan struct{}, 1)}
	if in.observe == nil {
		in.observe = func(feed.Poll) {}
	}
	if in.changed == nil {
		in.changed = func([]string) {}
	}
	in.stale.channels = map[string]bool{}
	return in
}

// Configure makes p the plan from now on and declares its sources and channels
// to the store. Polls under way end by the plan they began with.
func (in *Ingest) Configure(ctx context.Context, p *Plan) error {
	p.index()
	declared := make([]store.Declared, 0, len(p.Sources)+1)
	declared = append(declared, store.Declared{ID: feed.PostsSource})
	now := time.Now()
	for i := range p.Sources {
		declared = append(declared, store.Declared{ID: p.Sources[i].ID, First: now})
	}
	stale, err := in.store.Declare(ctx, declared, p.Channels)
	if err != nil {
		return fmt.Errorf("declare sources: %w", err)
	}
	in.plan.Store(p)
	in.stale.Lock()
	for _, channel := range stale {
		in.stale.channels[channel] = true
	}
	in.stale.Unlock()
	signal(in.restale)
	in.Wake()
	return nil
}

// Wake makes the loop look at the store and the posts folder now.
func (in *Ingest) Wake() { signal(in.wake) }

// signal wakes whoever waits on ch. A signal that nobody took yet will do for
// this one too.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Run polls what falls due until ctx ends. Polls under way then have eight
// seconds to end; what they fetched is recorded. When Run has returned, nothing
// it started is running.
func (in *Ingest) Run(ctx context.Context) error {
	if err := in.spread(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	polls, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { in.work(ctx, polls) })
	}
	wg.Go(func() { in.keepHouse(ctx) })
	in.dispatch(ctx)
	defer time.AfterFunc(drain, stop).Stop()
	in.queue.close()
	in.giveBack(context.WithoutCancel(ctx), in.queue)
	wg.Wait()
	return nil
}

// dispatch moves what is due from the store to the queue, until ctx ends.
func (in *Ingest) dispatch(ctx context.Context) {
	for ctx.Err() == nil {
		in.readPostsIfDue(ctx)
		next, err := in.handOut(ctx)
		if err != nil && ctx.Err() == nil {
			// A store that is full or locked now may not be in a minute, and
			// the site goes on serving meanwhile.
			in.log.ErrorContext(ctx, "cannot read what is due", "err", err)
			next = time.Now().Add(idle)
		}
		select {
		case <-ctx.Done():
		case <-in.wake:
		case <-time.After(time.Until(next)):
		}
	}
}

// handOut queues what is due, as far as there is room, and returns when to look
// again.
func (in *Ingest) handOut(ctx context.Context) (time.Time, error) {
	plan, now := in.plan.Load(), time.Now()
	free, again := in.allowance(now)
	if free <= 0 {
		return again, nil
	}
	jobs, err := in.store.Due(ctx, now, lease, free)
	if err != nil {
		return time.Time{}, err
	}
	for _, job := range jobs {
		if err := in.enqueue(ctx, plan, job, now); err != nil {
			return time.Time{}, err
		}
	}
	if len(jobs) == free {
		return now.Add(time.Second), nil
	}
	next, err := in.store.NextDue(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if next.IsZero() || next.After(now.Add(idle)) {
		next = now.Add(idle)
	}
	// Two looks in the same instant would find the same.
	return maxTime(next, now.Add(100*time.Millisecond)), nil
}

// allowance returns how many sources may be handed out now and, if that is
// none, when to ask again. While our own network seems to be down, one source a
// minute finds out whether it is back.
func (in *Ingest) allowance(now time.Time) (free int, again time.Time) {
	in.network.Lock()
	defer in.network.Unlock()
	if !in.network.outage.Down() {
		return room - in.queue.len(), now.Add(time.Second)
	}
	if again := in.network.probed.Add(time.Minute); again.After(now) {
		return 0, again
	}
	in.network.probed = now
	return 1, now.Add(time.Minute)
}

// enqueue puts a job in the queue, unless its host has so much to do that the
// lease could run out: then it is due again when its turn has come.
func (in *Ingest) enqueue(ctx context.Context, plan *Plan, job store.Job, now time.Time) error {
	src := plan.source(job.Source)
	if src == nil {
		return in.postpone(ctx, job.Source, now.Add(lease), "another process declared it")
	}
	host := hostOf(src.URL)
	waiting, ready := in.queue.waitingAt(host)
	if wait := ready.Sub(now); waiting >= 32 || wait > lease/3 {
		return in.postpone(ctx, src.ID, maxTime(ready, now.Add(lease/3)), "its host has others waiting or asked us to pause")
	}
	in.queue.add(task{source: *src, state: job.State, host: host})
	return nil
}

// postpone gives a source back, due at a moment of its own in the minute from
// at.
func (in *Ingest) postpone(ctx context.Context, source string, at time.Time, because string) error {
	at = at.Add(time.Duration(rand.Int64N(int64(time.Minute)))) // spread, not a secret
	if err := in.store.Reschedule(ctx, map[string]store.Due{source: {At: at, Because: because}}); err != nil {
		return err
	}
	return in.store.Release(ctx, source)
}

// work takes tasks until there are no more.
func (in *Ingest) work(ctx, polls context.Context) {
	for {
		t, ok := in.queue.take(ctx)
		if !ok {
			return
		}
		in.visit(polls, in.plan.Load(), in.queue, t)
		if in.queue.len() < room/2 {
			in.Wake()
		}
	}
}

// giveBack returns what was handed out and not begun, so that it is due when it
// was and not when its lease has run out.
func (in *Ingest) giveBack(ctx context.Context, q *queue) {
	for _, t := range q.drain() {
		if err := in.store.Release(ctx, t.source.ID); err != nil {
			in.log.WarnContext(ctx, "cannot give a source back", "source", t.source.ID, "err", err)
		}
	}
}

// newID mints the ID of something first seen at now.
func (in *Ingest) newID(now time.Time) feed.ID {
	in.mint.Lock()
	defer in.mint.Unlock()
	in.mint.last = feed.MintID(now, rand.Uint32(), in.mint.last) // unique, not secret
	return in.mint.last
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
