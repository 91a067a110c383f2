package websub

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A target is what a subscription is known by (WebSub 5.1): there is one for
// each topic and callback.
type target struct {
	topic, callback string
}

// A request is what a subscriber asks of us for a target.
type request struct {
	mode   string // subscribe or unsubscribe
	secret string
	lease  time.Duration
}

// A refusal is an answer to a request that we will not serve. Its text is ours
// alone: nothing of the request is echoed.
type refusal struct {
	status int
	text   string
	after  time.Duration // when to try again; zero says nothing
}

func (r *refusal) Error() string { return r.text }

func bad(text string) error { return &refusal{status: http.StatusBadRequest, text: text} }

// ServeHTTP takes requests to subscribe and unsubscribe (WebSub 5.1). One that
// is well-formed is accepted before it is verified, as WebSub has it.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h.accept(w, r)
	refused, ok := errors.AsType[*refusal](err)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	case !ok:
		h.log.ErrorContext(r.Context(), "subscription request failed", "err", err)
		refused = &refusal{status: http.StatusInternalServerError, text: "The hub cannot look at this now."}
	}
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	if refused.after > 0 {
		header.Set("Retry-After", strconv.Itoa(int(refused.after.Seconds())))
	}
	w.WriteHeader(refused.status)
	_, _ = fmt.Fprintln(w, refused.text) // there is nobody to tell that it did not arrive
}

func (h *Hub) accept(w http.ResponseWriter, r *http.Request) error {
	if h.site.Load().Hub != "self" {
		return &refusal{status: http.StatusNotFound, text: "This site has no hub of its own."}
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{status: http.StatusMethodNotAllowed, text: "This is a WebSub hub: it takes POST requests with hub.mode, hub.topic and hub.callback."}
	}
	now := time.Now()
	if wait := h.gate.client(r.RemoteAddr, now); wait > 0 {
		return busy(wait)
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	t, req, host, err := h.read(form)
	if err != nil {
		return err
	}
	if wait := h.gate.host(host, now); wait > 0 {
		return busy(wait)
	}
	if req.mode == "subscribe" {
		count, err := h.store.Subscriptions(r.Context(), now)
		if err != nil {
			return fmt.Errorf("count subscriptions: %w", err)
		}
		if count >= maxSubscriptions {
			return &refusal{http.StatusServiceUnavailable, "The hub has as many subscriptions as it can serve.", time.Hour}
		}
	}
	return h.enqueue(t, req)
}

func busy(wait time.Duration) error {
	return &refusal{http.StatusTooManyRequests, "Too many requests: please slow down.", wait}
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, text: "Send the parameters as application/x-www-form-urlencoded."}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, &refusal{status: http.StatusRequestEntityTooLarge, text: "The request is too large."}
		}
		return nil, bad("The parameters cannot be read.")
	}
	return r.PostForm, nil
}

// read checks the parameters. Unknown ones are ignored (WebSub 5.1.1).
func (h *Hub) read(form url.Values) (t target, req request, host string, err error) {
	req.mode = form.Get("hub.mode")
	switch req.mode {
	case "subscribe", "unsubscribe":
	case "publish":
		return t, req, "", bad("This hub knows by itself when its topics change: nothing need be published.")
	default:
		return t, req, "", bad("hub.mode must be subscribe or unsubscribe.")
	}
	t = target{form.Get("hub.topic"), form.Get("hub.callback")}
	if host, err = checkCallback(t.callback); err != nil {
		return t, req, "", err
	}
	// A topic that is gone can still be unsubscribed from.
	if _, _, _, ours := h.topic(t.topic); !ours && req.mode == "subscribe" {
		return t, req, "", bad("hub.topic is not the address of one of our feeds. Take it from the feed's own rel=self link.")
	}
	if req.secret = form.Get("hub.secret"); len(req.secret) >= maxSecret {
		return t, req, "", bad("hub.secret must be less than 200 bytes long.")
	}
	req.lease, err = readLease(form.Get("hub.lease_seconds"))
	return t, req, host, err
}

// checkCallback looks at the text of a callback's address alone, and returns
// its host. Where the address leads is checked when it is dialled.
func checkCallback(callback string) (host string, err error) {
	u, err := url.Parse(callback)
	switch {
	case callback == "" || len(callback) > maxCallback || err != nil:
		return "", bad("hub.callback must be an address of at most 2048 bytes.")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", bad("hub.callback must be an absolute http or https address.")
	case u.User != nil || u.Fragment != "" || strings.Contains(callback, "#"):
		return "", bad("hub.callback must have neither user name nor fragment.")
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), nil
}

// readLease reads hub.lease_seconds, which is a wish: the hub decides.
func readLease(text string) (time.Duration, error) {
	if text == "" {
		return defaultLease, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && !strings.HasPrefix(text, "-"):
		return maxLease, nil
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, bad("hub.lease_seconds must be a whole number.")
	}
	seconds = min(max(seconds, int64(minLease/time.Second)), int64(maxLease/time.Second))
	return time.Duration(seconds) * time.Second, nil
}

// enqueue lets the target be verified. A target that waits already is not put
// in line twice: the latest request for it counts.
func (h *Hub) enqueue(t target, req request) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, waits := h.pending[t]; !waits {
		select {
		case h.queue <- t:
		default:
			return &refusal{http.StatusServiceUnavailable, "Too many requests wait to be verified.", time.Minute}
		}
	}
	h.pending[t] = req
	return nil
}

// dequeue takes the request for a target whose turn it is.
func (h *Hub) dequeue(t target) request {
	h.mu.Lock()
	defer h.mu.Unlock()
	req := h.pending[t]
	delete(h.pending, t)
	return req
}

// clientOf returns by what a client is counted: its address, or its network
// where one customer has a whole network of addresses (IPv6 /64). Near reports
// an address of our own network, which is likely a proxy that many stand behind.
func clientOf(remote string) (client string, near bool) {
	host, _, err := net.SplitHostPort(remote)
	addr, parseErr := netip.ParseAddr(cmp.Or(host, remote))
	if err != nil && parseErr != nil {
		return remote, false
	}
	addr = addr.Unmap().WithZone("")
	near = addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return prefix.String(), near
		}
	}
	return addr.String(), near
}
