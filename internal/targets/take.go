package targets

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Options say which targets Take lists.
type Options struct {
	End       time.Time
	Range     time.Duration // how far back it looks for vanished targets; 0: it does not look
	Nodes     snapshot.Nodes
	Keep      func(job string) bool // nil: all jobs
	MaxSeries int                   // of the query for vanished targets; 0: promapi.DefaultLimit
}

// Server lists what it scrapes, as promapi.Client does.
type Server interface {
	Targets(ctx context.Context, begin func(),
		each func(promapi.Target)) (bool, promapi.Meta, error)
}

const (
	// fresh is how far the newest scrape of a live list may be from the end. A list is always of
	// now, and the end may be in the past.
	fresh = 15 * time.Minute
	// mostTargets is the limit of the queries about all targets, whatever the panels' limit is.
	mostTargets = 100_000
)

// Take lists the targets of a server. The list and the errors come from the server itself. If it
// has no list, or if the end is in the past, they come from up, which knows no errors. The list's
// notes say what is not known. The error says why nothing is.
func Take(ctx context.Context, s Server, q snapshot.Querier, o Options) (*List, error) {
	t := &taking{q: q, o: o, list: &List{At: o.End, Range: o.Range}}
	if err := t.live(ctx, s); err != nil {
		return nil, err
	}
	if !t.list.Live {
		if err := t.fromUp(ctx); err != nil {
			return nil, err
		}
	}
	if len(t.list.Targets) > 0 {
		if err := t.figures(ctx); err != nil {
			return nil, err
		}
	}
	if o.Range > 0 {
		if err := t.vanished(ctx); err != nil {
			return nil, err
		}
	}
	t.list.arrange()
	return t.list, nil
}

// taking is the state of Take.
type taking struct {
	q    snapshot.Querier
	o    Options
	list *List
}

// live takes the server's own list, if there is one of about the end.
func (t *taking) live(ctx context.Context, s Server) error {
	var newest time.Time
	var all []Target
	listed, virtual := false, 0
	begin := func() { newest, all, listed, virtual = time.Time{}, nil, false, 0 }
	served, meta, err := s.Targets(ctx, begin, func(p promapi.Target) {
		listed = true
		if p.LastScrape.After(newest) {
			newest = p.LastScrape
		}
		one, ok := t.target(p.Labels)
		if !ok {
			return
		}
		if p.Health != promapi.HealthUp && t.o.Nodes.IsVirtual(p.Labels) {
			virtual++
			return
		}
		one.URL, one.Health, one.Error = p.URL, p.Health, p.LastError
		one.LastScrape, one.Duration, one.Samples = p.LastScrape, p.Duration, p.Samples
		one.Interval, one.Timeout = p.Interval, p.Timeout
		if one.LastScrape.IsZero() {
			one.Duration = math.NaN()
		}
		if one.Health == promapi.HealthDown {
			one.Trouble = TroubleOf(one.Error, one.Timeout)
			if one.Trouble.Code == Refused && p.Labels.Get("pod") != "" &&
				t.o.Nodes.HostOf(p.Labels) == "" {
				one.Trouble.Code = RefusedByPod
			}
		}
		all = append(all, one)
	})
	var e *promapi.Error
	switch {
	case ctx.Err() != nil:
		return err
	case errors.As(err, &e) && e.Kind == promapi.KindDenied:
		t.note(snapshot.NoteTargetsRefused, e.Message) // a proxy may allow queries only
	case promapi.Unreachable(err) != nil:
		return err
	case err != nil:
		t.note(snapshot.NoteTargetsUnlisted, err)
	case !served, !listed:
		t.note(snapshot.NoteTargetsNoList)
	case !newest.IsZero() && newest.Sub(t.o.End).Abs() > fresh:
		t.note(snapshot.NoteTargetsPast)
	default:
		t.list.Targets, t.list.Virtual, t.list.Live = all, virtual, true
		if meta.Partial {
			t.note(snapshot.NoteTargetsPart, strings.Join(meta.Warnings, "; "))
		}
	}
	return nil
}

func (t *taking) note(code string, args ...any) {
	t.list.Notes = append(t.list.Notes, snapshot.NoteOf(code, args...))
}

// target returns a target with the labels of a series, false if its job is not wanted.
func (t *taking) target(ls series.Labels) (Target, bool) {
	job := ls.Get("job")
	if t.o.Keep != nil && !t.o.Keep(job) {
		return Target{}, false
	}
	return Target{
		Cluster: outside.Line(t.o.Nodes.ClusterOf(ls)), Job: outside.Line(job),
		Instance: instance(ls), Node: outside.Line(t.o.Nodes.Of(ls)),
		Labels: shown(ls), Duration: math.NaN(), Samples: math.NaN(),
	}, true
}

// instance returns the instance of a series without credentials: that of a probe may be a URL.
func instance(ls series.Labels) string {
	return outside.Line(secret.HideURL(ls.Get("instance")))
}

// shown returns a copy of labels without the metric's name and without credentials.
func shown(ls series.Labels) series.Labels {
	out := make(series.Labels, 0, len(ls))
	for _, l := range ls {
		switch {
		case l.Name == model.MetricNameLabel:
			continue
		case l.Name == "instance":
			l.Value = secret.HideURL(l.Value)
		case strings.Contains(l.Value, "://"):
			l.Value = secret.HideURLs(l.Value)
		}
		out = append(out, l)
	}
	return out
}

// each calls with every series of an instant query.
func (t *taking) each(ctx context.Context, expr string, limit int,
	with func(series.Labels, float64)) error {
	query := promapi.Query{
		Expr: expr, Grid: series.Grid{Start: t.o.End, Step: time.Second, Len: 1}, Limit: limit,
	}
	_, err := t.q.Range(ctx, query, func(s series.Series) error {
		if v := s.Values[0]; !math.IsNaN(v) {
			with(s.Labels, v)
		}
		return nil
	})
	return err
}

// fromUp takes the targets that up has at the end.
func (t *taking) fromUp(ctx context.Context) error {
	err := t.each(ctx, "up", mostTargets, func(ls series.Labels, v float64) {
		one, ok := t.target(ls)
		if !ok {
			return
		}
		if one.Health = promapi.HealthUp; v == 0 {
			one.Health = promapi.HealthDown
			if t.o.Nodes.IsVirtual(ls) {
				t.list.Virtual++
				return
			}
		}
		t.list.Targets = append(t.list.Targets, one)
	})
	if err != nil {
		return fmt.Errorf("querying the targets (up): %w", err)
	}
	return nil
}

// figures adds what the server recorded about each scrape. The list of a server has no samples,
// except vmagent's.
func (t *taking) figures(ctx context.Context) error {
	find := t.index()
	for _, f := range []struct {
		metric string
		of     func(*Target) *float64
		known  bool
	}{
		{
			"scrape_duration_seconds", func(x *Target) *float64 { return &x.Duration },
			t.list.Live,
		},
		{"scrape_samples_scraped", func(x *Target) *float64 { return &x.Samples }, false},
	} {
		if f.known {
			continue
		}
		err := t.each(ctx, f.metric, mostTargets, func(ls series.Labels, v float64) {
			if x := find(ls); x != nil && math.IsNaN(*f.of(x)) && v >= 0 {
				*f.of(x) = v
			}
		})
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			t.note(snapshot.NoteTargetsFigures, fmt.Errorf("%s: %w", f.metric, err))
		}
	}
	return nil
}

// index returns a function that finds the target of a series, nil if there is none. A store adds
// the label cluster to series, which the server's own list lacks. So a target also counts as found
// if only this label differs and no other target has the rest.
func (t *taking) index() func(series.Labels) *Target {
	exact, loose := map[uint64]*Target{}, map[uint64]*Target{}
	for i := range t.list.Targets {
		x := &t.list.Targets[i]
		exact[x.Labels.Hash()] = x
		k := x.Labels.With("cluster", "").Hash()
		if _, double := loose[k]; double {
			x = nil
		}
		loose[k] = x
	}
	return func(ls series.Labels) *Target {
		ls = shown(ls)
		if x := exact[ls.Hash()]; x != nil {
			return x
		}
		return loose[ls.With("cluster", "").Hash()]
	}
}
