package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/dedupe"
	"serai/internal/fetch"
	"serai/internal/ingest"
	"serai/internal/match"
	"serai/internal/store"
	"serai/internal/store/sqlite"
)

// load reads the configuration.
func (g *global) load() (*config.Config, error) {
	cfg, err := config.Load(g.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError{fmt.Errorf("%s: no such file; name the configuration with --config", g.config)}
	}
	return cfg, err
}

// openExisting opens the database for a command that must not make one.
func (g *global) openExisting(ctx context.Context, o sqlite.Options) (*sqlite.Store, error) {
	if _, err := os.Stat(g.db); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such database; 'serai serve' or 'serai poll' makes it, or name it with --db", g.db)
	}
	return sqlite.Open(ctx, g.db, o)
}

// withReader runs a command that only looks at the database.
func (g *global) withReader(ctx context.Context, log *slog.Logger, look func(store.Reader) error) error {
	st, err := g.openExisting(ctx, sqlite.Options{ReadOnly: true, Log: log})
	if err != nil {
		return err
	}
	return errors.Join(look(st), st.Close())
}

// withSite runs a command that looks at the database by the configuration. Its
// log keeps to what someone has to act on: the command's output says the rest.
func (g *global) withSite(cmd *cobra.Command, look func(store.Reader, *config.Config, *slog.Logger) error) error {
	log, err := g.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	cfg, err := g.load()
	if err != nil {
		return err
	}
	return g.withReader(cmd.Context(), log, func(r store.Reader) error { return look(r, cfg, quiet(log)) })
}

// planOf turns a configuration into what the reading side works by.
func planOf(cfg *config.Config) (*ingest.Plan, error) {
	rules, err := match.Compile(cfg.Topics, cfg.Sources, cfg.Channels)
	if err != nil {
		return nil, err
	}
	return &ingest.Plan{
		Site: cfg.Site, Sources: cfg.Sources, Channels: cfg.Channels,
		Rules: rules, Dedup: dedupe.New(cfg.Dedup), Allow: cfg.Network.Allow,
		Client: fetch.New(fetch.Options{UserAgent: userAgent(cfg), Allow: cfg.Network.Allow}),
		Posts:  library(cfg),
	}, nil
}

// userAgent names the program, this instance and a page that says what it does
// (RFC 9110 10.1.5), so that who runs a source knows whom to ask.
func userAgent(cfg *config.Config) string {
	return fmt.Sprintf("serai/%s (+%s/about; %d feeds)", version(), cfg.Site.URL, len(cfg.Sources))
}
