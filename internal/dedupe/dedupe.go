// Package dedupe decides which entries are one story, and why.
//
// A wrong merge hides an article, a missed one shows it twice: so precision
// comes first, what is not certain stays apart, and every verdict carries a
// reason in words. The package is pure: it is given an entry and the stored
// entries that share evidence with it, and it never looks for more.
package dedupe

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"serai/internal/feed"
)

// The rules a verdict can come from, as they are stored with it.
const (
	RuleAlone      = "alone"      // nothing speaks for another entry
	RuleAdmin      = "admin"      // dedup.same or dedup.apart of feeds.yaml
	RuleAddress    = "address"    // the same canonical address
	RuleOriginal   = "original"   // one names the other as its original
	RuleIdentifier = "identifier" // the same identifier, and the texts agree
)

// What a rule asks of two texts. Addresses and identifiers are reused, for live
// pages and by careless publishing systems, so hardly any is believed alone.
const (
	minWords          = 8    // a text of fewer words says nothing
	addressCoverage   = 0.35 // of entries with one address
	sameTitleCoverage = 0.12 // of entries with one address and one title
	originalCoverage  = 0.25 // of entries of which one names the other
)

// A Decider holds what the admin decided. It never changes and may be used by
// many goroutines.
type Decider struct {
	threshold float64
	window    time.Duration
	same      map[string][]string // canonical address to those it was declared equal to
	apart     map[[2]string]bool  // both orders
}

// New returns a Decider for the admin's settings.
func New(d feed.Dedup) *Decider {
	out := &Decider{threshold: d.Threshold, window: d.Window, same: map[string][]string{}, apart: map[[2]string]bool{}}
	for _, pair := range d.Same {
		a, b := feed.CanonicalURL(pair[0]), feed.CanonicalURL(pair[1])
		out.same[a] = append(out.same[a], b)
		out.same[b] = append(out.same[b], a)
	}
	for _, pair := range d.Apart {
		a, b := feed.CanonicalURL(pair[0]), feed.CanonicalURL(pair[1])
		out.apart[[2]string{a, b}], out.apart[[2]string{b, a}] = true, true
	}
	return out
}

// Keys returns the evidence by which e can be found and can find others. It is
// stored with the entry.
func (d *Decider) Keys(e *feed.Entry) []feed.Key {
	var keys []feed.Key
	add := func(kind feed.KeyKind, text string) {
		key := feed.KeyOf(kind, text)
		if text != "" && !slices.ContainsFunc(keys, func(k feed.Key) bool { return k.Hash == key.Hash }) {
			keys = append(keys, key)
		}
	}
	address := feed.CanonicalURL(e.Link)
	add(feed.KeyURL, address)
	add(feed.KeyCanonical, feed.CanonicalURL(e.Canonical))
	for _, other := range d.same[address] {
		add(feed.KeyCanonical, other)
	}
	// A guid is unique in its source only, unless it is of a form that its
	// publisher has to make unique.
	if e.PublicID == e.GUID {
		add(feed.KeyGUID, feed.CanonicalURL(e.GUID))
	}
	return keys
}

// Place decides which story e belongs to. The candidates must have their Text
// where their content is kept. Of several stories that would take e, the
// strongest evidence wins, then the oldest story; one that holds an entry that
// the admin declared to be another article takes it never.
func (d *Decider) Place(e *feed.Entry, candidates []feed.Candidate) feed.Placement {
	barred := map[feed.ID]bool{}
	for i := range candidates {
		if d.declaredApart(e, &candidates[i].Entry) {
			barred[candidates[i].Entry.Story] = true
		}
	}
	best, bestStrength := feed.Placement{Rule: RuleAlone, Reason: "no other entry has this address"}, 0
	for i := range candidates {
		c := &candidates[i].Entry
		if barred[c.Story] {
			continue
		}
		v := d.Compare(e, c)
		if !v.Same {
			if best.Story == 0 && best.With == 0 {
				best.With, best.Reason = c.ID, fmt.Sprintf("apart from %s: %s", name(c), v.Reason)
			}
			continue
		}
		strength := strengths[v.Rule]
		if strength > bestStrength || strength == bestStrength && c.Story < best.Story {
			best = feed.Placement{Story: c.Story, With: c.ID, Rule: v.Rule, Reason: fmt.Sprintf("%s: %s", name(c), v.Reason)}
			bestStrength = strength
		}
	}
	return best
}

var strengths = map[string]int{RuleAdmin: 4, RuleAddress: 3, RuleOriginal: 2, RuleIdentifier: 1}

// A Verdict says whether two entries are the same article.
type Verdict struct {
	Same     bool
	Rule     string
	Reason   string  // for people
	Coverage float64 // share of the smaller text that stands in the larger
}

// Compare returns the verdict on two entries of different keys. It is the same
// in either order.
func (d *Decider) Compare(a, b *feed.Entry) Verdict {
	addressA, addressB := feed.CanonicalURL(a.Link), feed.CanonicalURL(b.Link)
	if d.declaredApart(a, b) {
		return Verdict{false, RuleAdmin, "set apart by the admin", 0}
	}
	if slices.Contains(d.same[addressA], addressB) {
		return Verdict{true, RuleAdmin, "declared the same by the admin", 0}
	}
	sameTitle := len(a.Title) > 0 && slices.Equal(tokens(a.Title), tokens(b.Title))
	p := pairOf(a, b)
	switch {
	case addressA != "" && addressA == addressB:
		return p.byAddress(a, b, sameTitle)
	case names(a, addressB) || names(b, addressA):
		return p.needs(originalCoverage, RuleOriginal, "names it as the original")
	case a.GUID != "" && a.GUID == b.GUID && d.inWindow(a, b):
		return p.needs(d.threshold, RuleIdentifier, "same identifier")
	}
	return Verdict{false, RuleAlone, "nothing in common that tells", 0}
}

// byAddress is the verdict on two entries of one canonical address.
func (p pair) byAddress(a, b *feed.Entry, sameTitle bool) Verdict {
	switch {
	case p.unknown:
		// Retention has dropped one of the texts: only the headline is left to
		// agree.
		if sameTitle {
			return Verdict{true, RuleAddress, "same address and headline", 0}
		}
		return Verdict{false, RuleAddress, "two entries about one page", 0}
	case p.noText:
		if a.Source == b.Source && !sameTitle && a.Title != "" && b.Title != "" {
			return Verdict{false, RuleAddress, "two headlines of one source about one page", 0}
		}
		return Verdict{true, RuleAddress, "same address", 0}
	case sameTitle:
		v := p.needs(sameTitleCoverage, RuleAddress, "same address and headline")
		return v
	}
	v := p.needs(addressCoverage, RuleAddress, "same address")
	if !v.Same {
		v.Reason = fmt.Sprintf("two entries about one page, %.0f %% of the text in common", 100*v.Coverage)
	}
	return v
}

func (d *Decider) inWindow(a, b *feed.Entry) bool {
	return a.FirstSeen.Sub(b.FirstSeen).Abs() <= d.window
}

func (d *Decider) declaredApart(a, b *feed.Entry) bool {
	return len(d.apart) > 0 && d.apart[[2]string{feed.CanonicalURL(a.Link), feed.CanonicalURL(b.Link)}]
}

// names reports whether e says that the article at address is its original.
func names(e *feed.Entry, address string) bool {
	return e.Canonical != "" && address != "" && feed.CanonicalURL(e.Canonical) == address
}

func name(e *feed.Entry) string {
	return fmt.Sprintf("%s %s", e.Source, cmp.Or(e.Link, e.Key))
}

// Lead returns which of a story's members is shown: an authored post before an
// outlet before a mirror before an aggregator; then one that has at least 0.8
// of the fullest text; then the earliest.
func Lead(members []feed.Member, kind func(source string) feed.Kind) feed.ID {
	fullest := 0
	for _, m := range members {
		fullest = max(fullest, m.Words)
	}
	best := slices.MinFunc(members, func(a, b feed.Member) int {
		return cmp.Or(
			cmp.Compare(rank(kind(a.Source)), rank(kind(b.Source))),
			cmp.Compare(partial(a, fullest), partial(b, fullest)),
			a.Published.Compare(b.Published),
			cmp.Compare(a.Entry, b.Entry),
		)
	})
	return best.Entry
}

func rank(k feed.Kind) int {
	return slices.Index([]feed.Kind{feed.Authored, feed.Outlet, feed.Mirror, feed.Aggregator}, k)
}

func partial(m feed.Member, fullest int) int {
	if 10*m.Words < 8*fullest {
		return 1
	}
	return 0
}
