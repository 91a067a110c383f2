// Package publish keeps every channel's documents ready to be sent: it watches
// the revisions of the channels in the store, renders those that changed, and
// holds the result as snapshots.
//
// It promises that a snapshot is whole and well-formed, that the three formats
// of a channel show the same stories, that the same data gives the same bytes
// and the same ETag in every process, and that a document that cannot be made
// leaves the last good one standing. It never writes to the store.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"serai/internal/feed"
	"serai/internal/render"
	"serai/internal/store"
)

// ErrNotReady reports a channel that is declared but was never rendered yet.
var ErrNotReady = errors.New("not rendered yet")

// A Config is what the documents are made by, as feeds.yaml says it. Nothing in
// it may be changed once it was handed over.
type Config struct {
	Site     feed.Site
	Channels []feed.Channel
	Sources  []feed.Source
	Version  string // of the program, for the documents; may be empty
}

// A Publisher makes and holds snapshots. Its methods may be called from many
// goroutines; those that answer readers take no lock.
type Publisher struct {
	reader store.Reader
	log    *slog.Logger

	config   atomic.Pointer[Config]
	channels atomic.Pointer[map[string]*edition] // by channel; a map is replaced, never changed
	opml     atomic.Pointer[Snapshot]

	refreshing sync.Mutex // held by Refresh, guards what follows
	listed     *Config    // what the OPML was last made by
	listedAt   time.Time  // when that was
}

// An edition is the snapshots of one channel that belong together.
type edition struct {
	revision  feed.Revision
	config    *Config
	snapshots map[string]*Snapshot // by format; nil where none could be made yet
}

// New returns a Publisher that has nothing to publish until it is configured.
func New(reader store.Reader, log *slog.Logger) *Publisher {
	p := &Publisher{reader: reader, log: log}
	p.channels.Store(&map[string]*edition{})
	return p
}

// Configure tells what feeds.yaml says now. The next Refresh makes every
// document anew; until then the present ones are served.
func (p *Publisher) Configure(c Config) { p.config.Store(&c) }

// Snapshot returns the newest good document of a channel. A channel that is not
// declared is [feed.ErrNotFound], one that Refresh has not come to [ErrNotReady].
func (p *Publisher) Snapshot(channel string, f render.Format) (*Snapshot, error) {
	if e := (*p.channels.Load())[channel]; e != nil && e.snapshots != nil {
		if s := e.snapshots[f.Name]; s != nil {
			return s, nil
		}
		return nil, fmt.Errorf("format %q: %w", f.Name, feed.ErrNotFound)
	}
	if c := p.config.Load(); c != nil && slices.ContainsFunc(c.Channels, func(ch feed.Channel) bool { return ch.ID == channel }) {
		return nil, fmt.Errorf("channel %s: %w", channel, ErrNotReady)
	}
	return nil, fmt.Errorf("channel %s: %w", channel, feed.ErrNotFound)
}

// OPML returns the list of public sources, or nil before the first Refresh.
func (p *Publisher) OPML() *Snapshot { return p.opml.Load() }

// Refresh renders the channels whose revision, or whose configuration, is not
// that of their snapshots. It returns those whose documents changed, sorted; a
// channel that had none before has not changed, because what its readers last
// saw may well have been the same, made by another process. Where a document
// cannot be made, the others are, the last good one stays, and the error says
// which it was. It is tried again when the channel changes.
func (p *Publisher) Refresh(ctx context.Context) (changed []string, err error) {
	p.refreshing.Lock()
	defer p.refreshing.Unlock()
	config := p.config.Load()
	if config == nil {
		return nil, nil
	}
	// Revisions first: what is recorded while we render is then newer than the
	// revision we note, and is seen next time.
	revisions, err := p.reader.Revisions(ctx)
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	old := *p.channels.Load()
	editions := make(map[string]*edition, len(config.Channels))
	origins := newOrigins(p.reader, config)
	var failed []error
	for i := range config.Channels {
		ch := &config.Channels[i]
		before, now := old[ch.ID], revisions[ch.ID]
		if before != nil && before.config == config && before.revision.Number == now.Number && before.revision.Changed.Equal(now.Changed) {
			editions[ch.ID] = before
			continue
		}
		after, err := p.edit(ctx, ch, now, before, origins)
		if err != nil {
			failed = append(failed, fmt.Errorf("publish %s: %w", ch.ID, err))
		}
		if after != nil {
			editions[ch.ID] = after
		}
		if err == nil && before != nil && before.snapshots != nil && differ(before, after) {
			changed = append(changed, ch.ID)
		}
	}
	p.channels.Store(&editions)
	if err := p.list(ctx, config, len(origins.known) > 0); err != nil {
		failed = append(failed, err)
	}
	slices.Sort(changed)
	return changed, errors.Join(failed...)
}

// edit makes the new edition of a channel. With an error comes what is to stand
// until then, which may be nothing.
func (p *Publisher) edit(ctx context.Context, ch *feed.Channel, now feed.Revision, before *edition, origins *origins) (*edition, error) {
	d, err := p.read(ctx, ch, now, origins)
	if err != nil {
		return before, err // to be tried again, whether or not the channel changes
	}
	made := &edition{revision: now, config: origins.config, snapshots: make(map[string]*Snapshot, len(render.Formats))}
	for i, f := range render.Formats {
		var last *Snapshot
		if before != nil {
			last = before.snapshots[f.Name]
		}
		s, err := compose(f, d, now, last)
		if first := made.snapshots[render.Formats[0].Name]; err == nil && i > 0 && s.items != first.items {
			err = fmt.Errorf("%s shows %d stories, %s %d", f.Name, s.items, render.Formats[0].Name, first.items)
		}
		if err != nil {
			// The same data would fail again: note that it was tried.
			made.snapshots = nil
			if before != nil {
				made.snapshots = before.snapshots
			}
			return made, err
		}
		made.snapshots[f.Name] = s
	}
	return made, nil
}

// read gathers what the channel's documents are made from.
func (p *Publisher) read(ctx context.Context, ch *feed.Channel, now feed.Revision, origins *origins) (render.Feed, error) {
	const defaultLimit = 50
	limit := ch.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	stories, err := p.reader.Channel(ctx, ch.ID, store.Page{Limit: limit})
	if err != nil {
		return render.Feed{}, err
	}
	sources, err := origins.of(ctx, stories)
	if err != nil {
		return render.Feed{}, err
	}
	d := render.Feed{
		Site:    origins.config.Site,
		Channel: *ch,
		Stories: stories,
		Sources: sources,
		MaxAge:  maxAge(stories),
		Version: origins.config.Version,
	}
	if len(stories) == 0 {
		d.Updated = now.Changed // Atom wants a date, and there is no other
	}
	return d, nil
}

// differ reports whether any document of a channel is another one.
func differ(before, after *edition) bool {
	return !maps.EqualFunc(before.snapshots, after.snapshots, func(a, b *Snapshot) bool { return a.ETag == b.ETag })
}

// list makes the list of sources anew where the configuration changed, or where
// something was published and sources may have told new names of themselves.
func (p *Publisher) list(ctx context.Context, config *Config, published bool) error {
	const often = 10 * time.Minute
	if p.listed == config && (!published || time.Since(p.listedAt) < often) {
		return nil
	}
	body, err := sourceList(ctx, p.reader, config)
	if err != nil {
		return fmt.Errorf("publish source list: %w", err)
	}
	p.listed, p.listedAt = config, time.Now()
	if last := p.opml.Load(); last == nil || last.ETag != etag(body) {
		p.opml.Store(newListSnapshot(config.Site, body, p.listedAt))
	}
	return nil
}
