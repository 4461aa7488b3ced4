package sizing

import (
	"context"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Options says what is measured.
type Options struct {
	End            time.Time
	Window         time.Duration
	Headroom       float64 // 0.25 adds a quarter
	Cost           Cost
	ScrapeInterval time.Duration
	MaxSeries      int    // containers of workloads; 0: promapi.DefaultLimit
	Cluster        string // only the one with this label cluster; "": all
	Namespace      string // only this one; "": all
	// Progress is called before each query with how many are done, of how many. The number may
	// grow. Nil: not called.
	Progress func(done, of int)
}

// Measure returns what the containers of workloads should request. If the use of some namespaces
// could not be measured, their rows have no advice, and the notes say why.
func Measure(ctx context.Context, q snapshot.Querier, o Options) (*Advice, []snapshot.Note, error) {
	m := &measuring{
		q: q, o: o, rows: map[id]*row{}, of: map[id][]*row{},
		a: &Advice{Window: o.Window, Headroom: o.Headroom, Cost: o.Cost},
	}
	if m.o.MaxSeries <= 0 {
		m.o.MaxSeries = promapi.DefaultLimit
	}
	asks := m.first()
	m.planned = len(asks)
	for _, ask := range asks {
		if err := m.now(ctx, ask); err != nil && (!ask.spare || ctx.Err() != nil) {
			return nil, nil, err
		}
	}
	if len(m.rows) == 0 {
		return m.a, nil, nil
	}
	if err := m.kills(ctx); err != nil {
		return nil, nil, err
	}
	err := m.use(ctx)
	for _, r := range m.rows {
		r.advise(o.Headroom, r.unknown())
		m.a.Rows = append(m.a.Rows, r.Row)
	}
	m.a.sort()
	switch {
	case err == nil:
		return m.a, nil, nil
	case !m.measured:
		return nil, nil, err
	}
	return m.a, []snapshot.Note{snapshot.NoteOf(snapshot.NoteSizingPart, err)}, nil
}

// id identifies a row.
type id struct{ cluster, namespace, workload, container string }

func idOf(ls series.Labels) id {
	return id{
		ls.Get("cluster"), ls.Get("namespace"), ls.Get("workload"), ls.Get("container"),
	}
}

// row is a row with why its use is not known well enough.
type row struct {
	Row
	cpu, memory Reason
}

// unknown returns why the use is not known well enough. cAdvisor reports CPU and memory together,
// and the steps of CPU are shorter.
func (r *row) unknown() Reason {
	if r.cpu != "" {
		return r.cpu
	}
	return r.memory
}

// measuring is a measurement.
type measuring struct {
	q        snapshot.Querier
	o        Options
	a        *Advice
	rows     map[id]*row
	of       map[id][]*row // by workload, the id without a container
	kept     []float64     // the samples of one series
	asked    int           // how many queries
	planned  int           // how many queries, with those asked
	measured bool          // the use of some namespace is known
}

// ask is a query about now.
type ask struct {
	what, expr string
	take       func(series.Labels, float64)
	spare      bool // the rest is known without it
}

// first returns the queries about what is requested now, by which workloads.
func (m *measuring) first() []ask {
	set := func(to func(r *row) *float64) func(series.Labels, float64) {
		return func(ls series.Labels, v float64) {
			if r := m.rows[idOf(ls)]; r != nil && v > 0 && v < 1e18 {
				*to(r) = v
			}
		}
	}
	resource := func(what, name, expr string, to func(r *row) *float64) ask {
		return ask{
			what: what + " of containers (kube_pod_container_resource_" + name + ")",
			expr: byWorkload("max", expr), take: set(to),
		}
	}
	return []ask{
		{
			what: "the containers with requests (kube_pod_container_resource_requests)",
			expr: byWorkload("count", panels.Sized()), take: m.addRow,
		},
		resource("the CPU requests", "requests", panels.Requested("cpu"),
			func(r *row) *float64 { return &r.CPU.Request }),
		resource("the memory requests", "requests", panels.Requested("memory"),
			func(r *row) *float64 { return &r.Memory.Request }),
		resource("the CPU limits", "limits", panels.Limited("cpu"),
			func(r *row) *float64 { return &r.CPU.Limit }),
		resource("the memory limits", "limits", panels.Limited("memory"),
			func(r *row) *float64 { return &r.Memory.Limit }),
		{
			what: "the sidecars (kube_pod_init_container_resource_requests)",
			expr: byWorkload("max", panels.Sidecars()), take: func(ls series.Labels, _ float64) {
				if r := m.rows[idOf(ls)]; r != nil {
					r.Sidecar = true
				}
			},
		},
		{
			what: "the owners of pods (kube_pod_owner)",
			expr: `group by (cluster, namespace, workload, owner_kind, owner_name) (` +
				panel.WithWorkload(`group by (cluster, namespace, pod, owner_kind, owner_name)`+
					` (kube_pod_owner{owner_is_controller!="false"})`) + `)`,
			take: m.owners(), spare: true,
		},
		{
			what: "the owners of ReplicaSets (kube_replicaset_owner)",
			expr: `group by (cluster, namespace, owner_kind, owner_name)` +
				` (kube_replicaset_owner{owner_kind!="Deployment",owner_name!="<none>"})`,
			take: m.otherOwners, spare: true,
		},
		{
			what: "the autoscalers (kube_horizontalpodautoscaler_info)",
			expr: panels.Autoscaled(), take: m.autoscaled,
		},
	}
}

// byWorkload aggregates a query of package panels by workload and container.
func byWorkload(how, expr string) string {
	return how + ` by (cluster, namespace, workload, container) (` + panel.WithWorkload(expr) + `)`
}

// addRow adds a container of a workload.
func (m *measuring) addRow(ls series.Labels, pods float64) {
	k, none := idOf(ls), math.NaN()
	if k.container == "" || k.workload == "" || !(pods > 0) || pods > 1e9 ||
		strings.ContainsRune(k.namespace, utf8.RuneError) { // which no query can name
		return
	}
	nothing := Resource{Request: none, Limit: none, Used: none, Peak: none}
	r := &row{
		Row: Row{
			Cluster: k.cluster, Namespace: k.namespace, Workload: k.workload,
			Container: k.container, Pods: pods, KilledAt: none, CPU: nothing, Memory: nothing,
		},
		cpu: NoPeak, memory: NoPeak,
	}
	m.rows[k] = r
	k.container = ""
	m.of[k] = append(m.of[k], r)
}

// owners returns a function that takes the kinds of workloads. A workload whose pods have owners of
// several kinds has none.
func (m *measuring) owners() func(series.Labels, float64) {
	type owner struct{ kind, name string }
	known := map[id]owner{}
	return func(ls series.Labels, _ float64) {
		kind, name := ls.Get("owner_kind"), ls.Get("owner_name")
		top := alerts.OwnerName("", kind, name)
		switch {
		case kind == "ReplicaSet" && top != name:
			kind = "Deployment"
		case kind == "Job" && top != name:
			kind = "CronJob"
		}
		of, o := idOf(ls), owner{kind, top}
		if before, ok := known[of]; ok && before != o {
			o = owner{}
		}
		known[of] = o
		for _, r := range m.of[of] {
			r.Kind, r.Name = o.kind, o.name
		}
	}
}

// otherOwners corrects the kind of workloads whose ReplicaSets belong to something else, such as a
// Rollout.
func (m *measuring) otherOwners(ls series.Labels, _ float64) {
	k := idOf(ls)
	k.workload = ls.Get("owner_name")
	for _, r := range m.of[k] {
		if r.Kind == "Deployment" {
			r.Kind = ls.Get("owner_kind")
		}
	}
}

// autoscaled records by which resource a workload is scaled. The kind of a workload may be unknown.
func (m *measuring) autoscaled(ls series.Labels, _ float64) {
	k := idOf(ls)
	k.workload = ls.Get("scaletargetref_name")
	for _, r := range m.of[k] {
		if r.Kind != "" && r.Kind != ls.Get("scaletargetref_kind") {
			continue
		}
		switch ls.Get("metric_name") {
		case "cpu":
			r.scaled[0] = true
		case "memory":
			r.scaled[1] = true
		}
	}
}
