//go:build unix

package promapi

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/series"
)

// monthGrid is the grid of the query over four weeks.
var monthGrid = series.Grid{
	Start: time.Unix(1_700_002_800, 0).UTC(), Step: time.Hour, Len: 28 * 24,
}

// recordedMonth is an answer of 5,000 disks. They grow, rotate their logs each night, are cleaned
// each week, or were cleaned once, and some jump, so that every part has work to do.
func recordedMonth() []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 0, 110<<20)
	b = append(b, `{"status":"success","data":{"resultType":"matrix","result":[`...)
	for i := range benchSeries {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"metric":{"cluster":"prod","instance":"10.0.%d.%d:9100",`+
			`"device":"/dev/nvme0n1","mountpoint":"/"},"values":[`, i/250, i%250)
		level, rate := 0.3+0.4*rnd.Float64(), 0.0005*rnd.Float64()
		for j := range monthGrid.Len {
			if j > 0 {
				b = append(b, ',')
			}
			v := level + rate*float64(j) + 0.002*rnd.Float64()
			switch i % 4 {
			case 1:
				v += 0.03 * float64(j%24) / 24
			case 2:
				v += 0.1*float64(j%168)/168 - rate*float64(j)
			case 3:
				if j < 300 {
					v += 0.15
				}
			}
			if i%10 == 5 && j > monthGrid.Len-36 {
				v += 0.12
			}
			v += 0.01 * math.Sin(float64(j)/24*2*math.Pi)
			b = append(b, '[')
			b = strconv.AppendInt(b, monthGrid.At(j).Unix(), 10)
			b = append(b, `,"`...)
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
			b = append(b, `"]`...)
		}
		b = append(b, "]}"...)
	}
	return append(b, "]}}"...)
}

// The targets for the forecasts and the changes of an answer, of the processor time that
// client_golang needs to read it.
const foresightShare, foresightShareStretch = 0.1, 0.06

// BenchmarkForesight forecasts 5,000 series of four weeks and compares them with the weeks before.
// client_golang reads the same answer in turn. It fails if the forecasts and changes take more than
// a tenth of that.
func BenchmarkForesight(b *testing.B) {
	base := startReplay(b, replayMonth)
	c, err := New(base, nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	client, err := api.NewClient(api.Config{Address: base.String()})
	if err != nil {
		b.Fatal(err)
	}
	all := make([][]float64, 0, benchSeries)
	if _, err := c.Range(b.Context(), Query{Expr: "x", Grid: monthGrid},
		func(s series.Series) error {
			all = append(all, append([]float64(nil), s.Values...))
			return nil
		}); err != nil {
		b.Fatal(err)
	}
	days, moved := 0, 0
	forecasts := func() int {
		n := 0
		days = 0
		for _, values := range all {
			f := forecast.Of(values, monthGrid, forecast.Aim{Limit: 0.85, For: 15 * time.Minute})
			if f.Why == "" {
				days++
			}
			n += len(values)
		}
		return n
	}
	changes := func() int {
		n := 0
		moved = 0
		for _, values := range all {
			if _, ok := change.Of(values, monthGrid, change.Floor{By: 0.05}, nil); ok {
				moved++
			}
			n += len(values)
		}
		return n
	}
	var ours, theirs, fore, chg cost
	samples := benchSeries * monthGrid.Len
	for b.Loop() {
		for range 5 {
			fore.add(b, samples, forecasts)
			chg.add(b, samples, changes)
			ours.add(b, 2*samples, func() int { return forecasts() + changes() })
		}
		theirs.add(b, samples, func() int { return queryRange(b, client, monthGrid) })
	}
	if days < benchSeries/10 || moved < benchSeries/100 {
		b.Fatalf("got %d forecasts and %d changes of %d series, want many", days, moved, len(all))
	}
	share := float64(ours.cpu) / float64(theirs.cpu)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(share, "×client_golang")
	b.Logf("four weeks of %d series: forecasts %v (%d have a day), changes %v (%d moved), both %v; "+
		"reading the answer with client_golang %v", len(all), fore.cpu, days, chg.cpu, moved,
		ours.cpu, theirs.cpu)
	b.Logf("%.3f of its processor time; the bound is %g, strive for %g", share, foresightShare,
		foresightShareStretch)
	if share > foresightShare {
		b.Errorf("got %.3f of the processor time of client_golang, want at most %g", share,
			foresightShare)
	}
}
