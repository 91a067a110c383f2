package render

import (
	"cmp"
	"strings"

	"serai/internal/feed"
)

// people returns those who can be named, without their e-mail addresses.
func people(list []feed.Person) []feed.Person {
	const most = 50
	named := make([]feed.Person, 0, min(len(list), most))
	for _, p := range list[:min(len(list), most)] {
		to := address(p.URL)
		if name := cmp.Or(withoutEmail(p.Name), host(to)); name != "" {
			named = append(named, feed.Person{Name: unmarked(name), URL: to, Avatar: address(p.Avatar)})
		}
	}
	return named
}

// enclosures returns the files that can be fetched by anyone, each once.
func enclosures(list []feed.Enclosure) []feed.Enclosure {
	const most = 20
	var files []feed.Enclosure
	taken := make(map[string]bool)
	for _, f := range list {
		f.URL = address(f.URL)
		// A host without a dot is a name in somebody's own network.
		if f.URL == "" || taken[f.URL] || len(files) == most || !strings.Contains(strings.Trim(host(f.URL), "."), ".") {
			continue
		}
		taken[f.URL] = true
		f.Type = mediaType(f.Type, f.URL)
		f.Title = line(f.Title)
		f.Length, f.Duration = max(f.Length, 0), max(f.Duration, 0)
		files = append(files, f)
	}
	return files
}

// A category is a tag; text is how it is shown.
type category struct {
	term, scheme, label, text string
}

// A categoryList collects categories, each once whatever its case.
type categoryList struct {
	list  []category
	taken map[string]bool
}

func (l *categoryList) add(c feed.Category) {
	const most = 50
	made := category{term: line(c.Term), scheme: strings.TrimSpace(c.Scheme), label: line(c.Label)}
	made.text = cmp.Or(made.label, made.term)
	made.term = cmp.Or(made.term, made.label)
	if made.label == made.term {
		made.label = ""
	}
	if !isURI(made.scheme) {
		made.scheme = ""
	}
	key := strings.ToLower(made.text)
	if made.text == "" || l.taken[key] || len(l.list) == most {
		return
	}
	if l.taken == nil {
		l.taken = make(map[string]bool)
	}
	l.taken[key] = true
	l.list = append(l.list, made)
}

// entryCategories are the publisher's, then the topics that rules gave: the
// order and the choice of [feed.Entry.Tags].
func entryCategories(e *feed.Entry) []category {
	var l categoryList
	for _, c := range e.Categories {
		l.add(c)
	}
	for _, topic := range e.Topics {
		l.add(feed.Category{Term: topic})
	}
	return l.list
}
