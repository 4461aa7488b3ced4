package panel

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// MaxPoints is the most samples per series in an answer of Prometheus.
const MaxPoints = 11_000

// chartWidth is the width of a chart in pixels, from which the ladder's step follows.
const chartWidth = 1000

// ladder holds steps that a person would choose. They divide an hour or a day, so that aligned
// grids of different runs share their times and a cache in front of Prometheus can answer.
var ladder = []time.Duration{
	15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Step returns the step of a range query over rng. It is pinned if that is not 0. Otherwise it is
// the first step of the ladder that is not finer than the scrape interval and gives a chart at most
// one sample per pixel. A pinned step that gives more than MaxPoints samples is an error, which
// suggests the smallest valid step.
func Step(rng, pinned, scrape time.Duration) (time.Duration, error) {
	if rng <= 0 {
		return 0, fmt.Errorf("range %s is not positive", model.Duration(rng))
	}
	if pinned > 0 {
		if points(rng, pinned) > MaxPoints {
			return 0, fmt.Errorf("step %s over a range of %s gives %d samples per series, but "+
				"Prometheus allows %d; use a step of at least %s",
				model.Duration(pinned), model.Duration(rng), points(rng, pinned), MaxPoints,
				model.Duration(smallestStep(rng)))
		}
		return pinned, nil
	}
	for _, s := range ladder {
		if s >= scrape && rng <= chartWidth*s {
			return s, nil
		}
	}
	day := ladder[len(ladder)-1]
	days := (rng + chartWidth*day - 1) / (chartWidth * day)
	return max(days, 1) * day, nil
}

// StepFor returns the step with which rules can judge a panel whose step nothing pins: a finer one
// than Step chooses if an alert's For is less than three steps of that. It returns 0 for the step
// that Step chooses, also if no step is fine enough.
func StepFor(rng, scrape time.Duration, all []rules.Rule) time.Duration {
	chosen, err := Step(rng, 0, scrape)
	if err != nil {
		return 0
	}
	most := chosen
	for _, r := range all {
		if r.For > 0 {
			most = min(most, r.For/3)
		}
	}
	if most == chosen {
		return 0
	}
	for _, s := range slices.Backward(ladder) {
		if s <= most && s >= scrape && points(rng, s) <= MaxPoints {
			return s
		}
	}
	return 0
}

// StepWithin returns the first step of the ladder, not finer than least, that gives a range at most
// this many samples.
func StepWithin(rng, least time.Duration, most int) time.Duration {
	for _, s := range ladder {
		if s >= least && points(rng, s) <= int64(most) {
			return s
		}
	}
	return max(rng, least)
}

func smallestStep(rng time.Duration) time.Duration {
	for _, s := range ladder {
		if points(rng, s) <= MaxPoints {
			return s
		}
	}
	return rng / MaxPoints
}

func points(rng, step time.Duration) int64 { return int64(rng/step) + 1 }

// PlanGrid returns the grid of a range that ends at end. Start and end are rounded down to
// multiples of the step in Unix time, because VictoriaMetrics would shift them otherwise, and Mimir
// only caches aligned queries.
func PlanGrid(end time.Time, rng, step time.Duration) series.Grid {
	last := floor(end, step)
	first := floor(last.Add(-rng), step)
	return series.Grid{Start: first, Step: step, Len: int(last.Sub(first)/step) + 1}
}

func floor(t time.Time, step time.Duration) time.Time {
	ns := t.UnixMilli() * int64(time.Millisecond)
	rem := ns % int64(step)
	if rem < 0 {
		rem += int64(step)
	}
	return time.UnixMilli((ns - rem) / int64(time.Millisecond)).UTC()
}
