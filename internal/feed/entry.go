package feed

import (
	"cmp"
	"time"
)

// An Entry is one item as one source has it, cleaned: what stands here may be
// published as it is.
//
// Entries are values. A stage that improves an entry returns a new one and
// leaves the one it was given alone.
type Entry struct {
	ID       ID     // minted at first sight
	Story    ID     // the story it belongs to; zero until placed
	Source   string // ID of the source that carries it
	Key      string // the source's name for it, unique in the source; see [Keys]
	PublicID string // its id in published feeds, an URI, fixed at first sight
	GUID     string // the publisher's own name for it; may be empty

	Link     string // absolute http(s) address; may be empty
	Title    string // plain text, never markup; may be empty
	Summary  string // plain text; may be empty
	Content  string // safe HTML with absolute addresses; may be empty
	Rights   string // plain text
	Language string // BCP 47; empty when unknown
	Words    int    // of the content, or of the summary where there is none

	Published time.Time // as the publisher claims; zero when nothing usable is claimed
	Updated   time.Time // likewise
	FirstSeen time.Time // when we first met it; always set, never changed
	Changed   time.Time // when we last saw its content change

	Topics  []string // by the rules of feeds.yaml
	Dropped string   // the rule of feeds.yaml that keeps it out of every channel; empty when none does
	Held    bool     // it was old when its source was new, beyond what first_poll lets through
	Hash    string   // of the raw entry: an unchanged one is known by it before it is cleaned

	Details

	// Text is the plain text of Content. It is derived, not stored: whoever
	// reads an entry from the store and needs it makes it again.
	Text string
}

// Tags returns what the entry is about: its categories, then the topics that
// rules gave it, each once.
func (e *Entry) Tags() []string {
	seen := make(map[string]bool, len(e.Categories)+len(e.Topics))
	var tags []string
	add := func(tag string) {
		if key := foldTag(tag); tag != "" && !seen[key] {
			seen[key] = true
			tags = append(tags, tag)
		}
	}
	for _, c := range e.Categories {
		add(cmp.Or(c.Label, c.Term))
	}
	for _, topic := range e.Topics {
		add(topic)
	}
	return tags
}

// Shown returns the date that readers are shown and that orders the entry: the
// publisher's claim, unless it is missing or later than the moment we saw it.
// Taken at its word, a date in the future would hold the top of every channel
// until it came true.
func (e *Entry) Shown() time.Time {
	claim := e.Published
	if claim.IsZero() {
		claim = e.Updated
	}
	if claim.IsZero() || claim.After(e.FirstSeen) {
		return e.FirstSeen
	}
	return claim
}

// ShownUpdate returns when the entry last changed in a way that readers should
// be told of. A change that its publisher did not date counts only where the
// publisher gives no dates at all.
func (e *Entry) ShownUpdate() time.Time {
	update := e.Shown()
	switch {
	case !e.Updated.IsZero() && e.Updated.Before(e.Changed):
		update = e.Updated
	case !e.Updated.IsZero() || e.Published.IsZero():
		update = e.Changed
	}
	if shown := e.Shown(); update.Before(shown) {
		return shown
	}
	return update
}
