package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"serai/internal/clean"
	"serai/internal/dedupe"
	"serai/internal/feed"
	"serai/internal/schedule"
	"serai/internal/store"
)

// A visit is one source on its way through the pipeline. It belongs to one
// goroutine.
type visit struct {
	in     *Ingest
	plan   *Plan
	src    *feed.Source
	before feed.State // as it was
	state  feed.State // as it is stored by commit
	poll   feed.Poll
	record store.Record
	asked  map[string]feed.Validators
	host   schedule.Host // as the queue knows it
	shared bool          // the host is one of the admin's own
}

// take works through a document: entries that are known as they stand stop
// here, the others are cleaned and matched and made ready to be recorded.
func (v *visit) take(ctx context.Context, doc feed.Document, keys []string) error {
	known, err := v.in.store.Known(ctx, v.src.ID, keys)
	if err != nil {
		return fmt.Errorf("read what is known of %s: %w", v.src.ID, err)
	}
	now := v.poll.At
	var fresh, changed []store.NewEntry
	for i := range doc.Entries {
		raw := &doc.Entries[i]
		hash := raw.Fingerprint()
		k, old := known[keys[i]]
		if old && k.Hash == hash && !k.Withdrawn {
			continue
		}
		// A mark that somebody made goes before what detection would say.
		raw.Language = cmp.Or(raw.Language, v.src.Language, doc.Language)
		e := clean.Entry(*raw, clean.Options{Base: cmp.Or(doc.Base, v.src.URL)})
		e.Source, e.Key, e.Hash, e.Changed = v.src.ID, keys[i], hash, now
		if old {
			e.ID, e.Story, e.FirstSeen, e.Held = k.Entry, k.Story, k.FirstSeen, k.Held
			if e.Post != nil && e.Updated.IsZero() {
				e.Updated = v.edited(e.Post, k)
			}
			changed = append(changed, store.NewEntry{Entry: e})
			continue
		}
		e.FirstSeen = now
		e.PublicID = feed.PublicID(v.src.ID, e.GUID, e.Key)
		fresh = append(fresh, store.NewEntry{Entry: e})
	}
	v.admit(fresh)
	v.record.Entries = slices.Concat(fresh, changed)
	for i := range v.record.Entries {
		v.match(&v.record.Entries[i])
	}
	v.record.Standing = keys
	v.poll.Entries, v.poll.New, v.poll.Updated = len(doc.Entries), len(fresh), len(changed)
	v.poll.Outcome = outcomeOf(v.poll)
	return nil
}

// edited dates the edit of a post, which a feed's entry has from its publisher.
// A minor one, such as a renamed file, keeps the date of the last.
func (v *visit) edited(p *feed.Post, k store.Known) time.Time {
	if p.Minor {
		return k.Updated
	}
	return v.poll.At
}

// admit puts new entries in the order they are minted in, oldest first, and
// holds back what was old when its source was new: a source that joins must not
// flood those who read the channels already.
func (v *visit) admit(fresh []store.NewEntry) {
	// A document has its newest entry first; where dates are missing or equal,
	// that order is all there is.
	slices.Reverse(fresh)
	slices.SortStableFunc(fresh, func(a, b store.NewEntry) int { return a.Entry.Shown().Compare(b.Entry.Shown()) })
	held := 0
	if v.state.FirstPolled.IsZero() {
		held = len(fresh) - v.src.FirstPoll
	}
	for i := range fresh {
		e := &fresh[i].Entry
		e.ID = v.in.newID(v.poll.At)
		e.Held = i < held
		fresh[i].Sort = e.Shown()
	}
}

// match applies the rules of feeds.yaml: dropped, or its topics and channels.
func (v *visit) match(n *store.NewEntry) {
	e := &n.Entry
	e.Topics = v.plan.Rules.Topics(e)
	n.Keys = v.plan.Dedup.Keys(e)
	e.Dropped = v.plan.drop(e)
	if e.Dropped == "" && !e.Held {
		n.Channels = v.plan.Rules.Channels(e)
	}
}

// drop returns why the entry may be in no channel, empty if it may.
func (p *Plan) drop(e *feed.Entry) string {
	if p.isOurs(e) {
		return "it comes from a feed of this site"
	}
	if reason, drop := p.Rules.Drop(e); drop {
		return reason
	}
	return ""
}

// isOurs reports whether the entry was taken from one of our own feeds by a
// feed that we read: republished, it would come round for ever (RFC 4287
// 4.2.11).
func (p *Plan) isOurs(e *feed.Entry) bool {
	if e.Origin == nil || e.Post != nil {
		return false
	}
	own := p.Site.URL + "/"
	return strings.HasPrefix(e.Origin.FeedURL, own) || strings.HasPrefix(e.Origin.ID, own)
}

// commit records all that the visit found. What was fetched is worth keeping
// also when the program is told to stop.
func (v *visit) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	v.record.Poll, v.record.State = v.poll, v.state
	v.record.Place = func(e feed.Entry, candidates []feed.Candidate) feed.Placement {
		for i := range candidates {
			candidates[i].Entry.Text = clean.Text(candidates[i].Entry.Content)
		}
		return v.plan.Dedup.Place(&e, candidates)
	}
	v.record.Lead = func(members []feed.Member) feed.ID { return dedupe.Lead(members, v.plan.kind) }
	recorded, err := v.in.store.Record(ctx, v.record)
	if err != nil {
		return fmt.Errorf("record %s: %w", v.src.ID, err)
	}
	if len(recorded.Channels) > 0 {
		v.in.changed(recorded.Channels)
	}
	return nil
}

func outcomeOf(p feed.Poll) feed.Outcome {
	switch {
	case p.New > 0:
		return feed.New
	case p.Updated > 0:
		return feed.Changed
	}
	return feed.Unchanged
}
