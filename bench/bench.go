// Package bench measures the program from outside, as its operator would meet
// it: the built binary polls an origin of a thousand feeds on loopback, and the
// store is filled until a channel stands on a million entries.
//
// The package itself is the origin and the way of measuring a child process;
// the benchmarks are in its test files. README.md says how to run them, and
// what they gave.
package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A Usage is what a child process cost.
type Usage struct {
	CPU  time.Duration // user and system
	Wall time.Duration
	Peak int64 // bytes of memory that were resident at once, at most
}

// Measure runs the command to its end and returns what it cost.
//
// Memory is read from /proc, so there is a figure on Linux only. The peak that
// wait(2) reports is of no use here: on Linux a child inherits that of the
// process that started it.
func Measure(cmd *exec.Cmd) (Usage, error) {
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, err
	}
	watching, stop := context.WithCancel(context.Background())
	peak := make(chan int64, 1)
	go func() { peak <- watchPeak(watching, cmd.Process.Pid) }()
	err := cmd.Wait()
	took := time.Since(began)
	stop()
	return Usage{
		CPU:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		Wall: took,
		Peak: <-peak,
	}, err
}

// watchPeak looks at the process's high-water mark until it is told to stop,
// and returns the last one seen.
func watchPeak(ctx context.Context, pid int) (peak int64) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return peak
		case <-look.C:
			if now, err := Peak(pid); err == nil {
				peak = max(peak, now)
			}
		}
	}
}

// Peak returns how much memory the running process has had resident at once,
// in bytes.
func Peak(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		return kb << 10, err
	}
	return 0, fmt.Errorf("process %d: no high-water mark", pid)
}

// SizeOf returns how many bytes the files of a database take together: the
// file itself and what stands beside it under the same name.
func SizeOf(database string) (total int64, err error) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(database + suffix)
		switch {
		case err == nil:
			total += info.Size()
		case !os.IsNotExist(err):
			return 0, err
		}
	}
	return total, nil
}
