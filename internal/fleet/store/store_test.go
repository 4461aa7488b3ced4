package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/fleet/store"
)

// stores are all stores, each with a place where nothing can be written.
var stores = map[string]func(t *testing.T) fleet.Store{
	"dir": func(t *testing.T) fleet.Store {
		return store.NewDir(filepath.Join(t.TempDir(), "not", "there"))
	},
	"s3": func(t *testing.T) fleet.Store {
		return store.NewS3(cloudtest.New(t).Bucket(t), "/fleet/")
	},
}

// TestContract holds every store to what package fleet relies on.
func TestContract(t *testing.T) {
	const key = "daily/20261130T090000Z/parts/prod.part"
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s, ctx := open(t), t.Context()
			if data, version, err := s.Get(ctx, key, 100); data != nil || version != "" || err != nil {
				t.Fatalf("nothing there: got %q, %q, %v; want nothing", data, version, err)
			}
			if err := s.Swap(ctx, key, []byte("one"), "unknown"); !errors.Is(err, fleet.ErrConflict) {
				t.Errorf("a version of nothing: got %v, want a conflict", err)
			}
			if err := s.Swap(ctx, key, []byte("one"), ""); err != nil {
				t.Fatal(err)
			}
			if err := s.Swap(ctx, key, []byte("two"), ""); !errors.Is(err, fleet.ErrConflict) {
				t.Errorf("something is there: got %v, want a conflict", err)
			}
			data, version, err := s.Get(ctx, key, 100)
			if err != nil || string(data) != "one" || version == "" {
				t.Fatalf("got %q, %q, %v; want one", data, version, err)
			}
			if err := s.Swap(ctx, key, []byte("two"), version); err != nil {
				t.Fatal(err)
			}
			if err := s.Swap(ctx, key, []byte("3"), version); !errors.Is(err, fleet.ErrConflict) {
				t.Errorf("an old version: got %v, want a conflict", err)
			}
			if _, version, err := s.Get(ctx, key, 2); !errors.Is(err, fleet.ErrTooLarge) ||
				version == "" {
				t.Errorf("larger than the limit: got %q, %v; want ErrTooLarge with a version",
					version, err)
			}
			if data, _, err := s.Get(ctx, key, 3); err != nil || string(data) != "two" {
				t.Errorf("got %q, %v; want two", data, err)
			}
		})
	}
}

// Of several programs that write at once, one succeeds.
func TestOneWriter(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			var won atomic.Int32
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					err := s.Swap(context.Background(), "daily/plan.json", []byte("x"), "")
					if err == nil {
						won.Add(1)
					} else if !errors.Is(err, fleet.ErrConflict) {
						t.Errorf("got %v, want none or a conflict", err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 {
				t.Errorf("got %d writers that succeeded, want 1", won.Load())
			}
		})
	}
}

func TestDirThatIsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := store.NewDir(file)
	if _, _, err := s.Get(t.Context(), "a/b", 1); err == nil {
		t.Error("Get: got no error, want one")
	}
	if err := s.Swap(t.Context(), "a/b", nil, ""); err == nil || errors.Is(err, fleet.ErrConflict) {
		t.Errorf("Swap: got %v, want an error that is no conflict", err)
	}
}
