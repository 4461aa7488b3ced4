package snapshot

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// sameForAll answers every query with this many series.
type sameForAll int

func (n sameForAll) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	for i := range int(n) {
		s := series.Series{
			Labels: series.FromPairs("node", "one", "copy", fmt.Sprint(i)),
			Values: make([]float64, q.Grid.Len),
		}
		if err := each(s); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Grid: q.Grid, Series: int(n)}, nil
}

func (n sameForAll) Present(context.Context, []string, time.Time,
	time.Time) (map[string]bool, error) {
	return nil, nil
}

// A server that answers with 5,000 copies of one node must not cause quadratic memory use, which
// was 2 GB.
func TestManyCopiesCostLittle(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := findClusters(t.Context(), sameForAll(5000), time.Unix(1_760_000_000, 0),
		3*time.Hour); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	const most = 64 << 20
	if got := after.TotalAlloc - before.TotalAlloc; got > most {
		t.Errorf("got %d MiB allocated, want at most %d", got>>20, most>>20)
	}
}
