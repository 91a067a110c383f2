package websub

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"serai/internal/store"
)

// verifyLimit is how long a callback may take to confirm.
const verifyLimit = 10 * time.Second

// verifyAll verifies one target after the other until ctx is done.
func (h *Hub) verifyAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-h.queue:
			req := h.dequeue(t)
			log := h.log.With("topic", t.topic, "callback", hostOf(t.callback), "mode", req.mode)
			if err := h.verify(ctx, t, req); err != nil {
				log.InfoContext(ctx, "subscription not confirmed", "err", err)
				continue
			}
			log.InfoContext(ctx, "subscription confirmed", "lease", req.lease)
		}
	}
}

// verify asks the callback whether it meant the request (WebSub 5.3), and
// records it if so. Anything but a success that echoes the challenge is a no.
func (h *Hub) verify(ctx context.Context, t target, req request) error {
	challenge := rand.Text()
	query := url.Values{"hub.mode": {req.mode}, "hub.topic": {t.topic}, "hub.challenge": {challenge}}
	if req.mode == "subscribe" {
		query.Set("hub.lease_seconds", strconv.Itoa(int(req.lease.Seconds())))
	}
	within, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	question, err := http.NewRequestWithContext(within, http.MethodGet, withQuery(t.callback, query), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask callback: %w", err)
	}
	reply, err := h.send(within, question, maxAnswer)
	switch {
	case err != nil:
		return fmt.Errorf("ask callback: %w", err)
	case reply.Status < 200 || reply.Status > 299:
		return fmt.Errorf("callback answered %d", reply.Status)
	case reply.Cut || string(reply.Body) != challenge:
		return fmt.Errorf("callback did not echo the challenge")
	case req.mode == "unsubscribe":
		return h.store.Unsubscribe(ctx, t.topic, t.callback)
	}
	return h.store.Subscribe(ctx, store.Subscription{
		Topic: t.topic, Callback: t.callback, Secret: req.secret, Until: time.Now().Add(req.lease),
	})
}

// withQuery adds parameters to an address. Those that it has stay as they are:
// they may be how the subscriber knows the subscription again (WebSub 5.1).
func withQuery(address string, query url.Values) string {
	switch {
	case !strings.Contains(address, "?"):
		return address + "?" + query.Encode()
	case strings.HasSuffix(address, "?") || strings.HasSuffix(address, "&"):
		return address + query.Encode()
	}
	return address + "&" + query.Encode()
}

// hostOf returns what logs may say of a callback, whose address is a secret
// between the subscriber and us.
func hostOf(callback string) string {
	u, err := url.Parse(callback)
	if err != nil {
		return ""
	}
	return u.Host
}
