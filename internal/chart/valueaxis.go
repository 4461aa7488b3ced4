package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// bounds is a range of values. It is empty until a finite one is added.
type bounds struct {
	low, high float64
	any       bool
}

// farthestValue is the largest number that is drawn unchanged. Sums of such numbers are finite.
const farthestValue = 1e300

func (b *bounds) add(values ...float64) {
	for _, v := range values {
		if !series.Finite(v) {
			continue
		}
		v = max(-farthestValue, min(v, farthestValue))
		if !b.any {
			b.low, b.high, b.any = v, v, true
		}
		b.low, b.high = min(b.low, v), max(b.high, v)
	}
}

func (b bounds) span() float64 { return b.high - b.low }

// limits are the thresholds of a panel's first rule that has any.
type limits struct {
	direction rules.Direction
	lines     []limit // from good to bad: warning first
}

type limit struct {
	value    float64
	severity rules.Severity
}

func limitsOf(p *snapshot.Panel) limits { return firstLimits(p.Spec.Rules) }

// limitsIn returns the limits of the first rule that judges a query's series.
func limitsIn(p *snapshot.Panel, ref string) limits {
	return firstLimits(slices.DeleteFunc(slices.Clone(p.Spec.Rules), func(r rules.Rule) bool {
		return p.Spec.Query(r.Ref).Ref != p.Spec.Query(ref).Ref
	}))
}

func firstLimits(rs []rules.Rule) limits {
	for _, r := range rs {
		if r.FullIn {
			continue // its limits are times
		}
		l := limits{direction: r.Direction}
		if usable(r.Warning) {
			l.lines = append(l.lines, limit{r.Warning.Value, rules.Warning})
		}
		if usable(r.Critical) {
			l.lines = append(l.lines, limit{r.Critical.Value, rules.Critical})
		}
		if len(l.lines) > 0 {
			return l
		}
	}
	return limits{}
}

func usable(l rules.Limit) bool { return l.Set && math.Abs(l.Value) <= farthestValue }

// ratioInSight is the ratio from which the axis shows the total. A limit on the axis counts as
// data.
const ratioInSight = 0.5

// valueAxis chooses the range of the axis of values. It includes zero, because readers compare
// lengths from zero. It includes a guide unless the data would then fill less than a quarter of it;
// hidden are the guides that remain beyond it. The axis is at least a tenth of the nearest guide,
// so that values close to zero look small. A ratio that comes near its total is shown against the
// total.
func valueAxis(data bounds, guides []guide, u units.Unit, most int) (a units.Axis, hidden []guide) {
	data.add(0)
	shown, nearest := data, bounds{}
	for _, g := range guides {
		with := data
		with.add(g.low, g.high)
		if data.span() > 0 && data.span() < with.span()/4 {
			hidden = append(hidden, g)
			if !nearest.any || math.Abs(g.low) < math.Abs(nearest.low) {
				nearest = g.bounds
			}
			continue
		}
		shown.add(g.low, g.high)
	}
	if nearest.any {
		shown.add(nearest.low / 10)
	}
	switch u {
	case units.PercentUnit:
		shown.addTotal(1)
	case units.Percent:
		shown.addTotal(100)
	}
	return u.Axis(shown.low, shown.high, most), hidden
}

// addTotal extends b to the total of a ratio if b comes near it.
func (b *bounds) addTotal(total float64) {
	if b.low >= 0 && b.high > total*ratioInSight {
		b.add(total)
	}
}

// The least part of an axis that begins above zero, as a share of a ratio's total or of the highest
// value. Noise then does not look like a change.
const leastZoom = 0.1

// zoomedAxis is valueAxis for a picture that shows when something changed rather than how much of
// the whole it is. The axis is where the values and the nearest limits are. It begins at zero if
// little would be gained, and for counts, which are compared with zero.
func zoomedAxis(data bounds, guides []guide, u units.Unit,
	most int) (a units.Axis, hidden []guide) {
	if !data.any || data.low <= 0 || u == units.None || u == units.Short {
		return valueAxis(data, guides, u, most)
	}
	total := totalOf(u)
	least := leastZoom * cmp.Or(total, data.high)
	shown := data
	if more := least - data.span(); more > 0 {
		shown.add(max(data.low-more/2, 0), data.high+more/2)
	}
	near := shown
	for _, g := range guides {
		with := near
		with.add(g.low, g.high)
		if near.span() < with.span()/3 {
			hidden = append(hidden, g)
			continue
		}
		shown.add(g.low, g.high)
	}
	room := shown.span() / 12
	low, high := min(shown.low, max(data.low-room, 0)), max(shown.high, data.high+room)
	if low < high/4 {
		return valueAxis(data, guides, u, most)
	}
	if total > 0 && data.high <= total {
		high = min(high, total)
	}
	a = u.Axis(low, high, most)
	// What is beyond the outermost ticks in sight is empty.
	if n := len(a.Ticks); n > 3 && low-a.Ticks[0] > room {
		a.Lo, a.Ticks, a.Labels = low, a.Ticks[1:], a.Labels[1:]
	}
	if n := len(a.Ticks); n > 3 && a.Ticks[n-1]-high > room {
		a.Hi, a.Ticks, a.Labels = high, a.Ticks[:n-1], a.Labels[:n-1]
	}
	return a, hidden
}
