package sqlite

import (
	"path/filepath"
	"testing"

	"serai/internal/store"
	"serai/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return opened(t, filepath.Join(t.TempDir(), "serai.db"), Options{})
	})
}

// opened opens a store for the length of the test.
func opened(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.calls.begin() != nil {
			return // the test has closed it
		}
		s.calls.done()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
