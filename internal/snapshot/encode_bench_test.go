package snapshot_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// crowd answers every query with 5,000 different pods.
type crowd struct{ snapshot.Querier }

func (crowd) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	r := rand.New(rand.NewPCG(uint64(len(q.Expr)), uint64(q.Expr[len(q.Expr)-1])))
	values := make([]float64, q.Grid.Len)
	for i := range 5000 {
		base := r.Float64()
		for j := range values {
			values[j] = base + 0.1*math.Sin(float64(j)/30) + 0.02*r.Float64()
		}
		ls := series.FromPairs("cluster", "prod", "container", "app", "namespace",
			fmt.Sprintf("team-%d", i%40),
			"pod", fmt.Sprintf("service-%d-7d9f8c6b5-%05x", i%300, i*7919))
		if err := each(series.Series{Labels: ls, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

// BenchmarkSnapshotFile encodes and decodes 23 panels of 5,000 series.
func BenchmarkSnapshotFile(b *testing.B) {
	var specs []panel.Spec
	for i := range 23 {
		specs = append(specs, panel.Spec{
			Name: fmt.Sprint("p", i), Queries: []panel.Query{
				{Expr: fmt.Sprint("q", i), Legend: "{{namespace}}/{{pod}}"},
			},
			Rules: []rules.Rule{{Name: "High", Warning: rules.At(1.08), For: 15 * time.Minute}},
		})
	}
	s := snapshot.Snapshot{
		Panels: snapshot.Take(b.Context(), crowd{}, specs, snapshot.Options{
			Slot: slot, Range: 24 * time.Hour,
		}),
	}
	if p := s.Panels[22]; len(p.Rows) != 5000 || len(p.Findings) == 0 {
		b.Fatalf("got %d rows, %d findings, failure %v; want 5000 rows and some findings",
			len(p.Rows), len(p.Findings), p.Failure)
	}
	var file bytes.Buffer
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if err := s.Encode(&file); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(file.Len())/1e6, "MB")
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := snapshot.Decode(bytes.NewReader(file.Bytes()), snapshot.MostUnpacked); err != nil {
				b.Fatal(err)
			}
		}
	})
}
