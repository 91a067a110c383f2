package storetest

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"serai/internal/store"
)

var dueTests = []test{
	{"oldest_debt_comes_first", func(t *testing.T, f *fixture) {
		_, err := f.s.Declare(t.Context(), []store.Declared{{ID: "a", First: start.Add(2)}, {ID: "b", First: start.Add(-time.Hour)}, {ID: "c", First: start.Add(-time.Minute)}}, nil)
		check(t, err)
		jobs, err := f.s.Due(t.Context(), start.Add(time.Second), time.Minute, 2)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"b", "c"})
		jobs, err = f.s.Due(t.Context(), start.Add(time.Second), time.Minute, 2)
		check(t, err)
		same(t, "the rest", ids(jobs), []string{"a"})
	}},
	{"what_is_not_due_is_not_handed_out", func(t *testing.T, f *fixture) {
		f.declare(t)
		jobs, err := f.s.Due(t.Context(), start.Add(-time.Second), time.Minute, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{})
		f.poll(t, "a")
		jobs, err = f.s.Due(t.Context(), start.Add(30*time.Minute), time.Minute, 10)
		check(t, err)
		same(t, "jobs after a poll of a", ids(jobs), []string{"b", "c"})
	}},
	{"a_zero_next_is_never_due", func(t *testing.T, f *fixture) {
		f.declare(t)
		r := f.record("a")
		r.State.Next = time.Time{}
		f.put(t, r)
		jobs, err := f.s.Due(t.Context(), start.Add(10000*time.Hour), time.Minute, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"b", "c"})
	}},
	{"each_is_handed_out_once", func(t *testing.T, f *fixture) {
		var declared []store.Declared
		for i := range 50 {
			declared = append(declared, store.Declared{ID: strconv.Itoa(i), First: start})
		}
		_, err := f.s.Declare(t.Context(), declared, nil)
		check(t, err)
		var mu sync.Mutex
		seen := map[string]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					jobs, err := f.s.Due(t.Context(), start, time.Minute, 3)
					if err != nil {
						t.Error(err)
					}
					if len(jobs) == 0 {
						return
					}
					mu.Lock()
					for _, j := range jobs {
						seen[j.Source]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != 50 {
			t.Errorf("%d of 50 sources were handed out", len(seen))
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("source %s was handed out %d times", id, n)
			}
		}
	}},
	{"the_attempt_is_noted_when_handed_out", func(t *testing.T, f *fixture) {
		f.declare(t)
		jobs, err := f.s.Due(t.Context(), start, time.Minute, 1)
		check(t, err)
		same(t, "attempt", jobs[0].State.LastAttempt, start)
		status, err := f.s.Source(t.Context(), jobs[0].Source)
		check(t, err)
		same(t, "attempt as read", status.State.LastAttempt, start)
	}},
	{"a_lease_ends_with_its_time", func(t *testing.T, f *fixture) {
		f.declare(t)
		_, err := f.s.Due(t.Context(), start, time.Minute, 10)
		check(t, err)
		next, err := f.s.NextDue(t.Context())
		check(t, err)
		same(t, "next due", next, start.Add(time.Minute))
		jobs, err := f.s.Due(t.Context(), start.Add(time.Minute-1), time.Minute, 10)
		check(t, err)
		same(t, "within", ids(jobs), []string{})
		jobs, err = f.s.Due(t.Context(), start.Add(time.Minute), time.Minute, 10)
		check(t, err)
		same(t, "after", ids(jobs), []string{"a", "b", "c"})
	}},
	{"record_ends_the_lease", func(t *testing.T, f *fixture) {
		f.declare(t)
		f.claim(t, start, "a")
		f.poll(t, "a")
		same(t, "claimed again", ids(f.claim(t, start, "a")), []string{"a"})
	}},
	{"release_gives_back_what_is_due_when_it_was", func(t *testing.T, f *fixture) {
		f.declare(t)
		_, err := f.s.Due(t.Context(), start, time.Hour, 10)
		check(t, err)
		check(t, f.s.Release(t.Context(), "b"))
		jobs, err := f.s.Due(t.Context(), start, time.Hour, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"b"})
		same(t, "due", jobs[0].State.Next, start)
	}},
	{"claim_passes_over_what_another_poll_has_under_way", func(t *testing.T, f *fixture) {
		f.declare(t)
		early := start.Add(-time.Hour)
		same(t, "before it is due", ids(f.claim(t, early, "b")), []string{"b"})
		same(t, "of both", ids(f.claim(t, early, "b", "a", "a")), []string{"a"})
		same(t, "after the lease", ids(f.claim(t, start, "b", "a")), []string{"a", "b"})
	}},
	{"reschedule_moves_and_says_why", func(t *testing.T, f *fixture) {
		f.declare(t)
		check(t, f.s.Reschedule(t.Context(), map[string]store.Due{
			"a": {At: start.Add(time.Hour), Because: "new schedule"}, "b": {Because: "rests"}, "unknown": {At: start},
		}))
		jobs, err := f.s.Due(t.Context(), start, time.Minute, 10)
		check(t, err)
		same(t, "jobs", ids(jobs), []string{"c"})
		status, err := f.s.Source(t.Context(), "a")
		check(t, err)
		same(t, "because", status.State.Because, "new schedule")
		same(t, "next", status.State.Next, start.Add(time.Hour))
	}},
}
