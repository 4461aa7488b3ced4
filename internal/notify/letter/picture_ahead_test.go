package letter

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// The picture of an alert that a disk fills has the forecast in it, and what the disk held a week
// before. Look at it.
func TestPictureOfAForecast(t *testing.T) {
	const day = 24 * time.Hour
	spec := panel.Spec{
		Name: "node-disk", Title: "Node disks", Subject: "disk", Compare: 7 * day,
		Queries:  []panel.Query{{Expr: "d", Legend: "{{node}}", Unit: units.PercentUnit}},
		Forecast: &panel.Forecast{Limit: 0.85, Horizon: 30 * day},
	}
	panels := snapshot.Take(t.Context(), planted{
		"ip-10-0-1-12": climbs("a", 0.75, 0.79, day, 0), "ip-10-0-1-13": steps("b", 0.4),
	}, []panel.Spec{spec}, snapshot.Options{Slot: slot, Range: day})
	p := &panels[0]
	node := series.FromPairs("node", "ip-10-0-1-12")
	p.Spec.Rules = []rules.Rule{{
		Name: "NodeDiskFills", FullIn: true, Direction: rules.Below,
		Warning: rules.At((7 * day).Seconds()), Critical: rules.At((2 * day).Seconds()), For: day,
	}}
	for i := range p.Lines {
		p.Lines[i].Before = make([]float64, p.Grid.Len)
		for k := range p.Lines[i].Before {
			p.Lines[i].Before[k] = p.Lines[i].Values[k] - 0.05
		}
	}
	p.History = &snapshot.History{Forecasts: []snapshot.Forecast{{
		Labels: node, Name: "ip-10-0-1-12", Capacity: math.NaN(), Forecast: forecast.Forecast{
			Level: 0.79, Limit: 0.85, Days: 4.7, Lo: 2.8, Hi: 7.5, Sure: 5.2, Grew: 21, Weeks: 21,
		},
	}}}
	streak := rules.Streak{
		From: slot.Add(-30 * time.Hour), To: slot, Peak: 5.2 * day.Seconds(),
		Severity: rules.Warning,
	}
	p.Findings = []snapshot.Finding{{Name: "ip-10-0-1-12", Finding: rules.Finding{
		Rule: "NodeDiskFills", Labels: node, Status: rules.Breach, Severity: rules.Warning,
		Value: 5.2 * day.Seconds(), Limit: (7 * day).Seconds(), Newest: slot, Streak: &streak,
	}}}
	e := rules.Episode{Since: streak.From, Last: slot, Worst: rules.Warning, Found: slot}
	d := notify.Delivery{
		Message: &notify.Message{Kind: notify.KindNew, Items: []notify.Item{{
			Key: "ip-10-0-1-12", Episode: e, Alert: rules.Alert{
				Panel: "node-disk", Rule: "NodeDiskFills", Name: "ip-10-0-1-12",
				Severity: rules.Warning, Value: rules.Number(5.2 * day.Seconds()),
				Limit: rules.Number((7 * day).Seconds()), Episodes: []rules.Episode{e},
			},
		}}},
		Report: report.Build(report.Info{
			Cluster: "prod", Slot: slot, Range: day, Zone: seoul(t), Language: words.English,
		}, panels),
	}
	pictures := Details(d, limits).Pictures
	if len(pictures) != 1 {
		t.Fatalf("got %d pictures, want one", len(pictures))
	}
	comparePicture(t, pictures[0], "full-in")
}
