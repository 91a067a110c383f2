package main

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"serai/internal/parse"
)

// bars are the shares of a tier's feeds that must pass. The last three tiers
// hold what nobody can read for certain.
var bars = map[string]float64{
	"core": 0.99, "real": 0.99, "http": 0.97, "charset": 0.97, "regional": 0.97, "dates": 0.97, "lenient": 0.95,
	"extended": 0.90, "sanitize": 0.99, "robust": 1, "dates-invalid": 0.60, "dates-exotic": 0.60, "chardet": 0.50,
}

// An expectation is what must be read from one feed.
type expectation struct {
	Feed    string            `json:"feed"`
	About   string            `json:"about"`
	Tier    string            `json:"tier"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Checks  []check           `json:"checks"`
}

// A check holds when a value at one of its paths satisfies it.
type check struct {
	Any  []string `json:"any"`
	Is   string   `json:"is"`
	Want any      `json:"want"`
}

// TestConformance reads every feed of the shared corpus as `serai parse` does
// and compares what it would print with what is expected, tier by tier.
func TestConformance(t *testing.T) {
	root := sharedFeeds(t)
	passed, total := map[string]int{}, map[string]int{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".expect.json") {
			return err
		}
		e := readExpectation(t, name)
		total[e.Tier]++
		if fault := conforms(t, e, strings.TrimSuffix(name, ".expect.json")); fault == "" {
			passed[e.Tier]++
		} else {
			rel, _ := filepath.Rel(root, name)
			t.Logf("%s: %s (%s)\n\t%s", e.Tier, strings.TrimSuffix(rel, ".expect.json"), e.About, fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tier := range slices.Sorted(maps.Keys(total)) {
		share := float64(passed[tier]) / float64(total[tier])
		t.Logf("%-14s %3d of %3d  %5.1f %%  (bar %.0f %%)", tier, passed[tier], total[tier], share*100, bars[tier]*100)
		if share < bars[tier] {
			t.Errorf("tier %s is below its bar", tier)
		}
	}
}

// sharedFeeds finds the corpus, which is no part of the repository.
func sharedFeeds(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("SERAI_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	root := filepath.Join(shared, "testdata", "feeds")
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared corpus of feeds is not beside the repository")
	}
	return root
}

func readExpectation(t *testing.T, name string) expectation {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var e expectation
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return e
}

// conforms returns what is wrong with what we read, or nothing.
func conforms(t *testing.T, e expectation, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for k, v := range e.Headers {
		header.Set(k, v)
	}
	doc, err := parse.Document(body, parse.Options{URL: e.URL, ContentType: header.Get("Content-Type"), ContentLanguage: header.Get("Content-Language")})
	if err != nil {
		if slices.ContainsFunc(e.Checks, func(c check) bool { return c.Is != "survives" }) {
			return err.Error()
		}
		return ""
	}
	printed, err := json.Marshal(neutral(doc, e.URL))
	if err != nil {
		return err.Error()
	}
	var got any
	if err := json.Unmarshal(printed, &got); err != nil {
		return err.Error()
	}
	for _, c := range e.Checks {
		if !c.holds(got) {
			want, _ := json.Marshal(c.Want)
			return c.Is + " " + strings.Join(c.Any, " | ") + "\n\twant " + clipped(string(want)) + "\n\tgot  " + clipped(found(got, c.Any))
		}
	}
	return ""
}

func clipped(s string) string {
	if len(s) > 400 {
		return s[:400] + "…"
	}
	return s
}

// found tells what stands at the paths of a check.
func found(got any, paths []string) string {
	var all []any
	for _, p := range paths {
		all = append(all, valuesAt(got, p)...)
	}
	data, _ := json.Marshal(all)
	return string(data)
}
