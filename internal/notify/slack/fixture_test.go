package slack

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// slot is 03:10 in Seoul.
var slot = time.Date(2026, 11, 21, 18, 10, 0, 0, time.UTC)

const step = time.Minute

func seoul(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// world is the state of a cluster in the tests.
type world struct {
	nodes    []string
	language words.Language
	found    int // nodes whose memory is above a limit
	failed   bool
}

// cluster returns a world of 42 nodes, or of more if more are found.
func cluster(found int, l words.Language) world {
	w := world{language: l, found: found}
	for i := range max(42, found) {
		w.nodes = append(w.nodes, fmt.Sprintf("ip-10-0-%d-%d", i/200+1, 12+i%200))
	}
	return w
}

func severityOf(i int) rules.Severity {
	if i < 3 {
		return rules.Critical
	}
	return rules.Warning
}

func valueOf(i int) float64 {
	if severityOf(i) == rules.Critical {
		return 0.94375 + float64(i%7)/1000
	}
	return 0.85 + float64(i%7)/1000
}

func limitOf(i int) float64 {
	if severityOf(i) == rules.Critical {
		return 0.9
	}
	return 0.8
}

func sinceOf(i int) time.Time { return slot.Add(-time.Duration(18+i%5) * time.Minute) }

// report returns the report about the world.
func (w world) report(t testing.TB) *report.Report {
	t.Helper()
	grid := series.Grid{Start: slot.Add(-60 * step), Step: step, Len: 60}
	memory := snapshot.Panel{
		Spec: panel.Spec{
			Name: "node-memory", Title: "Node memory", Subject: "memory",
			Measure:  panel.NodeMemory,
			Queries:  []panel.Query{{Expr: "memory", Legend: "{{node}}", Unit: units.PercentUnit}},
			Capacity: &panel.Capacity{Query: "total", Unit: units.Bytes},
			Rules: []rules.Rule{{
				Name: "NodeMemoryHigh", Warning: rules.At(0.8), Critical: rules.At(0.9),
				For:        15 * time.Minute,
				RunbookURL: "https://runbooks.example.com/NodeMemoryHigh",
			}},
		},
		Exprs: []string{`1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes`},
		Grid:  grid, Total: len(w.nodes), Data: snapshot.DataComplete,
	}
	var nodes []snapshot.Node
	for i, name := range w.nodes {
		nodes = append(nodes, snapshot.Node{Name: name, Exporter: i != 40 && i != 41})
		row := snapshot.Row{
			Name: name, Node: name, Labels: series.FromPairs("node", name), Capacity: 64 << 30,
			Stats: snapshot.Stats{Last: 0.55, Avg: 0.5, Min: 0.45, Max: 0.56, Samples: grid.Len},
			Rank:  0.55, Status: rules.OK,
		}
		if i < w.found {
			row.Status, row.Severity, row.Rank, row.Stats.Last = rules.Breach, severityOf(i),
				valueOf(i), valueOf(i)
			s := &rules.Streak{
				From: sinceOf(i), To: grid.End(), Peak: valueOf(i), PeakAt: grid.End(),
				Limit: limitOf(i), Severity: severityOf(i),
			}
			memory.Findings = append(memory.Findings, snapshot.Finding{
				Finding: rules.Finding{
					Rule: "NodeMemoryHigh", Labels: row.Labels, Status: rules.Breach,
					Severity: s.Severity, Value: valueOf(i), Limit: limitOf(i),
					Newest: grid.End(), Streak: s,
					Cause: rules.CauseOf(
						rules.RuleID{Panel: "node-memory", Rule: "NodeMemoryHigh"}),
				},
				Name: name, Node: name, Capacity: 64 << 30,
			})
		} else {
			memory.OK++
		}
		memory.Rows = append(memory.Rows, row)
		if i < 8 {
			values := make([]float64, grid.Len)
			for j := range values {
				values[j] = row.Stats.Last - 0.14*float64(grid.Len-1-j)/float64(grid.Len-1)
			}
			row.Change = snapshot.Change{By: 0.14, In: time.Duration(grid.Len-1) * step}
			memory.Lines = append(memory.Lines, snapshot.Line{Row: row, Values: values})
		}
	}
	panels := []snapshot.Panel{memory}
	if w.failed {
		spec := panel.Spec{
			Name: "pvc", Title: "Persistent volumes", Queries: []panel.Query{
				{Expr: "pvc", Unit: units.PercentUnit},
			},
		}
		panels = append(panels, snapshot.Failed([]panel.Spec{spec},
			fmt.Errorf("prometheus answered 503: query timed out in expression evaluation"))...)
	}
	return report.Build(report.Info{
		Cluster: "prod-seoul", Name: "daily", Title: "Daily capacity", Slot: slot, Range: time.Hour,
		Zone: seoul(t), Language: w.language,
		Version: "v0.3.0", Nodes: nodes, Scrape: time.Minute,
		ExternalURL: "https://prometheus.example.com",
		Command:     "promsnap run daily -c promsnap.yaml --time 2026-11-21T18:10:00Z",
		ConfigFile:  "promsnap.yaml",
	}, panels)
}

// items returns the alerts of the nodes that were found.
func (w world) items() []notify.Item {
	var items []notify.Item
	for i := range w.found {
		items = append(items, w.item(i))
	}
	return items
}

func (w world) item(i int) notify.Item {
	name := w.nodes[i]
	identity := map[string]string{"node": name}
	e := rules.Episode{
		Since: sinceOf(i), Last: slot, Worst: severityOf(i), Peak: rules.Number(valueOf(i) + 0.02),
		PeakAt: slot.Add(-3 * time.Minute),
	}
	return notify.Item{
		Key: rules.KeyOf(rules.RuleID{Panel: "node-memory", Rule: "NodeMemoryHigh"},
			series.FromMap(identity)),
		Alert: rules.Alert{
			Panel: "node-memory", Rule: "NodeMemoryHigh", Name: name, Labels: identity,
			Identity: identity, Severity: severityOf(i), GraveAt: slot,
			Value: rules.Number(valueOf(i)), Limit: rules.Number(limitOf(i)), Capacity: 64 << 30,
			Episodes: []rules.Episode{e},
		},
		Episode: e,
	}
}

const (
	channel = "C0123456789"
	parent  = "1795305600.000001"
	token   = "xoxb-MARKED-0123456789"
)

// delivery returns a message of a kind about all nodes that were found.
func (w world) delivery(t testing.TB, k notify.Kind) notify.Delivery {
	t.Helper()
	m := &notify.Message{Kind: k}
	d := notify.Delivery{
		Report: w.report(t), Message: m, Memory: rules.Memory{
			Slot: slot, Alerts: map[rules.Key]rules.Alert{},
		},
		Archived: []notify.Receipt{
			{
				Location: "https://reports.example.com/prod/daily/index.html?X-Amz-Signature=5f3a&b=1", Expires: slot.Add(12 * time.Hour),
			},
		},
	}
	if k == notify.KindAllClear || k == notify.KindTest {
		return d
	}
	m.Items = w.items()
	if k != notify.KindNew && k != notify.KindSeenLate && k != notify.KindSummary {
		m.Thread = notify.Receipt{Channel: channel, ID: parent}
	}
	for i := range m.Items {
		w.turn(&m.Items[i], k, i)
	}
	switch {
	case k == notify.KindNew && len(m.Items) == 1:
		d.Details = map[rules.Key][]string{
			m.Items[0].Key: {"shop/checkout-7d9f 22 GiB", "spark/exec-14 11 GiB"},
		}
	case k == notify.KindSummary:
		m.Since = slot.Add(-24 * time.Hour)
		d.History = &notify.History{
			Ran: 285, Scheduled: 288, Blind: []notify.Span{
				{From: slot.Add(-16 * time.Hour), To: slot.Add(-15*time.Hour - 45*time.Minute)},
			},
		}
	}
	return d
}

// rest returns n alerts that still fire. They repeat if there are more than the world has.
func (w world) rest(n int) []notify.Item {
	var out []notify.Item
	for items := w.items(); len(out) < n && len(items) > 0; {
		out = append(out, items[len(out)%len(items)])
	}
	return out
}

// turn changes an item to what a message of a kind is about.
func (w world) turn(i *notify.Item, k notify.Kind, at int) {
	switch k {
	case notify.KindJoined, notify.KindWorse:
		i.Was.Severity = rules.Warning
	case notify.KindBetter:
		i.Was.Severity, i.Alert.Severity = rules.Critical, rules.Warning
		i.Alert.Value, i.Alert.Limit = 0.87, 0.8
	case notify.KindNoData:
		i.Alert.Silent = slot.Add(-7 * time.Minute)
	case notify.KindResolved, notify.KindSeenLate:
		i.Episode.Since = i.Episode.Since.Add(-10 * time.Minute)
		i.Episode.Last, i.Episode.Ended, i.Episode.End = slot.Add(-10*time.Minute), slot,
			rules.Recovered
		if at == 5 {
			i.Episode.End = rules.Vanished
		}
	}
}

// blindness returns a message of a kind about promsnap's own alert, for a report that got no answer
// for a quarter of an hour.
func blindness(t testing.TB, k notify.Kind, l words.Language) notify.Delivery {
	t.Helper()
	d := cluster(0, l).delivery(t, notify.KindSummary)
	specs := []panel.Spec{
		{
			Name: "node-memory", Title: "Node memory", Queries: []panel.Query{
				{Expr: "memory", Unit: units.PercentUnit},
			},
		}, {Name: "pvc", Title: "Persistent volumes", Queries: []panel.Query{{Expr: "pvc"}}},
	}
	in := d.Report.Info
	in.Nodes, in.ExternalURL = nil, ""
	d.Report = report.Build(in, snapshot.Failed(specs, &promapi.Error{
		Op: "query_range", URL: "http://prometheus-server.monitoring.svc",
		Message: "connection refused",
		Hint: "nothing listens there: check the address and the port, and whether Prometheus " +
			"runs",
	}))
	e := rules.Episode{
		Since: slot.Add(-15 * time.Minute), Last: slot, Worst: rules.Critical, Peak: 1,
		PeakAt: slot.Add(-15 * time.Minute), Found: slot.Add(-10 * time.Minute),
	}
	d.Message = &notify.Message{Kind: k, Items: []notify.Item{{Key: rules.BlindKey}}}
	d.History = nil
	switch k {
	case notify.KindResolved, notify.KindSeenLate:
		e.Ended, e.End = slot, rules.Recovered
		d.Report = cluster(0, l).report(t)
	}
	if k == notify.KindResolved || k == notify.KindStillFiring {
		d.Message.Thread = notify.Receipt{Channel: channel, ID: parent}
	}
	d.Message.Items[0].Episode = e
	d.Message.Items[0].Alert = rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: rules.Critical, Value: 1,
		Episodes: []rules.Episode{e},
	}
	return d
}

func kinds() []notify.Kind {
	var all []notify.Kind
	for k := notify.KindNew; k <= notify.KindTest; k++ {
		all = append(all, k)
	}
	return all
}

func options(t testing.TB) Options {
	t.Helper()
	team, err := ParseMention("S0123456789")
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Channel: channel, Token: secret.Inline(token),
		Mentions: map[rules.Severity][]Mention{rules.Critical: {team}},
	}
}

// nan is a missing value.
var nan = rules.Number(math.NaN())
