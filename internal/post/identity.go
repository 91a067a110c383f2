package post

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// identify finds out which of the known posts the drafts are.
// Whatever is sure comes first, so that a guess takes nothing from a certainty:
// the same path; the id that the author wrote; then, for files whose place is
// new, the same bytes, or the same title and date, as a post whose file is gone.
func (r *reader) identify(known []Known) {
	present := make(map[string]bool, len(r.drafts))
	for _, d := range r.drafts {
		present[d.path] = true
	}
	gone := func(k *Known) bool { return !present[k.Path] && !r.keeps(k.Path) }
	taken := map[string]bool{}
	// claim gives each draft the first known post that has the same of
	// something and fits.
	claim := func(ofKnown func(*Known) string, ofDraft func(*draft) string, fits func(*draft, *Known) bool) {
		index := make(map[string][]*Known, len(known))
		for i := range known {
			index[ofKnown(&known[i])] = append(index[ofKnown(&known[i])], &known[i])
		}
		for _, d := range r.drafts {
			for _, k := range index[ofDraft(d)] {
				if d.known == nil && !taken[k.Key] && fits(d, k) {
					d.known, taken[k.Key] = k, true
				}
			}
		}
	}
	path, draftPath := func(k *Known) string { return k.Path }, func(d *draft) string { return d.path }
	claim(path, draftPath, func(_ *draft, k *Known) bool { return !k.Withdrawn })
	claim(func(k *Known) string { return k.Key }, func(d *draft) string { return d.id }, func(d *draft, _ *Known) bool { return d.id != "" })
	claim(func(k *Known) string { return k.FileHash }, func(d *draft) string { return d.hash }, func(d *draft, k *Known) bool {
		return d.id == "" && gone(k)
	})
	claim(func(k *Known) string { return k.Title }, func(d *draft) string { return d.title }, func(d *draft, k *Known) bool {
		return d.id == "" && gone(k) && d.title != "" && (d.date.Equal(k.Published) || d.date.IsZero())
	})
	// A file that was deleted and put back is the post that it was, unless it
	// has nothing to do with it.
	claim(path, draftPath, func(d *draft, k *Known) bool {
		return d.id == "" && k.Withdrawn && (d.hash == k.FileHash || d.title == k.Title)
	})
}

// name gives every draft its id. Where another post has it already, the draft
// does not go out.
func (r *reader) name(known []Known) {
	taken := make(map[string]bool, len(known)+len(r.drafts))
	for _, k := range known {
		taken[k.Key] = true
	}
	r.drafts = slices.DeleteFunc(r.drafts, func(d *draft) bool {
		switch {
		case d.known != nil:
			if d.id != "" && d.id != d.known.Key {
				r.problem(d.path, d.line["id"], "id: this post is published under the id %q, which stays; remove this line", d.known.Key)
			}
			d.id = d.known.Key
		case d.id == "":
			d.id = r.mint(d, taken)
		case taken[d.id]:
			r.kept[d.path] = true
			r.problem(d.path, d.line["id"], "id: %q is the id of another post; choose another or remove this line", d.id)
			return true
		}
		taken[d.id] = true
		return false
	})
}

// mint makes a tag URI (RFC 4151) of the site's host, the day, and the file's
// path.
func (r *reader) mint(d *draft, taken map[string]bool) string {
	host := "localhost"
	if u, err := url.Parse(r.SiteURL); err == nil {
		host = cmp.Or(strings.ToLower(u.Hostname()), host)
	}
	day := d.date
	if day.IsZero() || day.After(r.now) {
		day = r.now
	}
	parts := strings.Split(d.path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	tag := "tag:" + host + "," + day.In(r.zone()).Format(time.DateOnly) + ":" + strings.Join(parts, "/")
	id := tag
	for n := 2; taken[id]; n++ {
		id = tag + ";" + strconv.Itoa(n)
	}
	return id
}

// address gives every draft its slug. The slug of a published post stays; of
// two that want the same one, the second does not go out.
func (r *reader) address(known []Known) {
	owner := make(map[string]string, len(known)+len(r.drafts))
	for _, k := range known {
		owner[k.Slug] = k.Path
		if k.Withdrawn {
			owner[k.Slug] += " (deleted)"
		}
	}
	r.drafts = slices.DeleteFunc(r.drafts, func(d *draft) bool {
		if d.known != nil && d.known.Slug != "" {
			if d.slug != "" && d.slug != d.known.Slug {
				r.problem(d.path, d.line["slug"], "slug: this post is published at /posts/%s, which stays; remove this line", d.known.Slug)
			}
			d.slug = d.known.Slug
			owner[d.slug] = d.path
			return false
		}
		wanted := d.slug != ""
		if !wanted {
			d.slug = cmp.Or(Slug(d.title), Slug(stem(d.path)), "post-"+d.hash[:8])
		}
		other, taken := owner[d.slug]
		if !taken {
			owner[d.slug] = d.path
			return false
		}
		r.kept[d.path] = true
		mend := "choose another slug"
		if !wanted {
			mend = "give one of them a slug in its front matter"
		}
		r.problem(d.path, d.line["slug"], "the address /posts/%s is that of %s already; %s", d.slug, other, mend)
		return true
	})
}

// stem returns the name of a file without folder and ending.
func stem(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }
