//go:build unix

package fleet_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// memory is a store that has the same panels for every cluster: it renames those of one. A thousand
// parts would not fit into the memory that is measured.
type memory struct {
	plan   fleet.Plan
	panels []snapshot.Panel
}

func (m memory) Get(_ context.Context, key string, _ int64) ([]byte, string, error) {
	for _, c := range m.plan.Clusters {
		if key == "daily/20261130T090000Z/parts/"+c.Name+".part" {
			part := fleet.NewPart(m.plan, "sum", rowOf(c.Name), m.panels)
			data, err := part.Encode()
			return data, "v", err
		}
	}
	return nil, "", nil
}

func (m memory) Swap(context.Context, string, []byte, string) error { return nil }

// cpu returns the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak measures the highest heap until it is stopped.
func peak() (stop func() uint64) {
	var most uint64
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() uint64 {
		close(done)
		all.Wait()
		return most
	}
}

// TestReduceOfAThousand measures the reduction of 10, 100 and 1,000 parts of clusters with 50 nodes
// and 20 panels. Encoding the parts is part of the time. make bench runs it.
func TestReduceOfAThousand(t *testing.T) {
	if os.Getenv("PROMSNAP_BENCH") == "" {
		t.Skip("set PROMSNAP_BENCH=1: it takes a while")
	}
	const (
		mostCPU  = 10 * time.Second
		mostHeap = 128 << 20
	)
	var panels []snapshot.Panel
	var specs []panel.Spec
	for i := range 20 {
		s := spec
		s.Name, s.Top = fmt.Sprintf("p%02d", i), 8
		specs = append(specs, s)
		panels = append(panels, panelOf(s, 50, 721, uint64(i)))
	}
	for _, n := range []int{10, 100, 1000} {
		p := planOf(t, n)
		s := memory{p, panels}
		began := cpu()
		for _, c := range p.Clusters {
			if _, _, err := s.Get(t.Context(), "daily/20261130T090000Z/parts/"+c.Name+".part",
				0); err != nil {
				t.Fatal(err)
			}
		}
		encoding := cpu() - began
		runtime.GC()
		stop := peak()
		began = cpu()
		got, err := fleet.Reduce(t.Context(), s, p, fleet.ReduceOptions{
			Specs: specs, Now: func() time.Time { return slot },
		})
		if err != nil {
			t.Fatal(err)
		}
		took, heap := cpu()-began-encoding, stop()
		t.Logf("%5d parts: %7.2f s of CPU, peak heap %4d MiB", n, took.Seconds(), heap>>20)
		if got.Panels[0].Total != 50*n {
			t.Errorf("got %d series, want %d", got.Panels[0].Total, 50*n)
		}
		if took > mostCPU || heap > mostHeap {
			t.Errorf("got %s and %d MiB, want at most %s and %d MiB", took, heap>>20, mostCPU,
				mostHeap>>20)
		}
	}
}
