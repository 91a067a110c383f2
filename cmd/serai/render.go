package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/feed"
	"serai/internal/publish"
	"serai/internal/render"
	"serai/internal/store"
)

func newRender(g *global) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "render CHANNEL",
		Short:   "Print a channel's feed, the very bytes that the server would send",
		Example: "  serai render karabakh --format atom",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := render.FormatNamed(format)
			if err != nil {
				return usageError{fmt.Errorf("--format %s: %w", format, err)}
			}
			return g.withSite(cmd, func(r store.Reader, cfg *config.Config, log *slog.Logger) error {
				return renderChannel(cmd, r, cfg, log, args[0], f)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "rss", "rss, atom or json")
	return cmd
}

func renderChannel(cmd *cobra.Command, r store.Reader, cfg *config.Config, log *slog.Logger, channel string, f render.Format) error {
	pub, err := published(cmd.Context(), r, cfg, log)
	if err != nil {
		return err
	}
	snapshot, err := pub.Snapshot(channel, f)
	if errors.Is(err, feed.ErrNotFound) {
		return usageError{fmt.Errorf("no channel %q; feeds.yaml names the channels", channel)}
	}
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(snapshot.Body)
	return err
}

// published renders every channel once.
func published(ctx context.Context, r store.Reader, cfg *config.Config, log *slog.Logger) (*publish.Publisher, error) {
	pub := publish.New(r, log)
	pub.Configure(publishConfig(cfg))
	_, err := pub.Refresh(ctx)
	return pub, err
}

func publishConfig(cfg *config.Config) publish.Config {
	return publish.Config{Site: cfg.Site, Channels: cfg.Channels, Sources: cfg.Sources, Version: version()}
}
