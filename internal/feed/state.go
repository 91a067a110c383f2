package feed

import "time"

// A State is what we learned about a source. It is stored in the same
// transaction as what the poll brought, and its zero value is a source that was
// never polled.
type State struct {
	// Next is when the source is due, Because why then.
	Next    time.Time `json:"next,omitzero"`
	Because string    `json:"because,omitempty"`
	// NotBefore is the server's own word (Retry-After, max-age of a refusal):
	// no poll, not even one by hand, goes before it.
	NotBefore time.Time `json:"not_before,omitzero"`

	LastAttempt time.Time `json:"last_attempt,omitzero"` // written before the request goes out
	LastOK      time.Time `json:"last_ok,omitzero"`      // last 200 that parsed, or 304
	LastFull    time.Time `json:"last_full,omitzero"`    // last 200 that parsed
	LastChange  time.Time `json:"last_change,omitzero"`  // last poll that brought something new
	FirstPolled time.Time `json:"first_polled,omitzero"` // first poll that succeeded
	Polls       int       `json:"polls,omitempty"`       // that succeeded

	// Validators by the address that issued them, byte for byte.
	Validators map[string]Validators `json:"validators,omitempty"`
	FreshUntil time.Time             `json:"fresh_until,omitzero"`
	FreshBy    string                `json:"fresh_by,omitempty"` // max-age, expires, ttl, sy
	// FreshFor is the lifetime that max-age last gave: a 304 that names none
	// renews it.
	FreshFor time.Duration `json:"fresh_for,omitempty"`
	// Mode is which of the validators the server turned out to honour.
	Mode ValidatorMode `json:"mode,omitempty"`

	BodyHash   string `json:"body_hash,omitempty"`   // of the decoded body
	BodyBytes  int64  `json:"body_bytes,omitempty"`  // of the decoded body
	SameBodies int    `json:"same_bodies,omitempty"` // full answers in a row with that hash

	// Arrivals are the last moments at which something new came, newest last,
	// by our own clock; at most 20.
	Arrivals []time.Time `json:"arrivals,omitempty"`

	// Failures in a row; zero after any success.
	Failures  int       `json:"failures,omitempty"`
	FailClass Class     `json:"fail_class,omitempty"`
	FailSince time.Time `json:"fail_since,omitzero"`
	FailText  string    `json:"fail_text,omitempty"`
	// Refusals are answers in a row that asked to be left alone; they are no
	// failures. Zero after any success.
	Refusals int `json:"refusals,omitempty"`

	Hints Hints `json:"hints,omitzero"`

	// MovedTo collects evidence that the source has a new address.
	MovedTo *Move `json:"moved_to,omitempty"`
	// Gone is when the server said 410; the source rests until resumed.
	Gone time.Time `json:"gone,omitzero"`

	Repairs []Repair `json:"repairs,omitempty"` // of the last document
	Origin  Origin   `json:"origin,omitzero"`   // the feed as it describes itself, cleaned
	Hubs    []string `json:"hubs,omitempty"`
	Format  string   `json:"format,omitempty"`
}

// Validators are what a server gave to ask "has it changed?" with (RFC 9110
// 8.8): byte strings as received, either may be empty.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// A ValidatorMode says which validators to send. Some servers answer in full
// whenever they are sent both, and some whatever they are sent.
type ValidatorMode string

// The modes, in the order in which they are tried.
const (
	BothValidators    ValidatorMode = ""
	ModifiedSinceOnly ValidatorMode = "modified-since"
	NoneMatchOnly     ValidatorMode = "none-match"
	ValidatorsIgnored ValidatorMode = "ignored" // both are sent, in case that changes, and full answers expected
)

// A Move is a permanent redirect that was seen and not yet believed.
type Move struct {
	To        string    `json:"to"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Count     int       `json:"count"`
}

// A SourceStatus is a source as the store knows it.
type SourceStatus struct {
	ID       string
	Declared bool // stands in feeds.yaml today
	State    State
	Entries  int           // stored, with those whose content was dropped
	Delay    time.Duration // median between what publishers claim and when we saw it, of the latest entries; zero when unknown
	LastPoll *Poll         // nil when never polled
}
