package dashboard

import (
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/series"
)

// maxPoints is the most samples of a series that Prometheus answers with.
const maxPoints = 11_000

// query is what is sent for one or more queries of the board. Equal ones are sent once.
type query struct {
	expr    string
	instant bool
	start   int64         // of the samples, in milliseconds
	step    time.Duration // of an instant query: 0
	points  int           // of an instant query: 1
}

// queryOf returns what is sent for a query of a panel, and whether its step had to be longer than
// planned. Start and end are rounded down to a multiple of the step, in Unix time.
func (p *Plan) queryOf(planned *grafana.Planned, q grafana.Query) (sent query, longer bool) {
	end := p.o.End.Add(-planned.Shift)
	if q.Instant {
		return query{expr: q.Expr, instant: true, start: end.UnixMilli(), points: 1}, false
	}
	step := q.Step.Truncate(time.Millisecond)
	if least := (planned.Range/(maxPoints-1) + time.Second).Truncate(time.Second); step <
		time.Millisecond || planned.Range/step >= maxPoints-1 {
		step, longer = least, true
	}
	ms := step.Milliseconds()
	first, last := floor(end.Add(-planned.Range).UnixMilli(), ms), floor(end.UnixMilli(), ms)
	return query{
		expr: q.Expr, start: first, step: step, points: int((last-first)/ms) + 1,
	}, longer
}

// floor rounds n down to a multiple of by.
func floor(n, by int64) int64 {
	rest := n % by
	if rest < 0 {
		rest += by
	}
	return n - rest
}

// grid returns the times of the samples.
func (q query) grid() series.Grid {
	return series.Grid{
		Start: time.UnixMilli(q.start).UTC(), Step: max(q.step, time.Millisecond), Len: q.points,
	}
}
