package websub

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"serai/internal/feed"
	"serai/internal/fetch"
	"serai/internal/store"
)

const (
	base     = "https://site.example"
	topic    = base + "/feeds/all.atom"
	callback = "https://reader.example/cb?id=7"
	body     = "<feed>current</feed>"
)

// memory is the part of a store that a hub uses.
type memory struct {
	store.Store // the rest is not called

	mu     sync.Mutex
	subs   map[target]*record
	counts int // what Subscriptions says besides
}

type record struct {
	store.Subscription
	due, leased time.Time
}

func (m *memory) Subscribe(_ context.Context, s store.Subscription) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subs[target{s.Topic, s.Callback}] = &record{Subscription: s}
	return nil
}

func (m *memory) Unsubscribe(_ context.Context, topic, callback string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.subs, target{topic, callback})
	return nil
}

func (m *memory) Subscriptions(context.Context, time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.subs) + m.counts, nil
}

func (m *memory) Announce(_ context.Context, topics []string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t, r := range m.subs {
		if slices.Contains(topics, t.topic) && r.due.IsZero() {
			r.due, r.Since, r.Tries = now, now, 0
		}
	}
	return nil
}

func (m *memory) Deliveries(_ context.Context, now time.Time, lease time.Duration, limit int) (due []store.Subscription, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.subs {
		if len(due) < limit && !r.due.IsZero() && !r.due.After(now) && !r.leased.After(now) && r.Until.After(now) {
			r.leased = now.Add(lease)
			due = append(due, r.Subscription)
		}
	}
	return due, nil
}

func (m *memory) Delivered(_ context.Context, topic, callback string, retry time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.subs[target{topic, callback}]; r != nil {
		r.due, r.leased = retry, time.Time{}
		if r.Tries++; retry.IsZero() {
			r.Tries = 0
		}
	}
	return nil
}

func (m *memory) targets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for t := range maps.Keys(m.subs) {
		list = append(list, t.topic+" > "+t.callback)
	}
	slices.Sort(list)
	return list
}

// a world is a hub, its store, and the subscribers out there, who are asked in
// process.
type world struct {
	*Hub
	store *memory
	start time.Time

	mu    sync.Mutex
	heard []string
}

func newWorld(t *testing.T, site feed.Site, subscriber http.HandlerFunc) *world {
	t.Helper()
	w := &world{store: &memory{subs: make(map[target]*record)}, start: time.Now()}
	w.Hub = NewHub(Options{
		Store: w.store,
		Send: func(_ context.Context, req *http.Request, _ int64) (fetch.Reply, error) {
			answer := httptest.NewRecorder()
			subscriber(answer, req)
			return fetch.Reply{Status: answer.Code, Header: answer.Header(), Body: answer.Body.Bytes()}, nil
		},
		Topic: func(url string) ([]byte, string, []string, bool) {
			links := []string{`<` + topic + `>; rel="self"`, `<` + base + `/hub>; rel="hub"`}
			return []byte(body), "application/atom+xml; charset=utf-8", links, url == topic
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	site.URL = base
	w.Configure(site)
	return w
}

// note keeps what was heard, with the time since the start.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf("%v ", time.Since(w.start))+fmt.Sprintf(format, args...))
}

func (w *world) expect(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff(want, w.heard); diff != "" {
		t.Errorf("what was heard (-want +got):\n%s", diff)
	}
}

func (w *world) expectTargets(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.store.targets()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
}

// run runs the hub for as long as the test lasts.
func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func (w *world) post(t *testing.T, remote string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hub", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = remote
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

func form(pairs ...string) url.Values {
	f := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.callback": {callback}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

const client = "203.0.113.9:4000"

func TestParameters(t *testing.T) {
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
	}{
		{"subscribe_is_accepted", form(), 202},
		{"unknown_parameters_are_ignored", form("hub.verify", "sync", "x", "y"), 202},
		{"mode_is_needed", form("hub.mode", ""), 400},
		{"nobody_else_publishes", form("hub.mode", "publish"), 400},
		{"foreign_topic_is_refused", form("hub.topic", "https://other.example/feed"), 400},
		{"foreign_topic_can_be_unsubscribed", form("hub.mode", "unsubscribe", "hub.topic", base+"/feeds/old.rss"), 202},
		{"callback_is_needed", form("hub.callback", ""), 400},
		{"callback_must_be_http", form("hub.callback", "ftp://reader.example/"), 400},
		{"callback_must_be_absolute", form("hub.callback", "/cb"), 400},
		{"callback_has_no_user_name", form("hub.callback", "https://a:b@reader.example/"), 400},
		{"callback_has_no_fragment", form("hub.callback", "https://reader.example/#x"), 400},
		{"callback_has_no_control_characters", form("hub.callback", "https://reader.example/\r\nX: y"), 400},
		{"callback_is_bounded", form("hub.callback", "https://reader.example/"+strings.Repeat("a", maxCallback)), 400},
		{"secret_below_200_bytes", form("hub.secret", strings.Repeat("s", 199)), 202},
		{"secret_of_200_bytes_is_refused", form("hub.secret", strings.Repeat("s", 200)), 400},
		{"lease_must_be_a_number", form("hub.lease_seconds", "a week"), 400},
		{"negative_lease_is_clamped", form("hub.lease_seconds", "-5"), 202},
		{"endless_lease_is_clamped", form("hub.lease_seconds", "99999999999999999999"), 202},
		{"form_is_bounded", form("x", strings.Repeat("x", maxForm)), 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, feed.Site{Hub: "self"}, nil)
			answer := w.post(t, client, tt.form)
			if answer.Code != tt.status {
				t.Errorf("status %d, want %d: %s", answer.Code, tt.status, answer.Body)
			}
			if tt.status >= 400 && answer.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("refused as %q", answer.Header().Get("Content-Type"))
			}
		})
	}
}

func TestOtherRequests(t *testing.T) {
	for _, tt := range []struct {
		name, hub, method, kind string
		status                  int
	}{
		{"get_is_not_allowed", "self", http.MethodGet, "", 405},
		{"json_is_not_read", "self", http.MethodPost, "application/json", 415},
		{"no_type_is_not_read", "self", http.MethodPost, "", 415},
		{"no_hub_is_not_found", "none", http.MethodPost, "application/x-www-form-urlencoded", 404},
		{"outside_hub_is_not_here", "https://hub.example/", http.MethodPost, "application/x-www-form-urlencoded", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, feed.Site{Hub: tt.hub}, nil)
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "/hub", strings.NewReader("hub.mode=subscribe"))
			r.Header.Set("Content-Type", tt.kind)
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, r)
			if answer.Code != tt.status {
				t.Errorf("status %d, want %d", answer.Code, tt.status)
			}
		})
	}
}

func TestLease(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration
	}{
		{"", defaultLease},
		{"0", minLease}, {"-1", minLease}, {"3599", minLease}, {"-99999999999999999999", minLease},
		{"3601", 3601 * time.Second}, {"864000", 10 * 24 * time.Hour},
		{"315360000", maxLease}, {"99999999999999999999", maxLease},
	} {
		got, err := readLease(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("readLease(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, feed.Site{Hub: "self"}, nil)
		own := func(i int) url.Values {
			return form("hub.callback", fmt.Sprintf("https://reader%d.example/", i))
		}
		for i := range perClient {
			if code := w.post(t, client, own(i)).Code; code != 202 {
				t.Fatalf("request %d: status %d", i, code)
			}
		}
		if a := w.post(t, client, own(10)); a.Code != 429 || a.Header().Get("Retry-After") != "61" {
			t.Errorf("client over its limit: %d, Retry-After %q", a.Code, a.Header().Get("Retry-After"))
		}
		if code := w.post(t, "203.0.113.10:1", own(11)).Code; code != 202 {
			t.Errorf("another client: status %d", code)
		}
		for i := range perHost {
			if code := w.post(t, fmt.Sprintf("198.51.100.%d:1", i), form()).Code; code != 202 {
				t.Fatalf("callback host, request %d: status %d", i, code)
			}
		}
		if code := w.post(t, "198.51.100.200:1", form()).Code; code != 429 {
			t.Errorf("callback host over its limit: status %d", code)
		}
		if len(w.queue) != perClient+2 {
			t.Errorf("%d verifications wait: one target must wait once", len(w.queue))
		}
		for i := range 20 {
			if code := w.post(t, "10.0.0.1:1", own(20+i)).Code; code != 202 {
				t.Errorf("behind our own proxy, request %d: status %d", i, code)
			}
		}
		// By the bubble's clock.
		time.Sleep(61 * time.Second)
		if code := w.post(t, client, own(50)).Code; code != 202 {
			t.Errorf("a minute later: status %d", code)
		}
		w.store.counts = maxSubscriptions
		if code := w.post(t, "203.0.113.11:1", own(51)).Code; code != 503 {
			t.Errorf("with all subscriptions taken: status %d", code)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	w := newWorld(t, feed.Site{Hub: "self"}, nil)
	for i := range maxPending {
		if err := w.enqueue(target{topic, fmt.Sprint(i)}, request{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.enqueue(target{topic, "one more"}, request{}); err == nil {
		t.Error("the queue takes more than it holds")
	}
	if err := w.enqueue(target{topic, "0"}, request{mode: "unsubscribe"}); err != nil {
		t.Errorf("a target that waits already: %v", err)
	}
	if got := w.dequeue(target{topic, "0"}).mode; got != "unsubscribe" {
		t.Errorf("the latest request is %q", got)
	}
}

func TestVerification(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   []string
	}{
		{"echo_confirms", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		}, []string{topic + " > " + callback}},
		{"echo_with_more_is_a_no", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge")+"\n")
		}, nil},
		{"success_without_echo_is_a_no", func(http.ResponseWriter, *http.Request) {}, nil},
		{"not_found_is_a_no", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		}, nil},
		{"redirect_is_a_no", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/?"+r.URL.RawQuery, http.StatusFound)
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, feed.Site{Hub: "self"}, tt.answer)
				w.run(t)
				if code := w.post(t, client, form()).Code; code != 202 {
					t.Fatalf("status %d", code)
				}
				synctest.Wait()
				w.expectTargets(t, tt.want...)
			})
		})
	}
}

func TestQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *world
		w = newWorld(t, feed.Site{Hub: "self"}, func(rw http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			w.note("%s id=%s mode=%s topic=%s lease=%q", r.Method, q.Get("id"), q.Get("hub.mode"), q.Get("hub.topic"), q.Get("hub.lease_seconds"))
			_, _ = io.WriteString(rw, q.Get("hub.challenge"))
		})
		w.run(t)
		w.post(t, client, form("hub.lease_seconds", "7200", "hub.secret", "s"))
		synctest.Wait()
		if got := w.store.subs[target{topic, callback}]; got.Secret != "s" || got.Until != w.start.Add(2*time.Hour) {
			t.Errorf("subscribed as %+v", got.Subscription)
		}
		w.post(t, client, form("hub.mode", "unsubscribe"))
		synctest.Wait()
		w.expectTargets(t)
		w.expect(t,
			"0s GET id=7 mode=subscribe topic="+topic+` lease="7200"`,
			"0s GET id=7 mode=unsubscribe topic="+topic+` lease=""`,
		)
	})
}

// subscribed returns a world in which one subscriber answers deliveries with
// the given status.
func subscribed(t *testing.T, secret string, answer func(try int) (status int, retryAfter string)) *world {
	t.Helper()
	var w *world
	try := 0
	w = newWorld(t, feed.Site{Hub: "self"}, func(rw http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if string(got) != body {
			t.Errorf("delivered %q", got)
		}
		status, after := answer(try)
		try++
		w.note("%s %s -> %d", r.Method, r.URL, status)
		if after != "" {
			rw.Header().Set("Retry-After", after)
		}
		if want := sign([]byte(body), secret); secret != "" && r.Header.Get("X-Hub-Signature") != want {
			t.Errorf("signed %q, want %q", r.Header.Get("X-Hub-Signature"), want)
		}
		if links := r.Header.Values("Link"); len(links) != 2 {
			t.Errorf("links %q", links)
		}
		rw.WriteHeader(status)
	})
	if err := w.store.Subscribe(t.Context(), store.Subscription{
		Topic: topic, Callback: callback, Secret: secret, Until: w.start.Add(defaultLease),
	}); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	return w
}

func TestDelivery(t *testing.T) {
	post := "POST " + callback + " -> "
	always := func(status int) func(int) (int, string) { return func(int) (int, string) { return status, "" } }
	for _, tt := range []struct {
		name   string
		answer func(int) (int, string)
		heard  []string
		ended  bool
	}{
		{"success_is_delivered_once", always(204), []string{"0s " + post + "204"}, false},
		{"gone_ends_the_subscription", always(410), []string{"0s " + post + "410"}, true},
		{"failure_is_tried_again", func(try int) (int, string) { return []int{500, 200}[min(try, 1)], "" },
			[]string{"0s " + post + "500", "1m0s " + post + "200"}, false},
		{"patience_is_granted", func(try int) (int, string) { return []int{503, 200}[min(try, 1)], "600" },
			[]string{"0s " + post + "503", "10m0s " + post + "200"}, false},
		{"after_a_day_the_news_is_old", always(500), []string{
			"0s " + post + "500", "1m0s " + post + "500", "6m0s " + post + "500", "36m0s " + post + "500",
			"1h36m0s " + post + "500", "3h36m0s " + post + "500", "7h36m0s " + post + "500", "15h36m0s " + post + "500",
			"23h36m0s " + post + "500",
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := subscribed(t, "geheim", tt.answer)
				w.Announce(t.Context(), []string{"all"})
				// By the bubble's clock.
				time.Sleep(3*24*time.Hour + time.Second)
				w.expect(t, tt.heard...)
				if ended := len(w.store.targets()) == 0; ended != tt.ended {
					t.Errorf("ended %v, want %v", ended, tt.ended)
				}
			})
		})
	}
}

func TestUnsignedWithoutSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *world
		w = newWorld(t, feed.Site{Hub: "self"}, func(_ http.ResponseWriter, r *http.Request) {
			w.note("signed %q", r.Header.Values("X-Hub-Signature"))
		})
		if err := w.store.Subscribe(t.Context(), store.Subscription{Topic: topic, Callback: callback, Until: w.start.Add(minLease)}); err != nil {
			t.Fatal(err)
		}
		w.run(t)
		w.Announce(t.Context(), []string{"all"})
		synctest.Wait()
		w.expect(t, "0s signed []")
		// By the bubble's clock.
		time.Sleep(minLease + time.Second)
		w.Announce(t.Context(), []string{"all"})
		// By the bubble's clock.
		time.Sleep(time.Hour)
		w.expect(t, "0s signed []") // the lease has ended
	})
}

func TestOutsideHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var w *world
		w = newWorld(t, feed.Site{Hub: "https://hub.example/"}, func(rw http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			w.note("%s %s %s %s", r.Method, r.URL, r.PostForm.Get("hub.mode"), strings.Join(r.PostForm["hub.url"], " "))
			if down.Load() {
				rw.WriteHeader(http.StatusBadGateway)
			}
		})
		w.run(t)
		w.Announce(t.Context(), []string{"all"})
		// By the bubble's clock.
		time.Sleep(10 * time.Second)
		w.Announce(t.Context(), []string{"all", "own"}) // gathered with the first
		// By the bubble's clock.
		time.Sleep(time.Hour)
		down.Store(true)
		w.Announce(t.Context(), []string{"own"})
		// By the bubble's clock.
		time.Sleep(time.Minute)
		down.Store(false)
		// By the bubble's clock.
		time.Sleep(time.Hour)
		ping := "POST https://hub.example/ publish "
		own := base + "/feeds/own.atom " + base + "/feeds/own.json " + base + "/feeds/own.rss"
		all := base + "/feeds/all.atom " + base + "/feeds/all.json " + base + "/feeds/all.rss"
		w.expect(t,
			"30s "+ping+all+" "+own,
			"1h0m40s "+ping+own,
			"1h1m40s "+ping+own,
		)
	})
}

func TestQueryOfCallbackIsKept(t *testing.T) {
	more := url.Values{"hub.mode": {"x"}}
	for address, want := range map[string]string{
		"https://r.example/":            "https://r.example/?hub.mode=x",
		"https://r.example/?":           "https://r.example/?hub.mode=x",
		"https://r.example/?b=2&a=%7e+": "https://r.example/?b=2&a=%7e+&hub.mode=x",
		"https://r.example/?a;b":        "https://r.example/?a;b&hub.mode=x",
	} {
		if got := withQuery(address, more); got != want {
			t.Errorf("withQuery(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestClientOf(t *testing.T) {
	for remote, want := range map[string]string{
		"203.0.113.9:1":            "203.0.113.9 false",
		"[2001:db8:1:2:3::9]:1":    "2001:db8:1:2::/64 false",
		"[::ffff:203.0.113.9]:443": "203.0.113.9 false",
		"127.0.0.1:1":              "127.0.0.1 true",
		"[fe80::1%eth0]:1":         "fe80::/64 true",
		"@":                        "@ false",
	} {
		client, near := clientOf(remote)
		if got := fmt.Sprint(client, " ", near); got != want {
			t.Errorf("clientOf(%q) = %s, want %s", remote, got, want)
		}
	}
}

func FuzzCheckCallback(f *testing.F) {
	f.Add(callback)
	f.Add("http://[::1]:80/?a#b")
	f.Fuzz(func(t *testing.T, address string) {
		host, err := checkCallback(address)
		if err != nil {
			return
		}
		// Whatever passes can be asked, at the host that was counted.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, withQuery(address, url.Values{"a": {"b"}}), http.NoBody)
		if err != nil {
			t.Fatalf("%q passes and cannot be asked: %v", address, err)
		}
		if got := strings.ToLower(strings.TrimSuffix(req.URL.Hostname(), ".")); got != host {
			t.Fatalf("%q: counted for %q, asks %q", address, host, got)
		}
	})
}
