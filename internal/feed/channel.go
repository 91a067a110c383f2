package feed

import "time"

// A Channel is one feed that we publish: a named selection of stories.
type Channel struct {
	ID          string // as it stands in the address: /feeds/ID.rss
	Title       string
	Description string
	Language    string // BCP 47; empty for mixed channels
	// Selection. Each list that is not empty must have one of the entry's.
	Sources   []string
	Topics    []string
	Tags      []string
	Languages []string
	Where     string // an expression over the entry's fields; empty is true

	Limit       int         // the most stories in the subscription document
	Content     ContentForm // always set
	Attribution Attribution // always set

	// Rules fingerprints the selection: a channel whose stored fingerprint is
	// another one has to be rebuilt.
	Rules string
}

// ContentForm says how much of each story a channel's documents carry.
type ContentForm string

// The forms of content.
const (
	FullContent    ContentForm = "full"
	SummaryContent ContentForm = "summary"
)

// Attribution says how a foreign entry names its source to readers that do not
// show it themselves.
type Attribution string

// The ways of attribution.
const (
	NoAttribution     Attribution = "none"
	TitlePrefix       Attribution = "title-prefix"
	FooterAttribution Attribution = "footer"
)

// A Membership is the verdict that an entry belongs in a channel.
type Membership struct {
	Channel string
	Reason  string // which rule took it, for people
}

// A Revision says which state of a channel a document was made from.
type Revision struct {
	Number  int64     // grows by one with every change of what the channel holds
	Changed time.Time // when that was
}
