package alerts_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

const (
	recordHours = 90 * 24
	recordBegin = 30 * 24 // the first slot
	recordLimit = 0.85
)

// recorded returns 32 disks that fill, by four policies, with a seeded rhythm: they only grow, or
// their logs rotate each night, or they are compacted every few days, or cleaned once. Four more
// grow evenly, and some space is freed before they are full.
func recorded() map[string][]float64 {
	out := map[string][]float64{}
	for policy, name := range []string{"grows", "rotates", "compacted", "cleaned"} {
		for n := range 8 {
			r := rand.New(rand.NewPCG(uint64(policy), uint64(n)))
			between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
			kept, rate := between(0.3, 0.6), between(0.2, 0.9)/recordHours
			swing, peak, weekend := between(0, 0.9), between(0, 24), between(0.2, 1.1)
			logs, every, phase := between(0.01, 0.04), 24, r.IntN(24)
			if name == "compacted" {
				every = 24*(2+r.IntN(4)) + r.IntN(12)
			}
			at, by := recordBegin+24*r.IntN(45)+r.IntN(24), between(0.05, 0.3)
			disk, open := make([]float64, recordHours), 0.0
			for i := range disk {
				of := 1 + swing*math.Cos((float64(i%24)-peak)/24*2*math.Pi)
				if i/24%7 > 4 {
					of *= weekend
				}
				of *= math.Exp(between(0.3, 1.2) * r.NormFloat64())
				kept, open = kept+of*rate, open+of*logs/float64(every)
				if i%every == phase%every {
					open = 0
				}
				if name == "cleaned" && i == at {
					kept = max(kept-by, 0.05)
				}
				if disk[i] = kept; name == "rotates" || name == "compacted" {
					disk[i] += open
				}
				disk[i] = min(disk[i], 0.99)
			}
			out[fmt.Sprint(name, " ", n)] = disk
		}
	}
	for _, by := range []float64{0, 0.02, 0.04, 0.08} {
		disk := make([]float64, recordHours)
		for i := range disk {
			days := float64(i-recordBegin) / 24
			disk[i] = min(0.7+0.01*days+0.001*math.Sin(days*29), 0.99)
			if days > 12 {
				disk[i] -= by
			}
		}
		out[fmt.Sprint("freed ", by)] = disk
	}
	return out
}

// wasSure reports whether a forecast was sure for a day in the two weeks before an hour.
func wasSure(disk []float64, hour int) bool {
	aim, day := forecast.Aim{Limit: recordLimit, For: 15 * time.Minute}, 24
	held := 0
	for i := hour - 14*day; i < hour; i += 6 {
		g := series.Grid{Start: begin, Step: time.Hour, Len: min(28*day, i+1)}
		f := forecast.Of(disk[i+1-g.Len:i+1], g, aim)
		if held++; !(f.Why == "" && f.Sure < 7) {
			held = 0
		}
		if held > 4 {
			return true
		}
	}
	return false
}

// No alert ends as recovered while its disk is beyond the limit, and a disk that stays beyond it
// alerts if that was forecast.
func TestFullInOfTheRecord(t *testing.T) {
	race.SkipSerial(t)
	record, d := recorded(), &disks{of: map[string]func(float64) float64{}}
	for name, disk := range record {
		d.of[name] = func(days float64) float64 {
			if i := int(math.Round(days*24)) + recordBegin; i >= 0 && i < len(disk) {
				return disk[i]
			}
			return math.NaN()
		}
	}
	var m rules.Memory
	fires, beyond, expected := map[string]bool{}, map[string]int{}, map[string]bool{}
	episodes, crossings := 0, 0
	for hour := recordBegin; hour < recordHours; hour += 6 {
		slot := begin.Add(time.Duration(hour-recordBegin) * time.Hour)
		_, now := d.at(t, slot)
		m = rules.Advance(m, now, slot)
		was := fires
		fires = map[string]bool{}
		for k, a := range m.Alerts {
			if k != rules.BlindKey && a.Fires() {
				fires[a.Name] = true
			}
		}
		for name, disk := range record {
			full := disk[hour] >= recordLimit
			if fires[name] && !was[name] {
				episodes++
			}
			if was[name] && !fires[name] && full {
				t.Errorf("%s: its alert ended on day %d at %.3f, want it to last beyond the limit",
					name, hour/24, disk[hour])
			}
			if !full {
				beyond[name] = 0
				continue
			}
			if beyond[name]++; beyond[name] == 1 {
				if expected[name] = wasSure(disk, hour); expected[name] {
					crossings++
				}
			}
			if beyond[name] == 6 && expected[name] && !fires[name] {
				t.Errorf("%s: no alert on day %d at %.3f, want one: it was forecast", name, hour/24,
					disk[hour])
			}
		}
	}
	t.Logf("%d episodes, %d crossings that were forecast", episodes, crossings)
	if episodes < 16 || crossings < 10 {
		t.Errorf("got %d episodes and %d crossings, want enough to say something", episodes,
			crossings)
	}
}
