package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/render"
	"serai/internal/store"
)

func newOPML(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "opml",
		Short:   "Move lists of sources in and out",
		Example: "  serai opml import subscriptions.opml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOPMLImport(g), newOPMLExport(g))
	return cmd
}

func newOPMLImport(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE|URL",
		Short: "Add the feeds of a list to feeds.yaml",
		Long: `Adds the feeds of an OPML list to feeds.yaml, behind the sources that stand
there; everything else in the file stays as it is, comments too. Feeds that are
there already are skipped. A running daemon sees the change by itself.`,
		Example: "  serai opml import subscriptions.opml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			list, err := openList(cmd, cfg, args[0])
			if err != nil {
				return err
			}
			defer list.Close() //nolint:errcheck // only read
			found, err := config.ReadOPML(list, cfg.Network.Allow)
			if err != nil {
				return err
			}
			added, skipped, err := config.AddSources(g.config, found.Sources)
			if err != nil {
				return err
			}
			for _, line := range found.Report {
				fmt.Fprintln(cmd.OutOrStdout(), oneLine(line))
			}
			for _, src := range added {
				fmt.Fprintf(cmd.OutOrStdout(), "added %s: %s\n", src.ID, feed.MaskURL(src.URL))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d added, %d there already, %d left out\n", len(added), len(skipped), len(found.Report))
			return err
		},
	}
}

// openList opens a file, or fetches an address under the same guard as a feed.
func openList(cmd *cobra.Command, cfg *config.Config, name string) (io.ReadCloser, error) {
	if !strings.HasPrefix(name, "http://") && !strings.HasPrefix(name, "https://") {
		return os.Open(name)
	}
	client := fetch.New(fetch.Options{UserAgent: userAgent(cfg), Allow: cfg.Network.Allow})
	defer client.Close()
	got := client.Get(cmd.Context(), fetch.Request{URL: name})
	if got.Failure != nil {
		return nil, got.Failure
	}
	return io.NopCloser(strings.NewReader(string(got.Body))), nil
}

func newOPMLExport(g *global) *cobra.Command {
	return &cobra.Command{
		Use:     "export",
		Short:   "Print the sources as a list for other programs",
		Long:    "Prints the sources as OPML 2.0. Private sources, and secrets in addresses, are left out.",
		Example: "  serai opml export > sources.opml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			origins, err := g.origins(cmd)
			if err != nil {
				return err
			}
			public := slices.DeleteFunc(slices.Clone(cfg.Sources), func(s feed.Source) bool { return s.Private })
			list, err := render.OPML(cfg.Site.Title, public, origins)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(list)
			return err
		},
	}
}

// origins returns how the sources describe themselves, as far as they were
// polled; nothing where there is no database yet.
func (g *global) origins(cmd *cobra.Command) (map[string]feed.Origin, error) {
	origins := map[string]feed.Origin{}
	if _, err := os.Stat(g.db); errors.Is(err, os.ErrNotExist) {
		return origins, nil
	}
	log, err := g.logger(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	err = g.withReader(cmd.Context(), quiet(log), func(r store.Reader) error {
		statuses, err := r.Sources(cmd.Context())
		for _, s := range statuses {
			origins[s.ID] = s.State.Origin
		}
		return err
	})
	return origins, err
}
