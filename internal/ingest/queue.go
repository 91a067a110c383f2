package ingest

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"serai/internal/feed"
	"serai/internal/schedule"
)

// A task is a source handed out to be polled.
type task struct {
	source feed.Source
	state  feed.State
	host   string
}

// A queue keeps tasks by host and gives them to workers so that a host has one
// request under way at most and a moment's rest between two. A host that is
// slow or paused keeps its own tasks waiting and nobody else's, so it can hold
// up one worker and no more.
type queue struct {
	mu      sync.Mutex
	waiting map[string][]task        // by host, in order of arrival
	length  int                      // of all lists in waiting
	busy    map[string]bool          // hosts with a request under way
	hosts   map[string]schedule.Host // what is known of a host: its pause, its gap
	ready   map[string]time.Time     // when a host may be asked again
	closed  bool
	changed chan struct{} // closed, and made anew, whenever a worker should look again
}

func newQueue() *queue {
	return &queue{
		waiting: map[string][]task{},
		busy:    map[string]bool{},
		hosts:   map[string]schedule.Host{},
		ready:   map[string]time.Time{},
		changed: make(chan struct{}),
	}
}

// add puts a task behind those of its host.
func (q *queue) add(t task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[t.host] = append(q.waiting[t.host], t)
	q.length++
	q.wake()
}

// waitingAt returns how many tasks wait for the host, and when it may be asked.
func (q *queue) waitingAt(host string) (int, time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting[host]), q.ready[host]
}

// len returns how many tasks wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

// take waits for a task whose host may be asked now. It reports false when the
// queue is closed and has no more, or ctx ends.
func (q *queue) take(ctx context.Context) (task, bool) {
	for {
		t, at, changed, ok := q.next(time.Now())
		if ok {
			return t, true
		}
		if changed == nil {
			return task{}, false
		}
		var timer <-chan time.Time
		if !at.IsZero() {
			timer = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return task{}, false
		case <-changed:
		case <-timer:
		}
	}
}

// next returns a task that may run now. Failing that it says when the first
// one may, if that is known, and what to wait on; nothing to wait on means that
// the queue is closed and empty.
func (q *queue) next(now time.Time) (t task, at time.Time, changed <-chan struct{}, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	best := ""
	for host := range q.waiting {
		ready := q.ready[host]
		switch {
		case q.busy[host]:
		case ready.After(now):
			if at.IsZero() || ready.Before(at) {
				at = ready
			}
		case best == "" || q.ready[best].After(ready):
			best = host // the one that has rested longest
		}
	}
	if best == "" {
		if q.closed && q.length == 0 {
			return task{}, at, nil, false
		}
		return task{}, at, q.changed, false
	}
	list := q.waiting[best]
	t = list[0]
	if len(list) == 1 {
		delete(q.waiting, best)
	} else {
		q.waiting[best] = list[1:]
	}
	q.length--
	q.busy[best] = true
	return t, at, nil, true
}

// done frees the task's host after a rest that its last answer decides.
func (q *queue) done(t task, host schedule.Host, rest time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	delete(q.busy, t.host)
	q.hosts[t.host] = host
	q.ready[t.host] = now.Add(rest)
	if host.PauseUntil.After(q.ready[t.host]) {
		q.ready[t.host] = host.PauseUntil
	}
	if len(q.hosts) > maxHosts {
		q.forget(now)
	}
	q.wake()
}

// maxHosts bounds how many hosts are remembered; those at rest are forgotten
// first, at no loss.
const maxHosts = 4096

func (q *queue) forget(now time.Time) {
	for host, ready := range q.ready {
		if ready.Before(now) && !q.busy[host] && len(q.waiting[host]) == 0 {
			delete(q.hosts, host)
			delete(q.ready, host)
		}
	}
}

// host returns what is known of a host.
func (q *queue) host(name string) schedule.Host {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.hosts[name]
}

// close lets take end once nothing waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake()
}

// drain takes out all that waits.
func (q *queue) drain() []task {
	q.mu.Lock()
	defer q.mu.Unlock()
	tasks := slices.Concat(slices.Collect(maps.Values(q.waiting))...)
	clear(q.waiting)
	q.length = 0
	q.wake()
	return tasks
}

// wake makes every waiting worker look again. The lock must be held.
func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// hostOf returns the host and port that an address is fetched from.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// isOwn reports whether the host is one of the admin's own, reachable only
// because network.allow names it. It needs no rest between two requests: the
// admin knows what it bears.
func isOwn(host string, allow []feed.AllowedNet) bool {
	ap, err := netip.ParseAddrPort(strings.Replace(host, "localhost:", "127.0.0.1:", 1))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(allow, func(a feed.AllowedNet) bool {
		return a.Prefix.Contains(ap.Addr()) && (a.Port == 0 || a.Port == ap.Port())
	})
}
