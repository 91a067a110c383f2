package parse

import (
	"cmp"
	"net/url"
	"strings"

	ext "github.com/mmcdole/gofeed/extensions"

	"serai/internal/feed"
)

// readPerson splits what RSS puts into one string: "Name (mail)", "mail
// (Name)", "Name <mail>", or one of them alone.
func readPerson(s string) feed.Person {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxTitle {
		return feed.Person{}
	}
	s = strings.TrimPrefix(s, "mailto:")
	outer, inner, ok := splitBrackets(s)
	var p feed.Person
	switch {
	case !ok && isMail(s):
		p.Email = s
	case !ok && isWeb(s):
		p.URL = s
	case !ok:
		p = readWords(s)
	case isMail(inner):
		p.Name, p.Email = outer, inner
	case isWeb(inner):
		p.Name, p.URL = outer, inner
	case isMail(outer):
		p.Name, p.Email = inner, outer
	default:
		p.Name = s
	}
	p.Name = strings.Trim(p.Name, `" ,;`)
	return p
}

// splitBrackets splits "outer (inner)" or "outer <inner>".
func splitBrackets(s string) (outer, inner string, ok bool) {
	for _, pair := range []string{"<>", "()", "[]"} {
		i := strings.LastIndexByte(s, pair[0])
		if i >= 0 && strings.HasSuffix(s, pair[1:]) {
			inner = strings.TrimPrefix(strings.TrimSpace(s[i+1:len(s)-1]), "mailto:")
			return strings.TrimSpace(s[:i]), inner, inner != ""
		}
	}
	return "", "", false
}

// readWords takes a mail address from among the words of a name.
func readWords(s string) feed.Person {
	if strings.IndexByte(s, '@') < 0 {
		return feed.Person{Name: s}
	}
	var p feed.Person
	var name []string
	for word := range strings.FieldsSeq(s) {
		if bare := strings.Trim(word, "()<>[],;"); p.Email == "" && isMail(bare) {
			p.Email = bare
		} else {
			name = append(name, word)
		}
	}
	p.Name = strings.Join(name, " ")
	return p
}

// isMail reports whether s looks like a mail address. What mailers accept is
// no concern here: plus signs, long endings and other scripts are all used.
func isMail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.IndexByte(domain, '.') > 0 && !strings.ContainsAny(s, " <>()/\"") && !strings.Contains(domain, "@")
}

// unescapeMail undoes the percent signs of a mailto address.
func unescapeMail(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "mailto:")
	if plain, err := url.PathUnescape(s); err == nil && isMail(plain) {
		return plain
	}
	return s
}

// addPerson appends a person who is not there yet. Two notes about one person,
// one with the name and one with the address, become one.
func addPerson(to []feed.Person, p feed.Person) []feed.Person {
	if p == (feed.Person{}) || len(to) >= maxEach {
		return to
	}
	for i := range to {
		q := &to[i]
		sameName := p.Name != "" && strings.EqualFold(p.Name, q.Name)
		sameMail := p.Email != "" && strings.EqualFold(p.Email, q.Email)
		if sameName && (p.Email == "" || q.Email == "" || sameMail) || sameMail && (p.Name == "" || q.Name == "") {
			q.Name = cmp.Or(q.Name, p.Name)
			q.Email = cmp.Or(q.Email, p.Email)
			q.URL = cmp.Or(q.URL, p.URL)
			return to
		}
	}
	return append(to, p)
}

// merge joins one author given by address alone with one given by name alone:
// RSS has <author> for the former, and Dublin Core is used for the latter.
func merge(people []feed.Person) []feed.Person {
	if len(people) == 2 && people[0].Name == "" && people[1].Email == "" && people[1].Name != "" {
		people[1].Email = people[0].Email
		people[1].URL = cmp.Or(people[1].URL, people[0].URL)
		return people[1:]
	}
	return people
}

// atomPeople reads people of Atom that stand in a document of another format.
func (m *mapping) atomPeople(to []feed.Person, people []ext.Extension) []feed.Person {
	child := func(e ext.Extension, name string) string {
		if c := e.Children[name]; len(c) > 0 {
			return m.str(c[0].Value)
		}
		return ""
	}
	for _, e := range people {
		to = addPerson(to, atomPersonOf(child(e, "name"), child(e, "email"), child(e, "uri")))
	}
	return to
}

// atomPersonOf makes a person of what Atom keeps apart. Names that hold a mail
// address are as common there as in RSS.
func atomPersonOf(name, email, uri string) feed.Person {
	p := readPerson(name)
	p.Email = cmp.Or(unescapeMail(email), p.Email)
	if strings.HasPrefix(uri, "mailto:") {
		p.Email = cmp.Or(p.Email, unescapeMail(uri))
		uri = ""
	}
	p.URL = cmp.Or(uri, p.URL)
	return p
}
