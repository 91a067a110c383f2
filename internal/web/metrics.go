package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"serai/internal/feed"
	"serai/internal/store"
)

// Metrics are what a monitoring system is told. No label names an address or
// anything else that came from outside. Its methods may be called from many
// goroutines, and on nil, where they do nothing.
type Metrics struct {
	handler http.Handler

	polls        *prometheus.CounterVec
	pollDuration prometheus.Histogram
	entries      *prometheus.CounterVec
	reloadFailed prometheus.Gauge
	requests     *prometheus.CounterVec
	durations    *prometheus.HistogramVec

	feedSent, feedKnown prometheus.Counter // the two that most requests come to
}

// NewMetrics returns metrics that also tell, when they are asked for, what the
// store holds.
func NewMetrics(reader store.Reader, version string) *Metrics {
	m := &Metrics{
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "serai_polls_total", Help: "Polls of sources, by how they ended.",
		}, []string{"outcome"}),
		pollDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "serai_poll_duration_seconds", Help: "How long polls took.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}),
		entries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "serai_entries_total", Help: "Entries that polls brought, by whether they were new or changed.",
		}, []string{"change"}),
		reloadFailed: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "serai_config_reload_failed", Help: "1 while the configuration on disk is refused and an older one is in use.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "serai_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "serai_http_request_duration_seconds", Help: "How long requests took, but for feeds.", Buckets: []float64{.001, .005, .025, .1, .5, 2.5},
		}, []string{"route"}),
	}
	m.feedSent = m.requests.WithLabelValues("feed", "200")
	m.feedKnown = m.requests.WithLabelValues("feed", "304")
	for _, o := range []feed.Outcome{feed.New, feed.Changed, feed.Unchanged, feed.Failed, feed.Gone} {
		m.polls.WithLabelValues(string(o)) // a rate needs the zero that comes before one
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "serai_build_info", Help: "1, with the version of the program.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.polls, m.pollDuration, m.entries, m.reloadFailed, m.requests, m.durations, build,
	)
	if reader != nil {
		registry.MustRegister(&stored{reader: reader})
	}
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 3, Timeout: 10 * time.Second})
	return m
}

// Observe counts a poll.
func (m *Metrics) Observe(p feed.Poll) {
	if m == nil {
		return
	}
	m.polls.WithLabelValues(string(p.Outcome)).Inc()
	m.pollDuration.Observe(p.Took.Seconds())
	m.entries.WithLabelValues("new").Add(float64(p.New))
	m.entries.WithLabelValues("changed").Add(float64(p.Updated))
}

// ReloadFailed says whether the configuration on disk is refused.
func (m *Metrics) ReloadFailed(failed bool) {
	switch {
	case m == nil:
	case failed:
		m.reloadFailed.Set(1)
	default:
		m.reloadFailed.Set(0)
	}
}

// feed counts an answer for a feed.
func (m *Metrics) feed(status int) {
	switch {
	case m == nil:
	case status == http.StatusNotModified:
		m.feedKnown.Inc()
	case status == http.StatusOK:
		m.feedSent.Inc()
	default:
		m.request("feed", status)
	}
}

func (m *Metrics) request(route string, status int) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

// counted counts what next answers under the name of the route.
func (s *Server) counted(route string, next http.Handler) http.Handler {
	if s.Metrics == nil {
		return next
	}
	duration := s.Metrics.durations.WithLabelValues(route)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		duration.Observe(time.Since(began).Seconds())
		s.Metrics.request(route, rec.status)
	})
}

// A recorder remembers the status that was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status, and sends it.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (s *Server) metrics(w http.ResponseWriter, r *http.Request, _ *site) error {
	if s.Metrics == nil {
		return feed.ErrNotFound
	}
	w.Header().Set("Cache-Control", "no-store")
	s.Metrics.handler.ServeHTTP(w, r)
	return nil
}

// stored tells what the store holds. It looks at most every few seconds,
// however often it is asked: counting costs time, and anybody may ask.
type stored struct {
	reader store.Reader

	mu     sync.Mutex
	lasted time.Time           // until when the last look is good; guarded by mu
	last   []prometheus.Metric // guarded by mu
}

const lookAgain = 15 * time.Second

var (
	sourcesDesc  = prometheus.NewDesc("serai_sources", "Declared sources, by how they fare.", []string{"state"}, nil)
	storedDesc   = prometheus.NewDesc("serai_stored", "How many are stored.", []string{"what"}, nil)
	bytesDesc    = prometheus.NewDesc("serai_store_bytes", "Size of the store.", nil, nil)
	revisionDesc = prometheus.NewDesc("serai_channel_revision", "Revision of a channel; it grows with each change of what it holds.", []string{"channel"}, nil)
)

// Describe lists what Collect tells.
func (s *stored) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sourcesDesc, storedDesc, bytesDesc, revisionDesc} {
		ch <- d
	}
}

// Collect tells what the store holds.
func (s *stored) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.After(s.lasted) {
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		metrics, err := s.look(ctx, now)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(storedDesc, err)
			return
		}
		s.last, s.lasted = metrics, now.Add(lookAgain)
	}
	for _, m := range s.last {
		ch <- m
	}
}

func (s *stored) look(ctx context.Context, now time.Time) ([]prometheus.Metric, error) {
	totals, err := s.reader.Totals(ctx)
	if err != nil {
		return nil, fmt.Errorf("count what is stored: %w", err)
	}
	revisions, err := s.reader.Revisions(ctx)
	if err != nil {
		return nil, fmt.Errorf("revisions: %w", err)
	}
	sources, err := s.reader.Sources(ctx)
	if err != nil {
		return nil, fmt.Errorf("sources: %w", err)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
		return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	metrics := []prometheus.Metric{
		gauge(storedDesc, float64(totals.Sources), "sources"),
		gauge(storedDesc, float64(totals.Entries), "entries"),
		gauge(storedDesc, float64(totals.Stories), "stories"),
		gauge(bytesDesc, float64(totals.Bytes)),
	}
	counts := map[string]int{"ok": 0, "quiet": 0, "failing": 0, "gone": 0, "new": 0}
	for i := range sources {
		if sources[i].Declared && sources[i].ID != feed.PostsSource {
			counts[health(&sources[i].State, now)]++
		}
	}
	for state, n := range counts {
		metrics = append(metrics, gauge(sourcesDesc, float64(n), state))
	}
	for channel, revision := range revisions {
		metrics = append(metrics, gauge(revisionDesc, float64(revision.Number), channel))
	}
	return metrics, nil
}
