package web

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"serai/internal/feed"
	"serai/internal/store"
)

// sourceNames remembers for a moment what sources call themselves, so that a
// page of many stories does not ask for each of them. Its zero value is ready.
type sourceNames struct {
	mu    sync.Mutex
	known map[string]rememberedOrigin // by source; guarded by mu
}

type rememberedOrigin struct {
	origin feed.Origin
	until  time.Time
}

const rememberOrigin = time.Minute

// of returns how the source describes itself; nothing where it was never read.
func (n *sourceNames) of(ctx context.Context, reader store.Reader, id string) (feed.Origin, error) {
	now := time.Now()
	n.mu.Lock()
	found, ok := n.known[id]
	n.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.origin, nil
	}
	status, err := reader.Source(ctx, id)
	if err != nil && !errors.Is(err, feed.ErrNotFound) {
		return feed.Origin{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = make(map[string]rememberedOrigin)
	}
	n.known[id] = rememberedOrigin{status.State.Origin, now.Add(rememberOrigin)}
	return status.State.Origin, nil
}

func (n *sourceNames) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known = nil
}

// sourceTitle returns how people know a source: as the admin calls it, else as
// it calls itself.
func (s *site) sourceTitle(id string, origin feed.Origin) string {
	if src := s.declared[id]; src != nil && src.Title != "" {
		return src.Title
	}
	if id == feed.PostsSource {
		return s.title
	}
	return cmp.Or(oneLine(origin.Title), hostOf(origin.HomeURL), id)
}

// hostOf returns the host of an address, without the www. that says nothing.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// webAddress returns an address that pages may link to: http or https, without
// credentials. Anything else comes back empty.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || feed.HasSecret(address) {
		return ""
	}
	return address
}

// oneLine returns text without line breaks and doubled space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
