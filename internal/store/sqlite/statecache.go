package sqlite

import (
	"maps"
	"slices"
	"sync"

	"serai/internal/feed"
)

// maxStates bounds how many decoded states are remembered.
const maxStates = 2048

// A stateCache remembers decoded states by their text. A source is handed out
// with the state that was recorded last, mostly by this process, and to decode
// it again costs more than all else about a poll that found nothing. The text
// read is compared with the text remembered, so what another process has
// written is never missed.
type stateCache struct {
	mu     sync.Mutex
	states map[string]cachedState // by source; guarded by mu
}

type cachedState struct {
	text  string
	state feed.State
}

func (c *stateCache) put(source, text string, s feed.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.states == nil {
		c.states = map[string]cachedState{}
	}
	if _, ok := c.states[source]; !ok && len(c.states) >= maxStates {
		for other := range c.states {
			delete(c.states, other)
			break
		}
	}
	c.states[source] = cachedState{text, storedState(s)}
}

func (c *stateCache) get(source, text string) (feed.State, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cached, ok := c.states[source]
	if !ok || cached.text != text {
		return feed.State{}, false
	}
	return cloneState(cached.state), true
}

// cloneState returns a copy that shares nothing that can be written to.
func cloneState(s feed.State) feed.State {
	s.Validators = maps.Clone(s.Validators)
	s.Arrivals = slices.Clone(s.Arrivals)
	s.Hints.SkipHours = slices.Clone(s.Hints.SkipHours)
	s.Hints.SkipDays = slices.Clone(s.Hints.SkipDays)
	s.Repairs = slices.Clone(s.Repairs)
	s.Hubs = slices.Clone(s.Hubs)
	if s.MovedTo != nil {
		move := *s.MovedTo
		s.MovedTo = &move
	}
	s.Origin.Authors = slices.Clone(s.Origin.Authors)
	s.Origin.Contributors = slices.Clone(s.Origin.Contributors)
	s.Origin.Categories = slices.Clone(s.Origin.Categories)
	s.Origin.Links = slices.Clone(s.Origin.Links)
	return s
}
