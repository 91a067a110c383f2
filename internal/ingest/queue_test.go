package ingest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"serai/internal/feed"
	"serai/internal/schedule"
)

// TestQueueSpacesEachHost plays two workers against a busy host and a quick
// one: the busy one is asked by one worker at a time and rests between two
// tasks, and the quick one does not wait for it.
func TestQueueSpacesEachHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := newQueue(), time.Now()
		for i := range 3 {
			q.add(task{source: feed.Source{ID: fmt.Sprint("slow", i)}, host: "slow.example:443"})
		}
		q.add(task{source: feed.Source{ID: "quick"}, host: "quick.example:443"})
		q.close()

		var mu sync.Mutex
		var timeline []string
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for {
					tk, ok := q.take(t.Context())
					if !ok {
						return
					}
					mu.Lock()
					timeline = append(timeline, fmt.Sprintf("%s at %s", tk.source.ID, time.Since(start)))
					mu.Unlock()
					// By the bubble's clock.
					time.Sleep(3 * time.Second)
					q.done(tk, schedule.Host{}, time.Second)
				}
			})
		}
		wg.Wait()
		got := strings.Join(timeline[2:], ", ")
		if want := "slow1 at 4s, slow2 at 8s"; got != want {
			t.Errorf("after the first two, got %s; want %s", got, want)
		}
		if first := strings.Join(timeline[:2], " "); !strings.Contains(first, "quick at 0s") || !strings.Contains(first, "slow0 at 0s") {
			t.Errorf("both hosts are asked at once; got %s", first)
		}
	})
}

func TestQueueRespectsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := newQueue(), time.Now()
		first := task{host: "busy.example:443"}
		q.add(first)
		if _, ok := q.take(t.Context()); !ok {
			t.Fatal("no task")
		}
		q.done(first, schedule.Host{PauseUntil: start.Add(time.Hour)}, time.Second)
		q.add(task{host: "busy.example:443"})
		if _, ok := q.take(t.Context()); !ok || time.Since(start) != time.Hour {
			t.Errorf("given out after %s, want 1h", time.Since(start))
		}
	})
}

func TestQueueTakeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, ok := newQueue().take(ctx); ok {
			t.Error("a task came out of an empty queue")
		}
	})
}

// TestOutageHandsOutOneSourceAMinute lets five sources of five hosts fail to be
// reached, and then one answer.
func TestOutageHandsOutOneSourceAMinute(t *testing.T) {
	in, now := New(Options{}), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 5 {
		in.outage(fmt.Sprintf("host%d.example:443", i), &feed.Failure{Class: feed.FailNetwork}, now)
	}
	for _, step := range []struct {
		after time.Duration
		free  int
	}{{0, 1}, {time.Second, 0}, {59 * time.Second, 0}, {time.Minute, 1}, {61 * time.Second, 0}} {
		if free, again := in.allowance(now.Add(step.after)); free != step.free || !again.After(now.Add(step.after)) {
			t.Errorf("after %s: %d may be handed out, and again at %s; want %d", step.after, free, again, step.free)
		}
	}
	in.outage("host1.example:443", nil, now)
	if free, _ := in.allowance(now); free != room {
		t.Errorf("after an answer %d may be handed out, want %d", free, room)
	}
}

func TestHostOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://A.example/feed":      "a.example:443",
		"http://a.example/feed":       "a.example:80",
		"http://a.example:8080/?q=1":  "a.example:8080",
		"https://[2001:db8::1]/a.xml": "[2001:db8::1]:443",
	} {
		if got := hostOf(address); got != want {
			t.Errorf("hostOf(%s) = %s, want %s", address, got, want)
		}
	}
}
