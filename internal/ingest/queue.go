package ingest

import (
	"container/heap"
	"context"
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
	hosts   map[string]*hostQueue
	idle    idleHosts // hosts that have tasks and none under way
	length  int       // tasks that wait, of all hosts
	closed  bool
	changed chan struct{} // closed, and made anew, whenever a worker should look again
	taken   chan struct{} // has room for one: a task was taken
}

// A hostQueue is a host's tasks, and what is known of it.
type hostQueue struct {
	name  string
	tasks []task
	busy  bool          // a request is under way
	ready time.Time     // when it may be asked
	known schedule.Host // its pause, its gap
}

// idleHosts is a heap, the host that may be asked first on top.
type idleHosts []*hostQueue

func (h idleHosts) Len() int           { return len(h) }
func (h idleHosts) Less(i, j int) bool { return h[i].ready.Before(h[j].ready) }
func (h idleHosts) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *idleHosts) Push(x any)        { *h = append(*h, x.(*hostQueue)) } // only add and done push
func (h *idleHosts) Pop() any {
	last := len(*h) - 1
	host := (*h)[last]
	*h = (*h)[:last]
	return host
}

func newQueue() *queue {
	return &queue{hosts: map[string]*hostQueue{}, changed: make(chan struct{}), taken: make(chan struct{}, 1)}
}

// at returns the host of that name. The lock must be held.
func (q *queue) at(name string) *hostQueue {
	h := q.hosts[name]
	if h == nil {
		h = &hostQueue{name: name}
		q.hosts[name] = h
	}
	return h
}

// add puts a task behind those of its host.
func (q *queue) add(t task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.at(t.host)
	h.tasks = append(h.tasks, t)
	q.length++
	if len(h.tasks) == 1 && !h.busy {
		heap.Push(&q.idle, h)
	}
	q.wake()
}

// waitingAt returns how many tasks wait for the host, and when it may be asked.
func (q *queue) waitingAt(host string) (int, time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.at(host)
	return len(h.tasks), h.ready
}

// len returns how many tasks wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length
}

// await returns when at most n tasks wait, or ctx ends. One caller at a time.
func (q *queue) await(ctx context.Context, n int) {
	for q.len() > n && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-q.taken:
		}
	}
}

// take waits for a task whose host may be asked now. It reports false when the
// queue is closed and has no more, or ctx ends.
func (q *queue) take(ctx context.Context) (task, bool) {
	for ctx.Err() == nil {
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
		case <-changed:
		case <-timer:
		}
	}
	return task{}, false
}

// next returns a task that may run now. Failing that it says when the first
// one may, if that is known, and what to wait on; nothing to wait on means that
// the queue is closed and empty.
func (q *queue) next(now time.Time) (t task, at time.Time, changed <-chan struct{}, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.idle) == 0 && q.closed && q.length == 0:
		return task{}, at, nil, false
	case len(q.idle) == 0:
		return task{}, at, q.changed, false
	case q.idle[0].ready.After(now):
		return task{}, q.idle[0].ready, q.changed, false
	}
	h := heap.Pop(&q.idle).(*hostQueue) // see Push
	t, h.tasks = h.tasks[0], h.tasks[1:]
	h.busy = true
	q.length--
	signal(q.taken)
	return t, at, nil, true
}

// done frees the task's host after a rest that its last answer decides.
func (q *queue) done(t task, known schedule.Host, rest time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	h := q.at(t.host)
	h.busy, h.known = false, known
	h.ready = maxTime(now.Add(rest), known.PauseUntil)
	if len(h.tasks) > 0 {
		heap.Push(&q.idle, h)
	}
	if len(q.hosts) > maxHosts {
		q.forget(now)
	}
	if len(h.tasks) > 0 || q.closed {
		q.wake()
	}
}

// maxHosts bounds how many hosts are remembered; those at rest are forgotten
// first, at no loss.
const maxHosts = 4096

func (q *queue) forget(now time.Time) {
	for name, h := range q.hosts {
		if h.ready.Before(now) && !h.busy && len(h.tasks) == 0 {
			delete(q.hosts, name)
		}
	}
}

// host returns what is known of a host.
func (q *queue) host(name string) schedule.Host {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.at(name).known
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
	var tasks []task
	for _, h := range q.hosts {
		tasks = append(tasks, h.tasks...)
		h.tasks = nil
	}
	q.idle, q.length = nil, 0
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
