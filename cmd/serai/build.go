package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/store"
	"serai/internal/web"
)

func newBuild(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "build DIR",
		Short: "Write the whole site as static files",
		Long: `Writes every public page and feed into a folder, for any web server: the same
bytes that the daemon serves. Files that did not change are left as they are.`,
		Example: "  serai build /var/www/analysis",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.withSite(cmd, func(r store.Reader, cfg *config.Config, log *slog.Logger) error {
				written, same, err := build(cmd.Context(), r, cfg, log, args[0])
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files written, %d unchanged\n", args[0], written, same)
				return err
			})
		},
	}
}

// build writes what the server would answer at each of its addresses.
func build(ctx context.Context, r store.Reader, cfg *config.Config, log *slog.Logger, dir string) (written, same int, err error) {
	if inside(dir, cfg.Posts.Dir) {
		return 0, 0, usageError{fmt.Errorf("%s is in the posts folder, where the site's pages would become posts; name another folder", dir)}
	}
	pub, err := published(ctx, r, cfg, log)
	if err != nil {
		return 0, 0, err
	}
	server := web.New(web.Options{Reader: r, Publisher: pub, Log: log, Version: version()})
	conf := webConfig(cfg, "")
	conf.AdminToken = ""
	server.Configure(conf)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, 0, fmt.Errorf("build: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("build: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for p, err := range server.Paths(ctx) {
		if err != nil {
			return written, same, fmt.Errorf("build: %w", err)
		}
		body, err := answerOf(ctx, server.Handler(), p)
		if err != nil {
			return written, same, err
		}
		wrote, err := writeFile(root, fileOf(p), body)
		switch {
		case err != nil:
			return written, same, fmt.Errorf("build %s: %w", p, err)
		case wrote:
			written++
		default:
			same++
		}
	}
	return written, same, nil
}

// inside reports whether a path is a folder or below it.
func inside(name, folder string) bool {
	name, errName := filepath.Abs(name)
	folder, errFolder := filepath.Abs(folder)
	rel, err := filepath.Rel(folder, name)
	return errors.Join(errName, errFolder, err) == nil && filepath.IsLocal(rel)
}

// answerOf asks the site itself for a page.
func answerOf(ctx context.Context, site http.Handler, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", address, err)
	}
	answer := &recorded{header: http.Header{}, status: http.StatusOK}
	site.ServeHTTP(answer, req)
	if answer.status != http.StatusOK {
		return nil, fmt.Errorf("build %s: the site answers %d", address, answer.status)
	}
	return answer.body.Bytes(), nil
}

// recorded is an answer that is kept instead of sent.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) WriteHeader(status int)      { r.status = status }
func (r *recorded) Write(b []byte) (int, error) { return r.body.Write(b) }

// fileOf returns the file that a web server looks for at an address: a page is
// the index of its folder.
func fileOf(address string) string {
	name := strings.TrimPrefix(path.Clean(address), "/")
	if path.Ext(name) == "" {
		name = path.Join(name, "index.html")
	}
	return filepath.FromSlash(name)
}

// writeFile puts a file in place whole, and reports false where it stood there
// already.
func writeFile(root *os.Root, name string, body []byte) (bool, error) {
	if old, err := root.ReadFile(name); err == nil && bytes.Equal(old, body) {
		return false, nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return false, err
	}
	// Readers must never see half a file.
	part := name + ".part"
	if err := root.WriteFile(part, body, 0o644); err != nil {
		return false, err
	}
	return true, root.Rename(part, name)
}
