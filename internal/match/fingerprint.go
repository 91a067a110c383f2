package match

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"serai/internal/feed"
)

// meaning grows when the same rules begin to mean something else, so that
// channels are rebuilt.
const meaning = 1

// Fingerprint names all that decides which entries a channel takes. Two
// channels of one fingerprint take the same; what does not matter to this one
// (its title, the words of topics that it does not use, the order of a list)
// leaves it as it is.
func Fingerprint(ch feed.Channel, topics []feed.Topic, sources []feed.Source) string {
	type sourceRules struct {
		ID   string
		Kind feed.Kind   `json:",omitempty"`
		Tags []string    `json:",omitempty"`
		Drop []feed.Rule `json:",omitempty"`
	}
	all := struct {
		Meaning                          int
		Sources, Topics, Tags, Languages []string
		Where                            string
		Words                            []feed.Topic
		Rules                            []sourceRules
	}{
		Meaning: meaning, Where: ch.Where,
		Sources: inOrder(ch.Sources), Topics: inOrder(ch.Topics), Tags: inOrder(ch.Tags), Languages: inOrder(ch.Languages),
	}
	byTags := len(ch.Tags) > 0 || ch.Where != "" // tags are topics, too
	for _, s := range sources {
		if len(ch.Sources) > 0 && !slices.Contains(ch.Sources, s.ID) {
			continue
		}
		rules := sourceRules{ID: s.ID, Drop: s.Drop}
		if byTags {
			rules.Tags = inOrder(s.Tags)
		}
		if ch.Where != "" {
			rules.Kind = s.Kind
		}
		if rules.Kind != "" || len(rules.Tags) > 0 || len(rules.Drop) > 0 {
			all.Rules = append(all.Rules, rules)
		}
	}
	dropsByTags := slices.ContainsFunc(all.Rules, func(s sourceRules) bool {
		return slices.ContainsFunc(s.Drop, func(r feed.Rule) bool { return len(r.Tag) > 0 || r.Where != "" })
	})
	for _, t := range topics {
		if byTags || dropsByTags || slices.Contains(ch.Topics, t.ID) {
			all.Words = append(all.Words, feed.Topic{ID: t.ID, Words: inOrder(t.Words)})
		}
	}
	slices.SortFunc(all.Words, func(a, b feed.Topic) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Rules, func(a, b sourceRules) int { return strings.Compare(a.ID, b.ID) })
	// Strings, numbers and lists of them can always be marshalled.
	b, _ := json.Marshal(all) // see above
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func inOrder(list []string) []string {
	if len(list) == 0 {
		return nil // an empty list and none are the same
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
