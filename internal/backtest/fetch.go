package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The bounds of a chunk.
const (
	mostPoints  = 10_000     // of a series: Prometheus allows 11,000
	mostSamples = 10_000_000 // of all series: 300 MB of JSON
	leastPoints = 60
	// atEnd is the longest chunk of a query that asks what there is at the end of its range, such
	// as which disks are mounted.
	atEnd = 24 * time.Hour
	// mostSeries is the most series of a history. Each takes about 250 bytes, and 1 to 2 KiB once
	// it was beyond a level. Stretches and samples have bounds of their own. In the survey a series
	// takes 16 bytes for each day.
	mostSeries = 300_000
	// surveyStep is the step of the survey of the history.
	surveyStep = time.Hour
)

// fetcher reads a history in chunks, the oldest first.
type fetcher struct {
	reader *snapshot.Reader
	points int // of a chunk; fewer once the server has refused that many
	report func(done time.Duration, samples int)
	done   time.Duration // read so far, by the time that it takes
	step   time.Duration // of the panel: a history with coarser steps is read faster
	read   int           // samples
}

// chunk is the part of a history that begins at an index.
type chunk struct {
	base, len int
	partial   bool
}

// fetch reads a history. begin is called before each chunk, each with every series of it, and end
// once it is complete. If the server refuses a chunk because it is too much, it is asked for half
// of it: the same series may come again, for fewer samples.
func (f *fetcher) fetch(ctx context.Context, g series.Grid, begin func(chunk),
	each func(*snapshot.Judgeable, chunk), end func(chunk) error) (read int, err error) {
	most := g.Len
	if strings.Contains(f.reader.Expr(), "@ end()") {
		most = max(int(atEnd/g.Step), 1)
	}
	for at := 0; at < g.Len; {
		c := chunk{base: at, len: min(f.points, most, g.Len-at)}
		begin(c)
		meta, err := f.reader.Read(ctx, series.Grid{Start: g.At(at), Step: g.Step, Len: c.len},
			func(s *snapshot.Judgeable) { each(s, c) })
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return at, context.Cause(ctx)
		case tooMuch(err, meta) && c.len > leastPoints:
			f.points = max(c.len/2, leastPoints)
			continue
		default:
			return at, err
		}
		c.partial = meta.Partial
		if err := end(c); err != nil {
			return at, err
		}
		at += c.len
		f.read += meta.Samples
		f.done += time.Duration(c.len) * f.step
		f.report(f.done, f.read)
	}
	return g.Len, nil
}

// tooMuch reports whether less of the same query may succeed: the server or a proxy limits points,
// samples, series or time, or the answer broke off.
func tooMuch(err error, meta promapi.Meta) bool {
	var many *promapi.LimitError
	if errors.As(err, &many) {
		return true // pods come and go: a shorter time has fewer series
	}
	var e *promapi.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case promapi.KindTooMuch, promapi.KindTimeout, promapi.KindGaveUp:
		return true
	case promapi.KindNetwork, promapi.KindBadAnswer:
		return meta.Series > 0
	}
	return false
}

// survey is what a coarse look at the whole history shows.
type survey struct {
	highs  []float64 // the highest value of each series and day; for a rule with below the lowest
	first  time.Time // the first sample; zero: there is none
	series int       // the most in one chunk
}

var errSeries = fmt.Errorf("the history has more than %d series; limit the query, or go back less "+
	"far", mostSeries)

// day is the highest value of a series on a day.
type day struct {
	n    int
	high float64
}

// look surveys the history. Its steps are coarser than those of the panel, so that it costs little.
func (p *plan) look(ctx context.Context, f *fetcher) (survey, error) {
	g := panel.PlanGrid(p.grid.End(), p.grid.Range(), max(surveyStep, p.step))
	perDay := max(int(24*time.Hour/g.Step), 1)
	days := map[uint64][]day{}
	seen := map[uint64]struct{}{}
	first := g.Len
	var out survey
	_, err := f.fetch(ctx, g,
		func(chunk) { clear(seen) },
		func(s *snapshot.Judgeable, c chunk) {
			hash := s.Labels.Hash()
			seen[hash] = struct{}{}
			_, overridden := s.Rule()
			all := days[hash]
			for i, v := range s.Values {
				if v-v != 0 { // NaN or an infinity
					continue
				}
				first = min(first, c.base+i)
				if overridden {
					continue // no level applies to it
				}
				n := (g.Len - 1 - c.base - i) / perDay // days end at the newest slot
				at := len(all) - 1
				if at < 0 || all[at].n != n { // not the day of the sample before
					at = slices.IndexFunc(all, func(d day) bool { return d.n == n })
				}
				if at < 0 {
					at, all = len(all), append(all, day{n, v})
				}
				if p.rule.Direction.Compare(v, all[at].high) < 0 {
					all[at].high = v
				}
			}
			days[hash] = all
		},
		func(c chunk) error {
			out.series = max(out.series, len(seen))
			if len(days) > mostSeries {
				return errSeries
			}
			if !p.spec.EmptyIsOK {
				return nil
			}
			part := series.Grid{Start: g.At(c.base), Step: g.Step, Len: c.len}
			return f.reader.Exists(ctx, part, func(values []float64) {
				if i := slices.IndexFunc(values, series.Finite); i >= 0 {
					first = min(first, c.base+i)
				}
			})
		})
	if err != nil {
		return out, err
	}
	for _, all := range days {
		for _, d := range all {
			out.highs = append(out.highs, d.high)
		}
	}
	if first < g.Len {
		out.first = g.At(first)
	}
	return out, nil
}

// pointsFor returns how many points of so many series a chunk has.
func pointsFor(series int) int {
	return min(max(mostSamples/max(series, 1), leastPoints), mostPoints)
}

// load reads the history into the engine, and returns the number of points read.
func (e *engine) load(ctx context.Context, f *fetcher) (read int, err error) {
	g := e.plan.grid
	return f.fetch(ctx, g,
		func(c chunk) { e.begin(c.base, c.len) },
		func(s *snapshot.Judgeable, c chunk) { e.add(s, c.base) },
		func(c chunk) error {
			for i := c.base; c.partial && i < c.base+c.len; i++ {
				e.partial[i] = true
			}
			if len(e.tracks) > mostSeries {
				return errSeries
			}
			if e.exists == nil {
				return nil
			}
			part := series.Grid{Start: g.At(c.base), Step: g.Step, Len: c.len}
			return f.reader.Exists(ctx, part, func(values []float64) {
				for i, v := range values {
					e.exists[c.base+i] = e.exists[c.base+i] || !math.IsNaN(v)
				}
			})
		})
}
