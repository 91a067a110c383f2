package feed

import "time"

// An Outcome says how a poll ended.
type Outcome string

// The outcomes of a poll.
const (
	New       Outcome = "new"       // it brought entries not seen before
	Changed   Outcome = "changed"   // known entries, or the feed itself, changed
	Unchanged Outcome = "unchanged" // nothing to do: 304, the same bytes, or the same entries
	Failed    Outcome = "failed"    // no document; the source is tried again
	Gone      Outcome = "gone"      // 410: the source rests until someone resumes it
)

// A Poll is the record of one look at a source. The log line, the admin page
// and the commands all show this one record, so they cannot disagree.
type Poll struct {
	Source  string        `json:"source"`
	At      time.Time     `json:"at"` // when it began
	Took    time.Duration `json:"took"`
	Outcome Outcome       `json:"outcome"`
	Status  int           `json:"status,omitempty"`  // HTTP status; zero when no answer came
	Bytes   int64         `json:"bytes,omitempty"`   // over the wire
	Entries int           `json:"entries,omitempty"` // in the document
	New     int           `json:"new,omitempty"`
	Updated int           `json:"updated,omitempty"`
	Failure *Failure      `json:"failure,omitempty"`
	Next    time.Time     `json:"next"`            // when the source is due again
	Because string        `json:"because"`         // why then
	Notes   []string      `json:"notes,omitempty"` // repairs, redirects, and what else an admin should know
}

// A Class groups failures by what should be done about them.
type Class string

// The classes of failure.
const (
	FailNetwork   Class = "network"   // DNS, connect, TLS, timeout, reset, short body
	FailServer    Class = "server"    // 5xx, 408, 425
	FailMissing   Class = "missing"   // 404
	FailGone      Class = "gone"      // 410
	FailForbidden Class = "forbidden" // 401, 402, 403, 407, 451
	FailRequest   Class = "request"   // 400 and other answers that blame the request
	FailBusy      Class = "busy"      // 429, 503 with Retry-After
	FailProtocol  Class = "protocol"  // answers that HTTP does not allow
	FailRefused   Class = "refused"   // we will not go there: address, scheme, redirect
	FailTooLarge  Class = "too-large" // over a limit of ours
	FailEmpty     Class = "empty"     // no body where a feed should be
	FailFormat    Class = "format"    // a body that is no feed
	FailStore     Class = "store"     // our own side could not record it
)

// A Failure is why a poll brought nothing, as data: it is shown, counted and
// decided by, and is no error of the program.
type Failure struct {
	Class Class  `json:"class"`
	Phase string `json:"phase,omitempty"` // dns, connect, tls, header, body, decode, parse, record
	Text  string `json:"text"`            // one line for people, without secrets
}

// Error makes a Failure an error, for the way through code that returns one.
func (f *Failure) Error() string { return f.Text }
