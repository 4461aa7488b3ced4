package chart

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// filling is the disks of eight nodes. Of the first, the second and the fourth the forecast has a
// day.
func filling() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	var names []string
	var values [][]float64
	for i := range 8 {
		names = append(names, fmt.Sprintf("ip-10-0-%d-%d /dev/nvme0n1p1", 1+i/4, 11+i))
		v := wander(uint64(40+i), 361, 0.8-0.055*float64(i), 0.004, 0.002)
		for j := range v {
			v[j] += 0.02 * float64(j) / 361 * float64(i%3)
		}
		values = append(values, v)
	}
	p := panelOf("Node disks", units.PercentUnit, g, 8, names, values)
	p.Spec.Rules = limitRules(0.8, 0.9)
	p.Spec.Forecast = &panel.Forecast{Limit: 0.85, Horizon: 30 * day}
	for i := range p.Lines {
		ls := series.FromPairs("device", "nvme0n1p1", "node", names[i])
		p.Rows[i].Labels, p.Lines[i].Labels = ls, ls
	}
	foretell(p, 0, 0.85, 5.2, 3.1, 8.4)
	foretell(p, 1, 0.85, 11.7, 7, 19)
	foretell(p, 3, 0.85, 13, 8, 21)
	return p
}

// foretell adds the forecast of the i-th line.
func foretell(p *snapshot.Panel, i int, limit, days, lo, hi float64) {
	if p.History == nil {
		p.History = &snapshot.History{}
	}
	l := &p.Lines[i]
	p.History.Forecasts = append(p.History.Forecasts, snapshot.Forecast{
		Labels: l.Labels, Name: l.Name, Ref: l.Ref, Capacity: math.NaN(),
		Forecast: forecast.Forecast{
			Level: l.Stats.Last, Limit: limit, Days: days, Lo: lo, Hi: hi, Sure: days,
			Grew: 21, Weeks: 21,
		},
	})
}

// draining falls towards a lower limit.
func draining() *snapshot.Panel {
	p := filling()
	p.Spec.Title, p.Spec.Rules, p.History = "Space left", nil, nil
	p.Spec.Forecast = &panel.Forecast{Limit: 0.1, Below: true, Horizon: 30 * day}
	for i := range p.Lines {
		for j, v := range p.Lines[i].Values {
			p.Lines[i].Values[j] = 1 - v
		}
		p.Lines[i].Stats = statsOf(p.Lines[i].Values, p.Grid)
	}
	foretell(p, 0, 0.1, 0.9, 0.6, 1.6)
	return p
}

// compared is the memory of three nodes and, except of the third, a week before.
func compared() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	p := panelOf("Node memory", units.PercentUnit, g, 3, []string{
		"ip-10-0-1-11", "ip-10-0-1-12", "ip-10-0-1-13",
	}, [][]float64{
		wander(1, 361, 0.63, 0.05, 0.012), wander(2, 361, 0.5, 0.05, 0.012),
		wander(3, 361, 0.3, 0.05, 0.012),
	})
	p.Spec.Rules, p.Spec.Compare = limitRules(0.8, 0.9), 7*day
	p.Lines[0].Before, p.Lines[1].Before = wander(11, 361, 0.41, 0.05, 0.012),
		wander(12, 361, 0.49, 0.05, 0.012)
	for i := 200; i < 230; i++ {
		p.Lines[0].Before[i] = math.NaN()
	}
	return p
}

// TestWedges checks which forecasts are drawn.
func TestWedges(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(p *snapshot.Panel)
		phone  bool
		want   []string
	}{
		"the two soonest": {func(*snapshot.Panel) {}, false, []string{
			"0: 85 % in ~5 d", "1: 85 % in ~12 d",
		}},
		"the soonest on a phone": {func(*snapshot.Panel) {}, true, []string{"0: 85 % in ~5 d"}},
		"no forecasts":           {func(p *snapshot.Panel) { p.History = nil }, false, nil},
		"far apart": {func(p *snapshot.Panel) {
			p.History.Forecasts[0].Lo, p.History.Forecasts[0].Days = 0.5, 1.2
		}, false, []string{"0: 85 % in ~29 h"}},
		"within the hour": {func(p *snapshot.Panel) {
			p.History.Forecasts[0].Lo, p.History.Forecasts[0].Days = 0, 0.01
		}, false, []string{"0: 85 % in ~1 h"}},
		"beyond the horizon": {func(p *snapshot.Panel) {
			p.Spec.Forecast.Horizon = 12 * day
		}, false, []string{"0: 85 % in ~5 d", "1: 85 % in ~12 d"}},
		"all beyond the horizon": {func(p *snapshot.Panel) {
			p.Spec.Forecast.Horizon = 5 * day
		}, false, nil},
		"a reason": {func(p *snapshot.Panel) {
			p.History.Forecasts[0].Why = forecast.Unsteady
		}, false, []string{"1: 85 % in ~12 d", "3: 85 % in ~13 d"}},
		"no samples at the end": {func(p *snapshot.Panel) {
			for i := 300; i < 361; i++ {
				p.Lines[0].Values[i] = math.NaN()
			}
		}, false, []string{"1: 85 % in ~12 d", "3: 85 % in ~13 d"}},
		"beyond the limit for a moment": {func(p *snapshot.Panel) {
			p.Lines[0].Values[360] = 0.86
		}, false, []string{"1: 85 % in ~12 d", "3: 85 % in ~13 d"}},
		"nonsense": {func(p *snapshot.Panel) {
			f := p.History.Forecasts
			f[0].Lo, f[1].Limit, f[2].Days = math.NaN(), math.Inf(1), -1
		}, false, nil},
		"as bars": {func(p *snapshot.Panel) { p.Spec.Kind = panel.Bars }, false, nil},
	} {
		p := filling()
		tt.change(p)
		o := Options{Phone: tt.phone}.bounded()
		c := newLineChart(p, o)
		if p.Spec.Kind != panel.Bars {
			c.lookAhead()
		}
		var got []string
		for _, w := range c.wedges {
			got = append(got, fmt.Sprintf("%d: %s", w.index, c.reaches(w)))
		}
		if strings.Join(got, "; ") != strings.Join(tt.want, "; ") {
			t.Errorf("%s: got the wedges %q, want %q", name, got, tt.want)
		}
		for _, words := range tt.want {
			alt := p.Lines[words[0]-'0'].Name + words[1:]
			if pic := compose(p, o); !strings.Contains(pic.alt, alt) {
				t.Errorf("%s: the picture is described as %q, want %q in it", name, pic.alt, alt)
			}
		}
	}
}

// TestFindingOfAForecast checks what a picture says about a rule that waits for a limit: when the
// series reaches it. The rule's limits and streaks are times and are not drawn.
func TestFindingOfAForecast(t *testing.T) {
	p := filling()
	p.Spec.Rules = []rules.Rule{{
		Name: "Fills", FullIn: true, Direction: rules.Below, Warning: rules.At(7 * 86400),
	}}
	breach(p, 0, rules.Warning, 7*86400, p.Grid.At(100))
	p.Findings[0].Labels, p.Findings[0].Value = p.Lines[0].Labels, 5.2*86400
	p.Findings[0].Earlier = p.Findings[0].Streak
	for name, o := range map[string]Options{"wide": {}, "phone": {Phone: true}} {
		pic := compose(p, o.bounded())
		want := "Node disks. warning: ip-10-0-1-11 /dev/nvme0n1p1 85 % in ~5 d. 8 series · " +
			"24 h to Sun 22 Nov 2026 00:00 UTC. "
		if !strings.HasPrefix(pic.alt, want) {
			t.Errorf("%s: got the description %q, want it to begin with %q", name, pic.alt, want)
		}
		for _, s := range pic.inside {
			if through, ok := s.(through); ok {
				s = through.shape
			}
			switch s.(type) {
			case breachMark, threshold, zone:
				t.Errorf("%s: got a %T in the plot, want none of times", name, s)
			}
		}
	}
}

// TestThePastKeepsItsPlace checks that the forecasts take less than a twentieth of a wide plot, and
// less than a seventh of a narrow one.
func TestThePastKeepsItsPlace(t *testing.T) {
	for _, o := range []Options{{}, {Width: 1176, Bare: true}, {Width: 380, Bare: true},
		{Phone: true}} {
		p := filling()
		with := compose(p, o.bounded()).plot.Width()
		p.History = nil
		without := compose(p, o.bounded()).plot.Width()
		least := without * 19 / 20
		if without < 400 {
			least = without * 6 / 7
		}
		if with < least {
			t.Errorf("%+v: the plot is %d pixels wide with forecasts and %d without, want at "+
				"least %d", o, with, without, least)
		}
	}
}

// TestFutureSVG compares the SVG of forecasts and of a week before with files.
func TestFutureSVG(t *testing.T) {
	for name, p := range map[string]*snapshot.Panel{"ahead": filling(), "before": compared()} {
		got, err := SVG(p, Options{Width: 780, Height: 280, Bare: true, Zone: seoul()})
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, got)
		golden := "testdata/" + name + ".svg"
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, want the %d of %s", name, len(got), len(want), golden)
		}
	}
}
