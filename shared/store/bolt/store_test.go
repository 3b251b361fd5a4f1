package bolt_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/store/bolt"
	"dps/shared/store/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) dps.Store { return open(t, filepath.Join(t.TempDir(), "dps.db")) })
}

// open gives a store that is closed with the test.
func open(t testing.TB, path string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
