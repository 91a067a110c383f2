package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"serai/internal/config"
	"serai/internal/fetch"
	"serai/internal/ingest"
	"serai/internal/publish"
	"serai/internal/render"
	"serai/internal/store/sqlite"
	"serai/internal/web"
	"serai/internal/websub"
)

// drainTime is how long requests and polls under way may take to end once the
// daemon is told to stop.
const drainTime = 10 * time.Second

func newServe(g *global) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon: poll, publish and serve",
		Long: `Runs the daemon. A saved feeds.yaml, or SIGHUP, makes it read its configuration
again; a wrong one is refused and the running one stays. SIGTERM and Interrupt
make it end what it has under way, for ten seconds at most, and stop.`,
		Example: "  serai serve --config feeds.yaml --listen :8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := g.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return serve(cmd.Context(), g, listen, log)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen at; else as in the configuration (SERAI_LISTEN)")
	return cmd
}

// A service is the daemon's parts, wired.
type service struct {
	global *global
	log    *slog.Logger
	listen string // as the command line has it; may be empty

	store   *sqlite.Store
	ingest  *ingest.Ingest
	publish *publish.Publisher
	hub     *websub.Hub
	web     *web.Server
	metrics *web.Metrics

	changed  chan struct{} // has room for one: there is something to publish
	config   atomic.Pointer[config.Config]
	client   atomic.Pointer[fetch.Client]
	postsDir chan string // the folder to be watched from now on
}

// serve builds the daemon, runs it until ctx ends, and takes it down in reverse.
func serve(ctx context.Context, g *global, listen string, log *slog.Logger) (err error) {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, g.db, sqlite.Options{Daemon: true, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	s := wire(g, st, listen, log)
	if err := s.apply(ctx, cfg); err != nil {
		return err
	}
	// What was published before is there from the first request on.
	if _, err := s.publish.Refresh(ctx); err != nil {
		log.Error("publish", "err", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address(cfg))
	if err != nil {
		return fmt.Errorf("listen: %w; name another address with --listen or 'listen:' in %s", err, g.config)
	}
	log.Info("started", "version", version(), "addr", listener.Addr().String(), "sources", len(cfg.Sources), "channels", len(cfg.Channels))
	err = s.run(ctx, listener)
	log.Info("stopped")
	return err
}

// wire makes the parts and ties them together; they do nothing yet.
func wire(g *global, st *sqlite.Store, listen string, log *slog.Logger) *service {
	s := &service{
		global: g, log: log, listen: listen, store: st, metrics: web.NewMetrics(st, version()),
		changed: make(chan struct{}, 1), postsDir: make(chan string, 1),
	}
	s.ingest = ingest.New(ingest.Options{Store: st, Log: log, Observe: s.metrics.Observe, Changed: s.publishSoon})
	s.publish = publish.New(st, log)
	s.hub = websub.NewHub(websub.Options{Store: st, Send: s.send, Topic: s.topic, Log: log})
	s.web = web.New(web.Options{
		Reader: st, Publisher: s.publish, Log: log, Version: version(), Hub: s.hub, Metrics: s.metrics, Ready: s.ready,
		PollNow: s.pollNow, Resume: s.ingest.Resume,
	})
	return s
}

// apply makes cfg the configuration from now on, in every part or in none.
func (s *service) apply(ctx context.Context, cfg *config.Config) error {
	plan, err := planOf(cfg)
	if err != nil {
		return err
	}
	if err := s.ingest.Configure(ctx, plan); err != nil {
		return err
	}
	if before := s.client.Swap(plan.Client); before != nil {
		before.Close()
	}
	s.publish.Configure(publishConfig(cfg))
	s.hub.Configure(cfg.Site)
	s.web.Configure(webConfig(cfg, ""))
	s.config.Store(cfg)
	for _, warning := range cfg.Warnings {
		s.log.Warn("configuration", "warning", warning)
	}
	select {
	case <-s.postsDir: // nobody has come to the last one yet
	default:
	}
	s.postsDir <- cfg.Posts.Dir
	s.ingest.PostsChanged()
	s.publishSoon(nil)
	return nil
}

func webConfig(cfg *config.Config, problem string) web.Config {
	return web.Config{
		Site: cfg.Site, Channels: cfg.Channels, Sources: cfg.Sources, PostsDir: cfg.Posts.Dir,
		AdminToken: string(cfg.Admin.Token), Zone: cfg.Zone, UserAgent: userAgent(cfg), Problem: problem,
	}
}

// reload reads the configuration again. A wrong one is said, in the log, on the
// admin pages and in a metric, and changes nothing.
func (s *service) reload(ctx context.Context) {
	cfg, err := s.global.load()
	if err == nil {
		if before := s.config.Load(); s.address(before) != s.address(cfg) {
			s.log.Warn("listen takes effect at the next start", "addr", cfg.Listen)
		}
		err = s.apply(ctx, cfg)
	}
	s.metrics.ReloadFailed(err != nil)
	if err != nil {
		s.log.Error("configuration refused, the running one stays", "path", s.global.config, "err", err)
		s.web.Configure(webConfig(s.config.Load(), err.Error()))
		return
	}
	s.log.Info("configuration loaded", "path", s.global.config, "sources", len(cfg.Sources), "channels", len(cfg.Channels))
}

// run runs the parts until ctx ends, or until one of them cannot go on.
func (s *service) run(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// Reading and serving end first; what they still change is published and
	// announced before the rest ends.
	after, stopRest := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRest()

	server := s.web.HTTP(listener.Addr().String())
	var first, rest sync.WaitGroup
	first.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("serve: %w", err))
		}
	})
	first.Go(func() {
		if err := s.ingest.Run(ctx); err != nil {
			stop(err)
		}
	})
	first.Go(func() { s.watch(ctx) })
	rest.Go(func() { s.publish.Run(after, s.changed, func(channels []string) { s.hub.Announce(after, channels) }) })
	rest.Go(func() { s.hub.Run(after) })

	notifySystemd(s.log, daemon.SdNotifyReady)
	<-ctx.Done()
	notifySystemd(s.log, daemon.SdNotifyStopping)
	s.log.Info("stopping")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		server.Close() //nolint:errcheck // whoever is still there had ten seconds
	}
	first.Wait()
	stopRest()
	rest.Wait()
	s.client.Load().Close()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// watch reloads the configuration when it is saved or on SIGHUP, and reads the
// posts when their folder changes, until ctx ends.
func (s *service) watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	saved := make(chan struct{}, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		config.Watch(ctx, s.global.config, func() {
			select {
			case saved <- struct{}{}:
			default:
			}
		})
	})
	wg.Go(func() { s.watchPosts(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			s.reload(ctx)
		case <-saved:
			s.reload(ctx)
		}
	}
}

// watchPosts watches the folder of the posts, and another one when the
// configuration names another, until ctx ends.
func (s *service) watchPosts(ctx context.Context) {
	for dir := <-s.postsDir; ctx.Err() == nil; {
		dir = s.watchFolder(ctx, dir)
	}
}

// watchFolder watches one folder until ctx ends or it is to be another one,
// which it returns.
func (s *service) watchFolder(ctx context.Context, dir string) (next string) {
	watching, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { config.Watch(watching, dir, s.ingest.PostsChanged) })
	defer wg.Wait()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return dir
		case next := <-s.postsDir:
			if next != dir {
				return next
			}
		}
	}
}

// ready returns why the daemon cannot do its work, if so.
func (s *service) ready(ctx context.Context) error {
	_, err := s.store.Revisions(ctx)
	return err
}

// publishSoon wakes the publisher.
func (s *service) publishSoon([]string) {
	select {
	case s.changed <- struct{}{}:
	default: // it has been told
	}
}

// send lends the hub the guarded client of the day.
func (s *service) send(ctx context.Context, req *http.Request, maxBody int64) (fetch.Reply, error) {
	return s.client.Load().Send(ctx, req, maxBody)
}

// topic returns the document at one of our feed addresses, for the hub.
func (s *service) topic(address string) (body []byte, mediaType string, links []string, ok bool) {
	cfg := s.config.Load()
	for _, ch := range cfg.Channels {
		for _, f := range render.Formats {
			if f.URL(cfg.Site, ch.ID) != address {
				continue
			}
			snapshot, err := s.publish.Snapshot(ch.ID, f)
			if err != nil {
				return nil, "", nil, false
			}
			return snapshot.Body, snapshot.MediaType, snapshot.Links, true
		}
	}
	return nil, "", nil, false
}

// pollNow polls a source because an admin asked for it.
func (s *service) pollNow(ctx context.Context, source string) error {
	var skipped error
	err := s.ingest.PollNow(ctx, ingest.ByHand{Sources: []string{source}}, func(row ingest.Row) { skipped = row.Skipped })
	if err == nil && skipped != nil {
		err = fmt.Errorf("%s was not polled: %w", source, skipped)
	}
	return err
}

func (s *service) address(cfg *config.Config) string {
	if s.listen != "" {
		return s.listen
	}
	return cfg.Listen
}

// notifySystemd tells systemd, where it started us, how far we are.
func notifySystemd(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("cannot notify systemd", "err", err)
	}
}
