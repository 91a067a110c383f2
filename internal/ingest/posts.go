package ingest

import (
	"context"
	"fmt"
	"time"

	"serai/internal/feed"
	"serai/internal/post"
	"serai/internal/store"
)

// ReadPosts takes the posts folder the same way that a feed goes, as the
// document of the source "posts". Files that cannot be read are reported and
// leave what was published of them as it is.
func (in *Ingest) ReadPosts(ctx context.Context) (feed.Poll, error) {
	in.posts.Lock()
	defer in.posts.Unlock()
	plan, began := in.plan.Load(), time.Now()
	known, err := KnownPosts(ctx, in.store)
	if err != nil {
		return feed.Poll{}, err
	}
	reading, err := plan.Posts.Read(began, known)
	if err != nil {
		return feed.Poll{}, fmt.Errorf("read posts: %w", err)
	}
	in.report(ctx, reading.Problems)
	in.nextPost.Store(&reading.NextChange)

	status, err := in.store.Source(ctx, feed.PostsSource)
	if err != nil {
		return feed.Poll{}, fmt.Errorf("read posts: %w", err)
	}
	src := &feed.Source{ID: feed.PostsSource, Kind: feed.Authored, Title: plan.Site.Title, Republish: feed.RepublishFull, FirstPoll: len(reading.Entries)}
	doc := feed.Document{Format: "posts", Entries: make([]feed.RawEntry, len(reading.Entries))}
	keys := make([]string, len(reading.Entries))
	for i, e := range reading.Entries {
		doc.Entries[i], keys[i] = e.RawEntry, e.Key
	}
	v := &visit{in: in, plan: plan, src: src, state: status.State, poll: feed.Poll{Source: src.ID, At: began}}
	if err := v.take(ctx, doc, keys); err != nil {
		return feed.Poll{}, err
	}
	if len(v.record.Entries) == 0 && len(reading.Withdrawn) == 0 {
		return v.poll, nil // nothing to record
	}
	v.record.Withdrawn = reading.Withdrawn
	v.record.Standing = append(v.record.Standing, reading.Kept...)
	v.state.FirstPolled = maxTime(v.state.FirstPolled, began)
	v.state.Polls++
	v.poll.Took = time.Since(began)
	v.poll.Because = "whenever a file changes"
	return v.poll, v.commit(ctx)
}

// KnownPosts returns what is stored of the posts, by which renamed and deleted
// files are told from new ones.
func KnownPosts(ctx context.Context, r store.Reader) ([]post.Known, error) {
	stored, err := r.Known(ctx, feed.PostsSource, nil)
	if err != nil {
		return nil, fmt.Errorf("read posts: %w", err)
	}
	known := make([]post.Known, 0, len(stored))
	for key, k := range stored {
		if k.Post != nil {
			known = append(known, post.Known{
				Key: key, Path: k.Post.Path, Slug: k.Post.Slug, FileHash: k.Post.FileHash,
				Title: k.Title, Published: k.Published, Minor: k.Post.Minor, Withdrawn: k.Withdrawn,
			})
		}
	}
	return known, nil
}

// readPostsIfDue reads the posts when their folder changed, as the watcher said
// by Wake, or when one that waited for its date is due.
func (in *Ingest) readPostsIfDue(ctx context.Context) {
	due := in.nextPost.Load()
	waited := due != nil && !due.IsZero() && !time.Now().Before(*due)
	if !in.postsChanged.Swap(false) && !waited {
		return
	}
	poll, err := in.ReadPosts(ctx)
	if err != nil {
		if ctx.Err() == nil {
			in.log.ErrorContext(ctx, "cannot read posts", "err", err)
		}
		return
	}
	in.logPoll(ctx, poll)
}

// PostsChanged makes the loop read the posts folder again.
func (in *Ingest) PostsChanged() {
	in.postsChanged.Store(true)
	in.Wake()
}

// PostProblems returns what was wrong with the posts when they were last read.
func (in *Ingest) PostProblems() []post.Problem {
	if p := in.problems.Load(); p != nil {
		return *p
	}
	return nil
}

// report logs problems that the last reading did not have.
func (in *Ingest) report(ctx context.Context, problems []post.Problem) {
	before := map[string]bool{}
	for _, p := range in.PostProblems() {
		before[p.String()] = true
	}
	for _, p := range problems {
		if !before[p.String()] {
			in.log.WarnContext(ctx, "post left out", "problem", p.String())
		}
	}
	in.problems.Store(&problems)
}
