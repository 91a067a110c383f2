//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"serai/internal/store"
)

// A lock is held by the one daemon that has the store. The kernel gives it back
// when the process ends, however it ends; the file stays, for to remove it
// would let two processes each lock one of that name.
type lock struct{ file *os.File }

// acquire takes the lock or fails with [store.ErrInUse].
func acquire(path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w%s; stop that one first, or give this one a store of its own", store.ErrInUse, holder(file))
		}
		return nil, errors.Join(err, file.Close())
	}
	l := &lock{file}
	if err := l.sign(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// sign writes who has the lock, for people.
func (l *lock) sign(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

func (l *lock) release() error {
	return errors.Join(l.sign(""), l.file.Close())
}

// holder names the process that has the lock, if it has said so.
func holder(file *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(", process %d", pid)
}
