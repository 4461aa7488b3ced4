//go:build acceptance

package acceptance

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// The bounds of a back-test of 5,000 series by 8,640 samples.
var (
	historyMemory = bound{"peak memory of a back-test of 43 million samples", 128, 100, "peak-MiB"}
	historyTime   = bound{
		"processor time of a back-test, against decoding its answers alone", 1.5, 1.3, "×decoding",
	}
)

// replayMonth makes the replay server answer range queries of the metric bench on any grid.
const replayMonth = "PROMSNAP_REPLAY_MONTH"

// historyRounds is how often each side runs. The fastest runs are compared.
const historyRounds = 3

// historySides are what the test binary runs in processes of their own, by their first argument.
// The second one is the server.
var historySides = map[string]func(address string) error{
	"backtest-history": backtestHistory, "decode-history": decodeHistory,
}

// recorder notes the grids of the range queries, and answers them.
type recorder struct {
	*promapi.Client
	grids *[]series.Grid
}

// Range implements snapshot.Querier.
func (r recorder) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	*r.grids = append(*r.grids, q.Grid)
	return r.Client.Range(ctx, q, each)
}

func historyClient(address string) (*promapi.Client, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return promapi.New(base, nil, promapi.Options{})
}

// backtestHistory tests a rule on 30 days and prints the grids of its queries for decodeHistory.
func backtestHistory(address string) error {
	client, err := historyClient(address)
	if err != nil {
		return err
	}
	const days = 30 * 24 * time.Hour
	var grids []series.Grid
	got, err := backtest.Run(context.Background(), recorder{client, &grids}, panel.Spec{
		Name: "wide", Step: 5 * time.Minute,
		Queries: []panel.Query{{
			Expr: "bench", Legend: "{{namespace}}/{{pod}}", Unit: units.PercentUnit,
		}},
		Rules: []rules.Rule{{
			Name: "High", Warning: rules.At(0.80), Critical: rules.At(0.95), For: 15 * time.Minute,
			NoData: rules.ResolveOnNoData,
		}},
	}, "High", backtest.Options{
		Since: days, Query: snapshot.Options{Slot: benchEnd, Range: time.Hour},
		Slots: func(from, before time.Time) (out []time.Time) {
			for at := from.Add(5 * time.Minute); at.Before(before); at = at.Add(5 * time.Minute) {
				out = append(out, at)
			}
			return out
		},
	})
	if err != nil {
		return err
	}
	for _, c := range got.Candidates {
		fmt.Printf("level %.2f for %v: %d alerts, about: %v\n", c.Level, c.For, c.Alerts, c.About)
	}
	fmt.Printf("series %d slots %d alerts %d\n", got.Series, got.Slots,
		got.Candidates[got.Now].Alerts)
	for _, g := range grids {
		fmt.Println("grid", g.Start.Unix(), int(g.Step.Seconds()), g.Len)
	}
	return nil
}

// decodeHistory decodes the same answers and does nothing with them. It reads their grids from its
// standard input, which is the file named in historyGrids.
func decodeHistory(address string) error {
	client, err := historyClient(address)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(os.Getenv(historyGrids))
	if err != nil {
		return err
	}
	samples := 0
	for line := range strings.Lines(string(text)) {
		var from, step int64
		var points int
		if n, _ := fmt.Sscanf(line, "grid %d %d %d", &from, &step, &points); n != 3 {
			continue
		}
		meta, err := client.Range(context.Background(), promapi.Query{
			Expr: "bench", Grid: series.Grid{
				Start: time.Unix(from, 0).UTC(), Step: time.Duration(step) * time.Second,
				Len: points,
			},
		}, func(series.Series) error { return nil })
		if err != nil {
			return err
		}
		samples += meta.Samples
	}
	fmt.Println("samples", samples)
	return nil
}

// historyGrids is the file with the grids for decodeHistory.
const historyGrids = "PROMSNAP_HISTORY_GRIDS"

// BenchmarkBacktest compares a back-test of 30 days with a program that only decodes its answers.
func BenchmarkBacktest(b *testing.B) {
	address := startReplay(b, replayMonth+"=1")
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	grids := b.TempDir() + "/grids"
	b.Setenv(historyGrids, grids)
	o, _ := spend(b, self, "backtest-history", address) // makes the server record its answers
	if err := os.WriteFile(grids, []byte(o.stdout), 0o644); err != nil {
		b.Fatal(err)
	}
	b.Log(tail(o.stdout, 6000))
	if !strings.Contains(o.stdout, fmt.Sprintf("series %d slots 8640", benchSeries)) {
		b.Fatalf("want %d series and 8640 slots, got:\n%s", benchSeries, tail(o.stdout, 2000))
	}
	for range b.N {
		var ours, decoding usage
		for range historyRounds {
			_, s := spend(b, self, "backtest-history", address)
			ours.add(usage{s.cpu(), s.User, s.peak(b)})
			o, s := spend(b, self, "decode-history", address)
			decoding.add(usage{s.cpu(), s.User, s.peak(b)})
			var samples int
			if n, _ := fmt.Sscanf(o.stdout, "samples %d", &samples); n != 1 ||
				samples < benchSeries*8640 {
				b.Fatalf("got %q, want the samples of the whole history", o.stdout)
			}
		}
		b.Logf("the lowest processor time and the highest peak of %d runs:\n  back-test %6d ms, "+
			"%6.1f MiB\n  decoding  %6d ms, %6.1f MiB", historyRounds, ours.cpu.Milliseconds(),
			ours.resident, decoding.cpu.Milliseconds(), decoding.resident)
		historyMemory.hold(b, ours.resident)
		historyTime.hold(b, ours.cpu.Seconds()/decoding.cpu.Seconds())
	}
	b.ReportMetric(0, "ns/op")
}

// historyFrom are series with a history on any grid: a slow wave around a level, and for every
// twentieth series a time of an hour at 80 to 96 % on some days.
func historyFrom(start, step int64) recorded {
	return recorded{benchLabels, func(i int) func() string {
		level, at := 0.2+0.5*float64(i*7919%benchSeries)/benchSeries, start-step
		return func() string {
			at += step
			slot := at / 300
			v := level + 0.05*math.Sin(float64(int64(i)+slot)/60)
			if day := at / 86400; i%20 == 0 && (int64(i)/20+day)%5 == 0 {
				h := uint64(int64(i)*7919+day*104729) * 0x9E3779B97F4A7C15 >> 40
				if from := int64(h%80_000) + day*86400; at >= from && at < from+3600 {
					v = 0.80 + 0.16*float64(h)/(1<<24)
				}
			}
			// as exact as shares of bytes are, and a little different from sample to sample
			v += 1e-3 * float64((slot*2654435761+int64(i)*40503)%1000) / 1000
			if i%2 == 0 {
				return strconv.FormatFloat(v, 'f', 6, 64)
			}
			return strconv.FormatFloat(v, 'f', 16, 64)
		}
	}}
}
