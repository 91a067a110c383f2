package feed

import (
	"net/netip"
	"time"
)

// Kind says what a source's entries are worth when a story's lead is chosen.
type Kind string

// The kinds of source. Authored is the site's own posts and is never declared.
const (
	Authored   Kind = "authored"
	Outlet     Kind = "outlet"
	Mirror     Kind = "mirror"
	Aggregator Kind = "aggregator"
)

// Republish says how much of a source's entries our own feeds may carry.
type Republish string

// How much may be republished: everything, a plain excerpt of at most 300
// characters, or title and link alone.
const (
	RepublishFull    Republish = "full"
	RepublishExcerpt Republish = "excerpt"
	RepublishLink    Republish = "link"
)

// A Source is a feed that we read, as the admin declared it, with all defaults
// filled in. What we have learned about it since is its [State], and neither
// overwrites the other.
type Source struct {
	ID        string            // short name, unique in the configuration
	URL       string            // where the feed document is; empty for the posts
	Title     string            // as the admin calls it; empty takes what the feed says
	Kind      Kind              // always set
	Language  string            // BCP 47; empty when entries say or detection decides
	Tags      []string          // the admin's own, for rules and for readers of the source list
	Republish Republish         // always set
	Private   bool              // its address must not appear in anything we publish
	Cadence   Cadence           // when it may be polled; always set
	Timeout   time.Duration     // of one whole exchange
	MaxBytes  int64             // of a decoded body
	Keep      Keep              // retention
	FirstPoll int               // how many old entries its first poll may publish
	Headers   map[string]string // sent with each request; values are secrets
	Drop      []Rule            // entries to leave out, whichever rule says so first
}

// A Cadence says when a source may be polled. Either it is adaptive and follows
// what the source does, or it follows a clock.
type Cadence struct {
	Text string // as declared: "adaptive", a cron expression, "@every 20m"
	// Clock gives the next moment after t; nil means adaptive. It always
	// returns a moment: one that never fires is refused where it is read.
	Clock interface{ Next(t time.Time) time.Time }
}

// Keep says how much of a source is kept. What is dropped leaves its key
// behind, and what still stands in the source's feed is never dropped.
type Keep struct {
	Entries int           // the newest so many
	Age     time.Duration // since first sight
}

// A Rule is a condition on an entry. All that is set must hold. Words match
// whole words in any script and case; a trailing * matches endings; /…/ is a
// regular expression.
type Rule struct {
	Title  []string
	Text   []string // title or content
	Author []string
	Link   []string
	Tag    []string
	Where  string // an expression over the entry's fields
}

// A Topic is a tag that an entry gets by what its text says.
type Topic struct {
	ID    string
	Words []string // as in [Rule]
}

// A Site is what all that we publish has in common.
type Site struct {
	Title       string
	URL         string // public base, no slash at the end: all links and IDs start here
	Description string
	Language    string // BCP 47
	Author      Person
	Rights      string
	Hub         string // "self", an address, or "none"
}

// Network says where a fetch may go besides the public internet.
type Network struct {
	Allow []AllowedNet
}

// An AllowedNet is a range of private addresses that a fetch may reach.
type AllowedNet struct {
	Prefix netip.Prefix
	Port   uint16 // zero is any port
}

// Dedup is what the admin decided about which entries are the same article.
type Dedup struct {
	Threshold float64       // share of the smaller text that must be in the larger, where no address tells; 0.72
	Window    time.Duration // how long after one entry another can join its story by text; 400 days
	Same      [][2]string   // pairs of addresses that are one article
	Apart     [][2]string   // pairs that are not
}
