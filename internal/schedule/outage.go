package schedule

import (
	"slices"
	"time"

	"serai/internal/feed"
)

const (
	outageWindow  = 5 * time.Minute
	outageFetches = 5
	outageHosts   = 4
)

// An Outage watches for the failures of many hosts at once, which are our own
// network's and not theirs. Its zero value is a network that works.
type Outage struct {
	failed []mishap // since the last success, within the window, oldest first; at most maxMishaps
	down   bool     // until the next success
}

type mishap struct {
	host string
	at   time.Time
}

// maxMishaps bounds what is remembered.
const maxMishaps = 64

// After returns what is known after a fetch from the host.
func (o Outage) After(host string, f *feed.Failure, now time.Time) Outage {
	if f == nil || f.Class != feed.FailNetwork {
		return Outage{} // an answer came, whatever it said
	}
	failed := slices.DeleteFunc(slices.Clone(o.failed), func(m mishap) bool { return now.Sub(m.at) > outageWindow })
	failed = append(failed, mishap{host, now})
	hosts := make(map[string]bool, len(failed))
	for _, m := range failed {
		hosts[m.host] = true
	}
	down := o.down || len(failed) >= outageFetches && len(hosts) >= outageHosts
	return Outage{failed[max(0, len(failed)-maxMishaps):], down}
}

// Down reports whether our own network seems to be down: polls then rest but
// for one a minute, and failures are not held against their sources.
func (o Outage) Down() bool { return o.down }
