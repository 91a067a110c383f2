package schedule

import (
	"testing"
	"time"

	"serai/internal/feed"
)

// BenchmarkAdvance is the price of deciding after a poll of a source with a
// full memory.
func BenchmarkAdvance(b *testing.B) {
	src := feed.Source{ID: "outlet", URL: address, Cadence: feed.Cadence{Text: Adaptive}}
	var s feed.State
	for n := range 30 {
		s = Advance(s, src, fresh(n+1), start.Add(time.Duration(n)*time.Hour), middle)
	}
	now := start.Add(31 * time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		Advance(s, src, same(), now, middle)
	}
}
