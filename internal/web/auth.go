package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// guarded lets only the admin through. The token is the password of HTTP Basic,
// with any user name, or a bearer token.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := s.site.Load()
		w.Header().Set("Cache-Control", "no-store")
		client := clientOf(r.RemoteAddr)
		now := time.Now()
		switch secret, given := presented(r); {
		case site.AdminToken == "":
			// As if there was nothing: whether there is an admin is nobody's business.
			s.fail(w, r, site, &problem{http.StatusNotFound, "There is nothing at this address."})
		case !site.answersTo(r.Host):
			// A name that a stranger points at our address would make his page
			// one of ours in the eyes of a browser.
			s.fail(w, r, site, &problem{http.StatusMisdirectedRequest, "The admin pages are reached by the site's own name, by an address, or as localhost."})
		case s.failed.blocked(client, now):
			w.Header().Set("Retry-After", strconv.Itoa(int(attemptWindow.Seconds())))
			s.fail(w, r, site, &problem{http.StatusTooManyRequests, "Too many wrong passwords came from your address. Please wait a minute."})
		case !given || !site.isAdmin(secret):
			if given {
				s.failed.add(client, now)
				s.Log.WarnContext(r.Context(), "admin login refused", "addr", client)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="serai", charset="UTF-8"`)
			s.fail(w, r, site, &problem{http.StatusUnauthorized, "The admin pages need the token of the configuration as password. Any user name will do."})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// presented returns the secret that a request comes with.
func presented(r *http.Request) (secret string, given bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// isAdmin compares hashes, so that neither content nor length shows in the time
// that it takes.
func (s *site) isAdmin(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
}

// answersTo reports whether a browser that was told this host can have been
// sent here by us: the public name, an address, or a name without a dot, which
// no stranger can hold.
func (s *site) answersTo(host string) bool {
	name := strings.ToLower(hostname(host))
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") || strings.EqualFold(name, hostname(s.host))
}

// hostname takes the port off a host.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Trim(strings.TrimSuffix(host, "."), "[]")
}

// clientOf returns by what a client is counted: its address, or its network
// where one customer has a whole network of addresses (IPv6 /64). Forwarded
// headers are not looked at: anybody can write one.
func clientOf(remote string) string {
	addr, err := netip.ParseAddr(hostname(remote))
	if err != nil {
		return remote
	}
	addr = addr.Unmap().WithZone("")
	if prefix, err := addr.Prefix(64); err == nil && addr.Is6() {
		return prefix.String()
	}
	return addr.String()
}

const (
	attemptWindow = time.Minute
	maxAttempts   = 5      // wrong passwords a window and client
	maxClients    = 10_000 // counted at once; beyond it everybody waits
)

// attempts counts wrong passwords. Its zero value is ready.
type attempts struct {
	mu     sync.Mutex
	since  time.Time      // when the window began; guarded by mu
	counts map[string]int // by client; guarded by mu
}

func (a *attempts) blocked(client string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	n, known := a.counts[client]
	return n >= maxAttempts || !known && len(a.counts) >= maxClients
}

func (a *attempts) add(client string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	a.counts[client]++
}

// turn begins a new window when the last is over.
func (a *attempts) turn(now time.Time) {
	if a.counts == nil || now.Sub(a.since) >= attemptWindow || now.Before(a.since) {
		a.since, a.counts = now, make(map[string]int)
	}
}
