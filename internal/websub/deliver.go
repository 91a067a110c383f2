package websub

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"serai/internal/store"
)

const (
	// deliverLimit is how long one delivery may take.
	deliverLimit = 30 * time.Second
	// deliverLease is longer than a batch takes, so that nothing is handed out
	// twice while it is under way.
	deliverLease = 5 * time.Minute
	deliverBatch = 2 * deliverers
	// lookEvery is when to look for deliveries that have to be tried again.
	lookEvery = 30 * time.Second
	// giveUp is how long a delivery is tried. What it was about is then old
	// news; the subscription itself stays.
	giveUp = 24 * time.Hour
)

// deliverAll makes the deliveries that are due, until ctx is done.
func (h *Hub) deliverAll(ctx context.Context) {
	for ctx.Err() == nil {
		batch, err := h.store.Deliveries(ctx, time.Now(), deliverLease, deliverBatch)
		if err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "deliveries not read", "err", err)
		}
		if len(batch) > 0 {
			h.deliverBatch(ctx, batch)
			continue // there may be more
		}
		select {
		case <-ctx.Done():
		case <-h.news:
		case <-time.After(lookEvery):
		}
	}
}

// deliverBatch makes some deliveries at once and returns when all are done.
func (h *Hub) deliverBatch(ctx context.Context, batch []store.Subscription) {
	work := make(chan store.Subscription)
	var group sync.WaitGroup
	for range min(deliverers, len(batch)) {
		group.Go(func() {
			for sub := range work {
				h.settle(ctx, sub)
			}
		})
	}
	for _, sub := range batch {
		work <- sub
	}
	close(work)
	group.Wait()
}

// settle makes one delivery and notes how it went.
func (h *Hub) settle(ctx context.Context, sub store.Subscription) {
	if ctx.Err() != nil {
		return // its lease runs out, and it is handed out again
	}
	log := h.log.With("topic", sub.Topic, "callback", hostOf(sub.Callback))
	status, after, err := h.deliver(ctx, sub)
	if ctx.Err() != nil {
		return // cut short by our own stop: not the subscriber's failure
	}
	var recordErr error
	switch {
	case status == http.StatusGone:
		log.InfoContext(ctx, "subscription ended", "err", err)
		recordErr = h.store.Unsubscribe(ctx, sub.Topic, sub.Callback)
	case err == nil:
		log.DebugContext(ctx, "delivered")
		recordErr = h.store.Delivered(ctx, sub.Topic, sub.Callback, time.Time{})
	default:
		retry := retryAt(sub, after, time.Now())
		log.InfoContext(ctx, "delivery failed", "err", err, "tries", sub.Tries+1, "next", retry)
		recordErr = h.store.Delivered(ctx, sub.Topic, sub.Callback, retry)
	}
	if recordErr != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "delivery not recorded", "err", recordErr)
	}
}

// deliver sends the whole topic to the callback (WebSub 7). A topic that is no
// longer ours counts as gone.
func (h *Hub) deliver(ctx context.Context, sub store.Subscription) (status int, after time.Duration, err error) {
	body, mediaType, links, ok := h.topic(sub.Topic)
	if !ok {
		return http.StatusGone, 0, fmt.Errorf("the topic is no longer published")
	}
	within, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(within, http.MethodPost, sub.Callback, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header["Content-Type"] = []string{mediaType}
	req.Header["Link"] = links
	if sub.Secret != "" {
		req.Header["X-Hub-Signature"] = []string{sign(body, sub.Secret)}
	}
	reply, err := h.send(within, req, maxAnswer)
	if err != nil {
		return 0, 0, err
	}
	if reply.Status < 200 || reply.Status > 299 {
		return reply.Status, retryAfter(reply.Header), fmt.Errorf("callback answered %d", reply.Status)
	}
	return reply.Status, 0, nil
}

// sign authenticates a delivery (WebSub 7.1).
func sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delays are the waits after the first, second, … failure; the last repeats.
var delays = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour,
}

func delay(failures int) time.Duration { return delays[min(max(failures, 0), len(delays)-1)] }

// retryAt returns when to try a delivery again that has just failed; the zero
// time gives it up. The callback may ask for more patience, not for less.
func retryAt(sub store.Subscription, after time.Duration, now time.Time) time.Time {
	retry := now.Add(max(delay(sub.Tries), after))
	since := sub.Since
	if since.IsZero() {
		since = now
	}
	if retry.Sub(since) > giveUp {
		return time.Time{}
	}
	return retry
}

// retryAfter reads Retry-After in its form of seconds (RFC 9110 10.2.3). The
// date form would trust the other side's clock.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(header.Get("Retry-After")))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(giveUp/time.Second))) * time.Second
}
