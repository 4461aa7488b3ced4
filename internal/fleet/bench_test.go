//go:build unix

package fleet_test

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/fleet/store"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
)

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

// BenchmarkReduce reduces 10, 100 and 1,000 parts, read from files, of clusters of 50 nodes and 20
// panels, and checks the bounds of a thousand.
func BenchmarkReduce(b *testing.B) {
	const (
		mostTime = 10 * time.Second
		mostHeap = 128 << 20
	)
	var specs []panel.Spec
	for i := range 20 {
		s := spec
		s.Name, s.Top = fmt.Sprintf("p%02d", i), 8
		specs = append(specs, s)
	}
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, s := planOf(b, n), store.NewDir(b.TempDir())
			size, began := saveAll(b, s, p, specs), cpu()
			b.ReportMetric(float64(size)/float64(n)/1024, "KiB/part")
			runtime.GC()
			stop, start := peak(), time.Now()
			for b.Loop() {
				got, err := fleet.Reduce(b.Context(), s, p, fleet.ReduceOptions{
					Specs: specs, Range: day, Now: func() time.Time { return slot },
				})
				if err != nil || got.Panels[0].Total != 50*n {
					b.Fatalf("got %d panels and %v, want %d series in each", len(got.Panels), err, 50*n)
				}
			}
			took, heap := time.Since(start)/time.Duration(b.N), stop()
			b.ReportMetric((cpu()-began).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(heap>>20), "MiB-heap")
			if took > mostTime || heap > mostHeap {
				b.Errorf("got %s and %d MiB, want at most %s and %d MiB", took, heap>>20, mostTime,
					mostHeap>>20)
			}
		})
	}
}

// saveAll writes the parts of a plan, and returns how many bytes they have.
func saveAll(b *testing.B, s fleet.Store, p fleet.Plan, specs []panel.Spec) (size int) {
	b.Helper()
	for i, c := range p.Clusters {
		var panels []snapshot.Panel
		for j, spec := range specs {
			panels = append(panels, panelOf(spec, 50, 721, uint64(i*len(specs)+j)))
		}
		part := fleet.NewPart(p, "sum", rowOf(c.Name), day, panels)
		data, err := part.Encode()
		if err == nil {
			err = fleet.SavePart(b.Context(), s, p, &part)
		}
		if err != nil {
			b.Fatal(err)
		}
		size += len(data)
	}
	return size
}
