package reporttest

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const gib = 1 << 30

// WithHistory returns the panels of Specs with four weeks of history: disks that fill and one that
// does not, memory and traffic that moved.
func WithHistory(panels []snapshot.Panel) []snapshot.Panel {
	out := slices.Clone(panels)
	for i := range out {
		p := &out[i]
		switch p.Spec.Name {
		case "node-disk":
			p.Spec.Forecast = &panel.Forecast{Limit: 0.85, Horizon: 30 * 24 * time.Hour}
			p.History = diskHistory()
		case "node-requests":
			p.Spec.Forecast = &panel.Forecast{Limit: 1, Horizon: 30 * 24 * time.Hour}
			p.History = requestHistory()
		case "container-memory":
			p.Spec.Change = &panel.Change{By: 0.05}
			p.History = memoryHistory()
		case "node-network":
			p.Spec.Change = &panel.Change{Factor: 1.5}
			p.History = trafficHistory()
		}
	}
	return out
}

// weeksBack is the grid of four weeks.
func weeksBack() series.Grid {
	return series.Grid{
		Start: Slot.Add(-28 * 24 * time.Hour), Step: time.Hour, Len: 28*24 + 1,
	}
}

// diskHistory is that of the disks of nodes. Capacities are 200 GiB.
func diskHistory() *snapshot.History {
	disk := func(i int, f forecast.Forecast) snapshot.Forecast {
		f.Limit = 0.85
		return snapshot.Forecast{
			Labels: series.FromPairs("node", NodeName(i), "device", "/dev/nvme0n1p1"),
			Name:   NodeName(i) + " /dev/nvme0n1p1", Node: NodeName(i), Capacity: 200 * gib,
			Forecast: f,
		}
	}
	none := func(f forecast.Forecast) forecast.Forecast {
		f.Days, f.Lo, f.Hi, f.Sure = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return f
	}
	return &snapshot.History{
		Grid: weeksBack(), Had: forecast.History,
		Forecasts: []snapshot.Forecast{
			disk(3, forecast.Forecast{
				Level: 0.815, Days: 4.9, Lo: 2.9, Hi: 7.8, Sure: 5.6, Rate: 0.00714, Grew: 21,
				Weeks: 21,
			}),
			disk(14, forecast.Forecast{
				Level: 0.762, Days: 17, Lo: 10.2, Hi: 33, Sure: 34, Rate: 0.0052, Grew: 19,
				Weeks: 21,
			}),
			disk(9, forecast.Forecast{Why: forecast.Reached, Level: 0.863}),
			disk(8, none(forecast.Forecast{
				Why: forecast.Cycle, Level: 0.74, Since: Slot.Add(-5 * 24 * time.Hour),
			})),
			disk(10, none(forecast.Forecast{
				Why: forecast.TooEarly, Level: 0.7, Since: Slot.Add(-28 * time.Hour),
			})),
			disk(15, none(forecast.Forecast{
				Why: forecast.TooFar, Level: 0.66, Rate: 0.0052, Grew: 8, Weeks: 8,
				Since: Slot.Add(-15 * 24 * time.Hour),
			})),
			disk(12, none(forecast.Forecast{Why: forecast.Flat, Level: 0.41})),
		},
	}
}

// requestHistory is that of the memory requests of nodes.
func requestHistory() *snapshot.History {
	return &snapshot.History{
		Grid: weeksBack(), Had: 15 * 24 * time.Hour,
		Forecasts: []snapshot.Forecast{{
			Labels: series.FromPairs("node", NodeName(6)), Name: NodeName(6), Node: NodeName(6),
			Capacity: math.NaN(),
			Forecast: forecast.Forecast{
				Level: 0.96, Limit: 1, Days: 0.9, Lo: 0.5, Hi: 1.4, Sure: 1.2, Rate: 0.044,
				Grew: 9, Weeks: 9, Stepped: true, Since: Slot.Add(-9 * 24 * time.Hour),
			},
		}},
	}
}

// memoryHistory is that of the memory of containers, by workload.
func memoryHistory() *snapshot.History {
	container := func(name string, amount float64, c change.Change) snapshot.Moved {
		week, before := course(c)
		return snapshot.Moved{
			Labels: series.FromPairs("namespace", "shop", "workload", name, "container", "app"),
			Name:   "shop/" + name + "/app", Capacity: 16 * gib, Amount: amount * gib, Change: c,
			Week: week, Before: before,
		}
	}
	return &snapshot.History{
		Grid: weeksBack(), Had: forecast.History, Sum: 90 * gib,
		Up: []snapshot.Moved{
			container("checkout", 3.5, change.Change{
				From: 0.412, To: 0.631, Low: 0.401, High: 0.428, Weeks: 3,
				Begin: Slot.Add(-4*24*time.Hour + 2*time.Hour),
			}),
			container("search", 2.1, change.Change{
				From: math.NaN(), To: 0.131, Low: math.NaN(), High: math.NaN(), New: true,
				Begin: Slot.Add(-13 * time.Hour),
			}),
		},
		Down: []snapshot.Moved{
			container("cart", 1.2, change.Change{
				From: 0.3, To: 0.225, Low: 0.3, High: 0.3, Begin: Slot.Add(-7 * time.Hour),
			}),
		},
		UpAll: 4, DownAll: 1,
	}
}

// trafficHistory is that of the network traffic of nodes.
func trafficHistory() *snapshot.History {
	c := change.Change{
		From: 12e6, To: 41.7e6, Low: 11e6, High: 14e6, Weeks: 3,
		Begin: Slot.Add(-9 * 24 * time.Hour),
	}
	week, before := course(c)
	return &snapshot.History{
		Grid: weeksBack(), Had: forecast.History, Sum: 600e6, UpAll: 1,
		Up: []snapshot.Moved{{
			Labels: series.FromPairs("node", NodeName(7)), Name: NodeName(7), Node: NodeName(7),
			Capacity: math.NaN(), Amount: 29.7e6, Change: c, Week: week, Before: before,
		}},
	}
}

// course returns the samples of a series with a change, of the last seven days and of the seven
// days before.
func course(c change.Change) (week, before []float64) {
	for h := range 7 * 24 {
		at := Slot.Add(time.Duration(h+1-7*24) * time.Hour)
		now, old := c.From, c.From
		if !at.Before(c.Begin) {
			now = c.To
		}
		if !at.Add(-7 * 24 * time.Hour).Before(c.Begin) {
			old = c.To
		}
		swing := 1 + 0.03*math.Sin(float64(h)*math.Pi/12)
		week, before = append(week, now*swing), append(before, old*swing)
	}
	return week, before
}

// BeforeMoves returns what changed on the workload that moved most in panels of WithHistory.
func BeforeMoves(panels []snapshot.Panel) map[changelog.Key]changelog.Before {
	found := map[changelog.Key]changelog.Before{}
	for i := range panels {
		if p := &panels[i]; p.Spec.Name == "container-memory" {
			m := &p.History.Up[0]
			found[changelog.KeyOfMove(p, m)] = changelog.Before{
				Begin: m.Begin,
				Changes: []changelog.Change{{
					Kind: changelog.Image, Object: "shop/checkout", From: "1.41", To: "1.42",
					At: m.Begin.Add(-14 * time.Minute),
				}},
			}
		}
	}
	return found
}

// Foresight returns the daily report with forecasts and changes.
func Foresight(t testing.TB) *report.Report {
	t.Helper()
	a, nodes := Fleet(42)
	panels := WithHistory(Take(a, Specs()))
	in := Info(t, nodes)
	in.Changes = BeforeMoves(panels)
	return report.Build(in, panels)
}
