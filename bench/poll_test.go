package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkPoll measures the program as a child process on an origin of a
// thousand feeds of 20 entries of 4 KB: the first poll of all, and a later one
// that every feed answers with 304. SERAI_BENCH_FEEDS sets another number.
func BenchmarkPoll(b *testing.B) {
	feeds := number(b, "SERAI_BENCH_FEEDS", 1000)
	binary := build(b)
	origin, err := Listen(feeds, Shape{Entries: 20, Bytes: 4 << 10})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := origin.Close(); err != nil {
			b.Error(err)
		}
	})
	b.Run("first", func(b *testing.B) {
		var total Usage
		for b.Loop() {
			total = plus(total, poll(b, binary, fresh(b, origin)))
			if full := origin.Full.Swap(0); full != int64(feeds) {
				b.Fatalf("%d of %d feeds were read", full, feeds)
			}
		}
		report(b, total)
	})
	b.Run("unchanged", func(b *testing.B) {
		dir := fresh(b, origin)
		poll(b, binary, dir)
		origin.Full.Store(0)
		var total Usage
		for b.Loop() {
			total = plus(total, poll(b, binary, dir, "--again"))
			if same := origin.NotModified.Swap(0); same != int64(feeds) {
				b.Fatalf("%d of %d feeds were asked and had not changed", same, feeds)
			}
		}
		report(b, total)
		size, err := SizeOf(filepath.Join(dir, "serai.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/1e6, "db-MB")
	})
}

// build builds the program as it is released and returns its path.
func build(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "serai")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "serai/cmd/serai")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// fresh makes a folder with nothing but a feeds.yaml.
func fresh(b *testing.B, origin *Origin) string {
	b.Helper()
	dir := b.TempDir()
	if err := origin.WriteConfig(filepath.Join(dir, "feeds.yaml")); err != nil {
		b.Fatal(err)
	}
	return dir
}

// poll runs the program's poll of everything to its end.
func poll(b *testing.B, binary, dir string, flags ...string) Usage {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary, append([]string{"poll"}, flags...)...)
	cmd.Dir = dir
	cmd.Stderr = b.Output()
	used, err := Measure(cmd)
	if err != nil {
		b.Fatal(err)
	}
	return used
}

func plus(a, b Usage) Usage {
	return Usage{CPU: a.CPU + b.CPU, Wall: a.Wall + b.Wall, Peak: max(a.Peak, b.Peak)}
}

// report adds what the benchmark's own clock cannot know: it would count the
// origin's work, and that of setting up.
func report(b *testing.B, total Usage) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(total.Wall.Seconds()/float64(b.N), "wall-s/op")
	b.ReportMetric(total.CPU.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(total.Peak)/1e6, "peak-MB")
}

// number reads a number from the environment.
func number(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s: %q is not a number above zero", name, text)
	}
	return n
}
