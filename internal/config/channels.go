package config

import (
	"fmt"
	"maps"
	"slices"

	"serai/internal/feed"
	"serai/internal/match"
)

func (b *builder) allChannels() []feed.Channel {
	if len(b.raw.Channels) == 0 && !b.Reported("channels") {
		b.Problemf("channels", "there are none, so nothing would be published; add one, such as {id: all, title: Everything}")
	}
	b.channels = make(map[string]string, len(b.raw.Channels))
	channels := make([]feed.Channel, len(b.raw.Channels))
	for i, raw := range b.raw.Channels {
		key := fmt.Sprintf("channels[%d]", i)
		if !b.Has(key+".id") && !b.Has(key+".title") && b.Reported(key) {
			continue // no channel at all, and said so
		}
		channels[i] = b.channel(key, raw)
		if first, taken := b.channels[raw.ID]; taken {
			line, _ := b.Position(first + ".id")
			b.Problemf(key+".id", "%q is taken by the channel in line %d; choose another id", clip(raw.ID), line)
		} else if raw.ID != "" {
			b.channels[raw.ID] = key
		}
	}
	return channels
}

func (b *builder) channel(key string, raw channel) feed.Channel {
	b.id(key, raw.ID)
	b.required(key+".title", raw.Title)
	b.references(key+".sources", "source", raw.Sources, slices.Sorted(maps.Keys(b.sources)))
	b.references(key+".topics", "topic", raw.Topics, slices.Sorted(maps.Keys(b.topics)))
	for i, language := range raw.Languages {
		b.language(fmt.Sprintf("%s.languages[%d]", key, i), language)
	}
	ch := feed.Channel{
		ID:          raw.ID,
		Title:       b.line(key+".title", raw.Title, 500),
		Description: b.line(key+".description", raw.Description, 4000),
		Language:    b.language(key+".language", raw.Language),
		Sources:     raw.Sources,
		Topics:      raw.Topics,
		Tags:        b.tags(key+".tags", raw.Tags),
		Languages:   raw.Languages,
		Where:       b.where(key+".where", raw.Where),
		Limit:       whole(b, key+".limit", raw.Limit, 50, 1, 500),
		Content:     oneOf(b, key+".content", raw.Content, feed.FullContent, feed.SummaryContent),
		Attribution: oneOf(b, key+".attribution", raw.Attribution, feed.NoAttribution, feed.TitlePrefix, feed.FooterAttribution),
	}
	if ch.Description == "" {
		ch.Description = b.cfg.Site.Description
	}
	ch.Rules = match.Fingerprint(ch, b.cfg.Topics, b.cfg.Sources)
	return ch
}

// found looks a name up in a sorted list.
func found(sorted []string, name string) bool {
	_, ok := slices.BinarySearch(sorted, name)
	return ok
}

// references checks that every name is one of the known.
func (b *builder) references(key, noun string, names, known []string) {
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case b.Reported(at):
		case !found(known, name):
			b.Problemf(at, "there is no %s %q%s", noun, clip(name), didYouMean(name, known))
		case seen[name]:
			b.Problemf(at, "%q stands twice; keep one", clip(name))
		}
		seen[name] = true
	}
}
