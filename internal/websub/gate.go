package websub

import (
	"sync"
	"time"
)

// How many requests a minute the hub takes. Those who come from our own network
// are likely behind a proxy of ours, and many.
const (
	perClient = 5
	perHost   = 5
	perNear   = 120
)

// A gate counts requests by the minute. Its zero value is ready.
type gate struct {
	mu     sync.Mutex
	minute time.Time      // in which counts were made; guarded by mu
	counts map[string]int // guarded by mu
}

// maxCounted bounds what a minute's counts may hold. Beyond it, who has not
// been counted waits.
const maxCounted = 20_000

// client counts a request by its client and returns how long it must wait; zero
// lets it pass.
func (g *gate) client(remote string, now time.Time) time.Duration {
	client, near := clientOf(remote)
	if near {
		return g.count("near "+client, perNear, now)
	}
	return g.count("client "+client, perClient, now)
}

// host counts a request by the host of its callback, likewise.
func (g *gate) host(host string, now time.Time) time.Duration {
	return g.count("host "+host, perHost, now)
}

func (g *gate) count(key string, limit int, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.minute) >= time.Minute || now.Before(g.minute) {
		g.minute, g.counts = now, make(map[string]int)
	}
	n, known := g.counts[key]
	if n >= limit || !known && len(g.counts) >= maxCounted {
		return g.minute.Add(time.Minute).Sub(now).Truncate(time.Second) + time.Second
	}
	g.counts[key] = n + 1
	return 0
}
