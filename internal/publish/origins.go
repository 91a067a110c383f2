package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"serai/internal/feed"
	"serai/internal/render"
	"serai/internal/store"
)

// origins joins what feeds.yaml says of sources with what they told of
// themselves. It lives as long as one Refresh and asks the store for each
// source once.
type origins struct {
	reader   store.Reader
	config   *Config
	declared map[string]*feed.Source
	known    map[string]render.Source
}

func newOrigins(reader store.Reader, config *Config) *origins {
	o := &origins{
		reader:   reader,
		config:   config,
		declared: make(map[string]*feed.Source, len(config.Sources)),
		known:    make(map[string]render.Source),
	}
	for i := range config.Sources {
		o.declared[config.Sources[i].ID] = &config.Sources[i]
	}
	return o
}

// of returns the sources of the stories' entries, by ID.
func (o *origins) of(ctx context.Context, stories []feed.Story) (map[string]render.Source, error) {
	sources := make(map[string]render.Source)
	add := func(id string) error {
		if _, ok := sources[id]; ok {
			return nil
		}
		src, err := o.source(ctx, id)
		sources[id] = src
		return err
	}
	for i := range stories {
		if err := add(stories[i].Lead.Source); err != nil {
			return nil, err
		}
		for j := range stories[i].Members {
			if err := add(stories[i].Members[j].Source); err != nil {
				return nil, err
			}
		}
	}
	return sources, nil
}

func (o *origins) source(ctx context.Context, id string) (render.Source, error) {
	if src, ok := o.known[id]; ok {
		return src, nil
	}
	status, err := o.reader.Source(ctx, id)
	if err != nil && !errors.Is(err, feed.ErrNotFound) {
		return render.Source{}, fmt.Errorf("source %s: %w", id, err)
	}
	src := describe(o.declared[id], status.State.Origin)
	o.known[id] = src
	return src, nil
}

// describe returns what may be said of a source. One that is declared no more
// counts as private: whether its address was a secret, nobody can say now.
func describe(declared *feed.Source, told feed.Origin) render.Source {
	if declared == nil {
		return render.Source{Origin: told, Kind: feed.Outlet, Republish: feed.RepublishFull, Private: true}
	}
	told.Title = cmp.Or(declared.Title, told.Title)
	told.FeedURL = declared.URL
	return render.Source{Origin: told, Kind: declared.Kind, Republish: declared.Republish, Private: isPrivate(declared)}
}

// isPrivate reports whether a source's address must not be published.
func isPrivate(src *feed.Source) bool { return src.Private || feed.HasSecret(src.URL) }

// sourceList returns the public sources as OPML, in the order of feeds.yaml.
func sourceList(ctx context.Context, reader store.Reader, config *Config) ([]byte, error) {
	statuses, err := reader.Sources(ctx)
	if err != nil {
		return nil, err
	}
	told := make(map[string]feed.Origin, len(statuses))
	for i := range statuses {
		told[statuses[i].ID] = statuses[i].State.Origin
	}
	var public []feed.Source
	for i := range config.Sources {
		if src := &config.Sources[i]; !isPrivate(src) {
			public = append(public, *src)
		}
	}
	return render.OPML(config.Site.Title, public, told)
}
