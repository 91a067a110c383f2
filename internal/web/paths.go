package web

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"serai/internal/feed"
)

// A standing is a post that is published, and its story.
type standing struct {
	story feed.Story
	entry feed.Entry
}

// posts walks the posts that are published, oldest first.
func (s *Server) posts(ctx context.Context) iter.Seq2[standing, error] {
	return func(yield func(standing, error) bool) {
		for entry, err := range s.Reader.Entries(ctx, feed.PostsSource, 0) {
			if err != nil {
				yield(standing{}, err)
				return
			}
			if entry.Post == nil {
				continue
			}
			story, err := s.Reader.Post(ctx, entry.Post.Slug)
			if errors.Is(err, feed.ErrNotFound) || err == nil && !story.Withdrawn.IsZero() {
				continue
			}
			if !yield(standing{story, entry}, err) || err != nil {
				return
			}
		}
	}
}

// Paths walks every address of the site that holds something of its own, with
// the files that posts refer to: what a copy of the site consists of. Pages
// that only a question leads to, and redirects, are not among them; nor is what
// only a running server can answer.
func (s *Server) Paths(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		site := s.site.Load()
		for _, path := range s.fixedPaths(site) {
			if !yield(path, nil) {
				return
			}
		}
		for post, err := range s.posts(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			path := "/posts/" + post.entry.Post.Slug
			if !yield(path, nil) {
				return
			}
			for _, file := range s.filesOf(ctx, site, &post.entry) {
				if !yield(path+"/"+file, nil) {
					return
				}
			}
		}
	}
}

// fixedPaths are the addresses that the configuration decides.
func (s *Server) fixedPaths(site *site) []string {
	paths := []string{"/"}
	for _, ch := range site.order {
		paths = append(paths, "/channels/"+ch.ID)
		for _, f := range ch.Formats {
			paths = append(paths, strings.TrimPrefix(f.Path, site.base))
		}
		paths = append(paths, "/feeds/"+ch.ID+".opml")
	}
	return append(paths, "/sources", "/sources.opml", "/about", "/robots.txt", "/sitemap.xml", "/favicon.svg", "/assets/"+s.pages.style)
}

// filesOf returns the files beside a post that it refers to and that are there.
func (s *Server) filesOf(ctx context.Context, site *site, e *feed.Entry) []string {
	prefix := site.Site.URL + "/posts/" + e.Post.Slug + "/"
	addresses := []string{e.Image, e.BannerImage}
	for _, enclosure := range e.Enclosures {
		addresses = append(addresses, enclosure.URL)
	}
	for rest := e.Content; ; {
		_, after, found := strings.Cut(rest, prefix)
		if !found {
			break
		}
		end := strings.IndexAny(after, "\"' <>,")
		if end < 0 {
			break
		}
		addresses = append(addresses, prefix+after[:end])
		rest = after[end:]
	}
	var files []string
	for _, address := range addresses {
		name, ok := strings.CutPrefix(address, prefix)
		name, _, _ = strings.Cut(name, "#")
		name, _, _ = strings.Cut(name, "?")
		if ok && !slices.Contains(files, name) && s.serves(ctx, "/posts/"+e.Post.Slug+"/"+name) {
			files = append(files, name)
		}
	}
	return files
}

// serves reports whether there is something at the path.
func (s *Server) serves(ctx context.Context, path string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, path, http.NoBody)
	if err != nil {
		return false
	}
	w := discard{header: make(http.Header)}
	s.serve(&w, r)
	return w.status == http.StatusOK
}

// discard is a ResponseWriter for those who want to know the status alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func (d *discard) WriteHeader(status int) { d.status = status }
