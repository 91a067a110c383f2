package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/ingest"
	"serai/internal/post"
	"serai/internal/store/sqlite"
)

func newPost(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "post",
		Short:   "Start, list and check your own posts",
		Example: "  serai post new \"What the treaty says\"",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPostNew(g), newPostList(g), newPostCheck(g))
	return cmd
}

// library returns the posts folder of a configuration.
func library(cfg *config.Config) post.Library {
	return post.Library{Dir: cfg.Posts.Dir, Author: cfg.Posts.Author, Zone: cfg.Zone, SiteURL: cfg.Site.URL}
}

func newPostNew(g *global) *cobra.Command {
	var format string
	endings := map[string]string{"markdown": ".md", "html": ".html", "text": ".txt"}
	cmd := &cobra.Command{
		Use:     "new TITLE",
		Short:   "Write the beginnings of a post, as a draft",
		Example: "  serai post new \"What the treaty says\"",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ending, ok := endings[format]
			if !ok {
				return usageError{fmt.Errorf("--format %s: not a format of posts; take markdown, html or text", format)}
			}
			cfg, err := g.load()
			if err != nil {
				return err
			}
			path, err := library(cfg).New(args[0], ending, time.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s written; take 'draft: true' out of it to publish it\n", path)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "markdown", "markdown, html or text")
	return cmd
}

func newPostCheck(g *global) *cobra.Command {
	return &cobra.Command{
		Use:     "check",
		Short:   "Say what is wrong with the posts, if anything",
		Example: "  serai post check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			lines, err := checkPosts(cfg)
			if err != nil {
				return err
			}
			for _, line := range lines {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			if len(lines) > 0 {
				return fmt.Errorf("%d posts have problems and are left out until they are mended", len(lines))
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "all posts are well")
			return err
		},
	}
}

// A postRow is a post as programs get it.
type postRow struct {
	State     string    `json:"state"` // published, new, waiting, draft, withdrawn, problem
	Path      string    `json:"path"`
	Title     string    `json:"title,omitempty"`
	Slug      string    `json:"slug,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Problem   string    `json:"problem,omitempty"`
}

func newPostList(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the posts with their state",
		Example: "  serai post list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			rows, err := g.postRows(cmd, cfg)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			cells := make([][]string, 0, len(rows))
			for _, r := range rows {
				remark := r.Title
				if r.Problem != "" {
					remark = r.Problem
				}
				cells = append(cells, []string{r.State, moment(r.Published), r.Path, r.Slug, clip(remark, 80)})
			}
			printTable(cmd.OutOrStdout(), []string{"STATE", "DATE", "FILE", "SLUG", "TITLE"}, cells)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (g *global) postRows(cmd *cobra.Command, cfg *config.Config) ([]postRow, error) {
	known, err := g.knownPosts(cmd)
	if err != nil {
		return nil, err
	}
	reading, err := library(cfg).Read(time.Now(), known)
	if err != nil {
		return nil, err
	}
	published := make(map[string]bool, len(known))
	rows := []postRow{}
	for _, k := range known {
		published[k.Key] = !k.Withdrawn
		if k.Withdrawn {
			rows = append(rows, postRow{State: "withdrawn", Path: k.Path, Title: k.Title, Slug: k.Slug, Published: k.Published})
		}
	}
	for _, e := range reading.Entries {
		state := "new"
		if published[e.Key] {
			state = "published"
		}
		rows = append(rows, postRow{State: state, Path: e.Post.Path, Title: e.Title.Body, Slug: e.Post.Slug, Published: e.Published})
	}
	for _, w := range reading.Waiting {
		state := "waiting"
		if w.Until.IsZero() {
			state = "draft"
		}
		rows = append(rows, postRow{State: state, Path: w.Path, Title: w.Title, Published: w.Until})
	}
	for _, p := range reading.Problems {
		rows = append(rows, postRow{State: "problem", Path: p.Path, Problem: p.String()})
	}
	return rows, nil
}

// knownPosts returns what the database knows of the posts; nothing where there
// is no database yet.
func (g *global) knownPosts(cmd *cobra.Command) (known []post.Known, err error) {
	if _, err := os.Stat(g.db); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	log, err := g.logger(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	st, err := sqlite.Open(cmd.Context(), g.db, sqlite.Options{ReadOnly: true, Log: quiet(log)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return ingest.KnownPosts(cmd.Context(), st)
}
