package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"serai/internal/feed"
)

// A stateDoc is the part of a source's state that is stored as JSON. Every poll
// writes and reads it, and times as text are most of the work of that, so here
// they are numbers.
type stateDoc struct {
	feed.State

	Next        *struct{} `json:"next,omitempty"`         // has a column
	Because     *struct{} `json:"because,omitempty"`      // likewise
	LastAttempt *struct{} `json:"last_attempt,omitempty"` // likewise

	NotBefore   int64   `json:"not_before,omitempty"`
	LastOK      int64   `json:"last_ok,omitempty"`
	LastFull    int64   `json:"last_full,omitempty"`
	LastChange  int64   `json:"last_change,omitempty"`
	FirstPolled int64   `json:"first_polled,omitempty"`
	FreshUntil  int64   `json:"fresh_until,omitempty"`
	FailSince   int64   `json:"fail_since,omitempty"`
	Gone        int64   `json:"gone,omitempty"`
	Arrivals    []int64 `json:"arrivals,omitempty"`
}

// storedState returns the state as it will be read again.
func storedState(s feed.State) feed.State {
	s = cloneState(s)
	for _, t := range []*time.Time{
		&s.NotBefore, &s.LastOK, &s.LastFull, &s.LastChange, &s.FirstPolled, &s.FreshUntil, &s.FailSince, &s.Gone,
	} {
		*t = stored(*t)
	}
	for i := range s.Arrivals {
		s.Arrivals[i] = stored(s.Arrivals[i])
	}
	return s
}

// stateJSON returns the state as it is stored, without what has columns.
func stateJSON(s feed.State) (string, error) {
	doc := stateDoc{
		State:     s,
		NotBefore: millis(s.NotBefore), LastOK: millis(s.LastOK), LastFull: millis(s.LastFull), LastChange: millis(s.LastChange),
		FirstPolled: millis(s.FirstPolled), FreshUntil: millis(s.FreshUntil), FailSince: millis(s.FailSince), Gone: millis(s.Gone),
		Arrivals: make([]int64, len(s.Arrivals)),
	}
	for i, t := range s.Arrivals {
		doc.Arrivals[i] = millis(t)
	}
	b, err := json.Marshal(&doc)
	return string(b), err
}

// A stateRow is a source's state as it is read.
type stateRow struct {
	json, because     string
	next, attemptedAt int64
}

// state returns the state of a source with what the columns hold.
func (r *stateRow) state(source string, cache *stateCache) (feed.State, error) {
	s, ok := cache.get(source, r.json)
	if !ok {
		var err error
		if s, err = parseState(r.json); err != nil {
			return feed.State{}, fmt.Errorf("source %q: state: %w", source, err)
		}
	}
	s.Next, s.Because, s.LastAttempt = moment(r.next), r.because, moment(r.attemptedAt)
	return s, nil
}

// parseState is the inverse of [stateJSON].
func parseState(text string) (feed.State, error) {
	var doc stateDoc
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return feed.State{}, err
	}
	s := doc.State
	s.NotBefore, s.LastOK, s.LastFull, s.LastChange = moment(doc.NotBefore), moment(doc.LastOK), moment(doc.LastFull), moment(doc.LastChange)
	s.FirstPolled, s.FreshUntil, s.FailSince, s.Gone = moment(doc.FirstPolled), moment(doc.FreshUntil), moment(doc.FailSince), moment(doc.Gone)
	if len(doc.Arrivals) > 0 {
		s.Arrivals = make([]time.Time, len(doc.Arrivals))
	}
	for i, t := range doc.Arrivals {
		s.Arrivals[i] = moment(t)
	}
	return s, nil
}
