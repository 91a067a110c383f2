// Package websub tells subscribers that a channel has changed (W3C WebSub). It
// is the hub for our own subscribers, and tells an outside hub where the site
// uses one.
//
// A hub that anybody may use is a traffic amplifier, so this one serves the
// site's own feeds only, believes nobody before the callback itself has
// confirmed, dials through the guarded client, and bounds whatever a stranger
// can make it do: requests by client and by callback host, subscriptions,
// leases, work under way. Subscriptions and deliveries live in the store, so
// that a restart forgets none of them.
package websub

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/render"
	"serai/internal/store"
)

// The limits of the hub.
const (
	minLease     = time.Hour
	maxLease     = 30 * 24 * time.Hour // none is for ever
	defaultLease = 10 * 24 * time.Hour

	maxSubscriptions = 10_000
	maxPending       = 1_000    // verifications that wait or are under way
	maxForm          = 16 << 10 // bytes of a request
	maxCallback      = 2_048    // bytes of a callback's address
	maxSecret        = 200      // bytes, and less than that (WebSub 5.1)
	maxAnswer        = 64 << 10 // bytes read of a callback's answer

	verifiers  = 4
	deliverers = 8
)

// Options are what a hub works with.
type Options struct {
	Store store.Store
	// Send sends a request under the guard of the client that fetches feeds:
	// see [fetch.Client.Send]. A callback is an address that a stranger chose.
	Send func(ctx context.Context, req *http.Request, maxBody int64) (fetch.Reply, error)
	// Topic returns the document at one of our feed addresses: what to deliver,
	// its media type, and the values of its Link headers. It reports false
	// where the address is none of ours.
	Topic func(url string) (body []byte, mediaType string, links []string, ok bool)
	Log   *slog.Logger
}

// A Hub verifies subscriptions and delivers what changed. Its methods may be
// called from many goroutines. Set it up with Configure, then run Run once.
type Hub struct {
	store store.Store
	send  func(ctx context.Context, req *http.Request, maxBody int64) (fetch.Reply, error)
	topic func(url string) (body []byte, mediaType string, links []string, ok bool)
	log   *slog.Logger

	site  atomic.Pointer[feed.Site]
	gate  gate
	queue chan target   // verifications to be done
	news  chan struct{} // there may be deliveries due
	pings pings

	mu      sync.Mutex
	pending map[target]request // what is to be verified, the latest request for each; guarded by mu
}

// NewHub returns a hub that serves nobody yet: see Configure.
func NewHub(o Options) *Hub {
	h := &Hub{
		store: o.Store, send: o.Send, topic: o.Topic, log: o.Log,
		queue:   make(chan target, maxPending),
		news:    make(chan struct{}, 1),
		pings:   newPings(),
		pending: make(map[target]request),
	}
	h.site.Store(&feed.Site{Hub: "none"})
	return h
}

// Configure sets what the site is, and with it which hub it has. It may be
// called again whenever the configuration changes.
func (h *Hub) Configure(site feed.Site) { h.site.Store(&site) }

// Announce says that channels have changed. It returns soon: deliveries and
// pings are made by Run. What goes wrong is logged; the next change of the
// channel will be announced again.
func (h *Hub) Announce(ctx context.Context, channels []string) {
	if len(channels) == 0 {
		return
	}
	site := *h.site.Load()
	switch hub := render.HubURL(site); {
	case hub == "":
	case site.Hub == "self":
		if err := h.store.Announce(ctx, topics(site, channels), time.Now()); err != nil {
			h.log.ErrorContext(ctx, "announcement not recorded", "channels", channels, "err", err)
			return
		}
		wake(h.news)
	default:
		h.pings.add(topics(site, channels), time.Now())
	}
}

// topics returns the addresses that the channels are subscribed to by.
func topics(site feed.Site, channels []string) []string {
	list := make([]string, 0, len(channels)*len(render.Formats))
	for _, channel := range channels {
		for _, f := range render.Formats {
			list = append(list, f.URL(site, channel))
		}
	}
	return list
}

// Run verifies, delivers and pings until ctx is done. When it returns, nothing
// that it started is running.
func (h *Hub) Run(ctx context.Context) {
	var group sync.WaitGroup
	for range verifiers {
		group.Go(func() { h.verifyAll(ctx) })
	}
	group.Go(func() { h.deliverAll(ctx) })
	group.Go(func() { h.pingAll(ctx) })
	group.Wait()
}

// wake tells a loop that there is something to do. A loop that has been told
// and has not looked yet need not be told again.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
