package websub

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"serai/internal/render"
)

const (
	// gather is how long topics are gathered before an outside hub is told:
	// a round of polls changes many channels within seconds.
	gather     = 30 * time.Second
	pingLimit  = 30 * time.Second
	pingTopics = 100 // in one request
)

// pings are what an outside hub has to be told. They are not stored: after a
// restart the next change of a channel tells the hub as much.
type pings struct {
	news chan struct{}

	mu       sync.Mutex
	topics   map[string]bool // guarded by mu
	due      time.Time       // when to tell; zero when there is nothing to; guarded by mu
	since    time.Time       // when the oldest of the topics was added; guarded by mu
	failures int             // in a row; guarded by mu
}

func newPings() pings { return pings{news: make(chan struct{}, 1), topics: make(map[string]bool)} }

func (p *pings) add(topics []string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, topic := range topics {
		p.topics[topic] = true
	}
	if p.due.IsZero() {
		p.due, p.since = now.Add(gather), now
		wake(p.news)
	}
}

// take returns the topics to tell of now, or how long to wait; for ever is said
// by less than zero.
func (p *pings) take(now time.Time) (topics []string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.due.IsZero():
		return nil, -1
	case now.Before(p.due):
		return nil, p.due.Sub(now)
	}
	for topic := range p.topics {
		topics = append(topics, topic)
	}
	slices.Sort(topics)
	clear(p.topics)
	p.due = time.Time{}
	return topics, 0
}

// failed puts topics back after the hub could not be told, unless that has been
// tried for long enough. It returns when it is tried again.
func (p *pings) failed(topics []string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	due := now.Add(delay(p.failures))
	p.failures++
	if due.Sub(p.since) > giveUp {
		return time.Time{}
	}
	for _, topic := range topics {
		p.topics[topic] = true
	}
	p.due = due
	return due
}

func (p *pings) succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = 0
}

// pingAll tells the outside hub what changed, until ctx is done.
func (h *Hub) pingAll(ctx context.Context) {
	for ctx.Err() == nil {
		topics, wait := h.pings.take(time.Now())
		if len(topics) > 0 {
			h.pingHub(ctx, topics)
			continue
		}
		var timer <-chan time.Time
		if wait >= 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-h.pings.news:
		case <-timer:
		}
	}
}

// pingHub tells the hub of all the topics, and puts back those that it could
// not be told of.
func (h *Hub) pingHub(ctx context.Context, topics []string) {
	site := *h.site.Load()
	hub := render.HubURL(site)
	if hub == "" || site.Hub == "self" {
		return // the configuration has changed since
	}
	for len(topics) > 0 {
		part := topics[:min(pingTopics, len(topics))]
		if err := h.ping(ctx, hub, part); err != nil {
			next := h.pings.failed(topics, time.Now())
			h.log.WarnContext(ctx, "hub not told", "hub", hostOf(hub), "err", err, "next", next)
			return
		}
		topics = topics[len(part):]
	}
	h.pings.succeeded()
}

// ping tells a hub that topics have changed. WebSub leaves the form to the hub;
// this is the one that all public hubs take (PubSubHubbub 0.4, section 7.1).
func (h *Hub) ping(ctx context.Context, hub string, topics []string) error {
	within, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	form := url.Values{"hub.mode": {"publish"}, "hub.url": topics}
	req, err := http.NewRequestWithContext(within, http.MethodPost, hub, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	reply, err := h.send(within, req, maxAnswer)
	if err != nil {
		return err
	}
	if reply.Status < 200 || reply.Status > 299 {
		return fmt.Errorf("hub answered %d", reply.Status)
	}
	return nil
}
