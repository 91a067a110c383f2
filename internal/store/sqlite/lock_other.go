//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sqlite

import (
	"errors"
	"fmt"
)

// A lock cannot be had here.
type lock struct{}

func acquire(path string) (*lock, error) {
	return nil, fmt.Errorf("lock %s: a daemon needs flock(2), which this system lacks: %w", path, errors.ErrUnsupported)
}

func (*lock) release() error { return nil }
