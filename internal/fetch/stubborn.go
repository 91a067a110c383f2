package fetch

import "time"

const (
	stubbornFor  = 24 * time.Hour
	maxStubborns = 1024
)

// isStubborn reports whether the host's HTTP/2 failed lately.
func (c *Client) isStubborn(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.stubborn) == 0 {
		return false
	}
	until, ok := c.stubborn[host]
	if ok && time.Now().After(until) {
		delete(c.stubborn, host)
		return false
	}
	return ok
}

// rememberStubborn has the host asked by HTTP/1.1 for a day. To forget is
// harmless, so a full list is simply begun anew.
func (c *Client) rememberStubborn(host string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.stubborn) >= maxStubborns {
		clear(c.stubborn)
	}
	c.stubborn[host] = now.Add(stubbornFor)
}
