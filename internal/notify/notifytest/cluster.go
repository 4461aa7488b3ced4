package notifytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Night is the slot of a Cluster's messages: 03:10 in Seoul.
var Night = time.Date(2026, 11, 21, 18, 10, 0, 0, time.UTC)

const step = time.Minute

// Seoul returns the zone of a Cluster.
func Seoul(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Cluster is a cluster with nodes whose memory is above a limit, for messages that look real.
type Cluster struct {
	Nodes    []string
	Language words.Language
	Found    int  // nodes whose memory is above a limit, the first ones
	Failed   bool // whether the panel of volumes has no answer
}

// NewCluster returns a cluster of 42 nodes, or of more if more are found.
func NewCluster(found int, l words.Language) Cluster {
	c := Cluster{Language: l, Found: found}
	for i := range max(42, found) {
		c.Nodes = append(c.Nodes, fmt.Sprintf("ip-10-0-%d-%d", i/200+1, 12+i%200))
	}
	return c
}

func severityAt(i int) rules.Severity {
	if i < 3 {
		return rules.Critical
	}
	return rules.Warning
}

func valueAt(i int) float64 {
	if severityAt(i) == rules.Critical {
		return 0.94375 + float64(i%7)/1000
	}
	return 0.85 + float64(i%7)/1000
}

func limitAt(i int) float64 {
	if severityAt(i) == rules.Critical {
		return 0.9
	}
	return 0.8
}

func sinceAt(i int) time.Time { return Night.Add(-time.Duration(18+i%5) * time.Minute) }

// Report returns the report about the cluster.
func (c Cluster) Report(t testing.TB) *report.Report {
	t.Helper()
	grid := series.Grid{Start: Night.Add(-60 * step), Step: step, Len: 60}
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
		Grid:  grid, Total: len(c.Nodes), Data: snapshot.DataComplete,
	}
	var nodes []snapshot.Node
	for i, name := range c.Nodes {
		nodes = append(nodes, snapshot.Node{Name: name, Exporter: i != 40 && i != 41})
		row := snapshot.Row{
			Name: name, Node: name, Labels: series.FromPairs("node", name), Capacity: 64 << 30,
			Stats: snapshot.Stats{Last: 0.55, Avg: 0.5, Min: 0.45, Max: 0.56, Samples: grid.Len},
			Rank:  0.55, Status: rules.OK,
		}
		if i < c.Found {
			row.Status, row.Severity, row.Rank, row.Stats.Last = rules.Breach, severityAt(i),
				valueAt(i), valueAt(i)
			s := &rules.Streak{
				From: sinceAt(i), To: grid.End(), Peak: valueAt(i), PeakAt: grid.End(),
				Limit: limitAt(i), Severity: severityAt(i),
			}
			memory.Findings = append(memory.Findings, snapshot.Finding{
				Finding: rules.Finding{
					Rule: "NodeMemoryHigh", Labels: row.Labels, Status: rules.Breach,
					Severity: s.Severity, Value: valueAt(i), Limit: limitAt(i),
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
	if c.Failed {
		spec := panel.Spec{
			Name: "pvc", Title: "Persistent volumes", Queries: []panel.Query{
				{Expr: "pvc", Unit: units.PercentUnit},
			},
		}
		panels = append(panels, snapshot.Failed([]panel.Spec{spec},
			fmt.Errorf("prometheus answered 503: query timed out in expression evaluation"))...)
	}
	return report.Build(report.Info{
		Cluster: "prod-seoul", Name: "daily", Title: "Daily capacity", Slot: Night, Range: time.Hour,
		Zone: Seoul(t), Language: c.Language,
		Version: "v0.3.0", Nodes: nodes, Scrape: time.Minute,
		ExternalURL: "https://prometheus.example.com",
		Command:     "promsnap run daily -c promsnap.yaml --time 2026-11-21T18:10:00Z",
		ConfigFile:  "promsnap.yaml",
	}, panels)
}

// Items returns the alerts of the nodes that were found.
func (c Cluster) Items() []notify.Item {
	var items []notify.Item
	for i := range c.Found {
		items = append(items, c.Item(i))
	}
	return items
}

// Item returns the alert of the i-th node.
func (c Cluster) Item(i int) notify.Item {
	name := c.Nodes[i]
	identity := map[string]string{"node": name}
	e := rules.Episode{
		Since: sinceAt(i), Last: Night, Worst: severityAt(i), Peak: rules.Number(valueAt(i) + 0.02),
		PeakAt: Night.Add(-3 * time.Minute),
	}
	return notify.Item{
		Key: rules.KeyOf(rules.RuleID{Panel: "node-memory", Rule: "NodeMemoryHigh"},
			series.FromMap(identity)),
		Alert: rules.Alert{
			Panel: "node-memory", Rule: "NodeMemoryHigh", Name: name, Labels: identity,
			Identity: identity, Severity: severityAt(i), GraveAt: Night,
			Value: rules.Number(valueAt(i)), Limit: rules.Number(limitAt(i)), Capacity: 64 << 30,
			Episodes: []rules.Episode{e},
		},
		Episode: e,
	}
}

// Delivery returns a message of a kind about all nodes that were found.
func (c Cluster) Delivery(t testing.TB, k notify.Kind) notify.Delivery {
	t.Helper()
	m := &notify.Message{Kind: k}
	d := notify.Delivery{
		Report: c.Report(t), Message: m, Memory: rules.Memory{
			Slot: Night, Alerts: map[rules.Key]rules.Alert{},
		},
		Archived: []notify.Receipt{
			{
				Location: "https://reports.example.com/prod/daily/index.html?X-Amz-Signature=5f3a&b=1", Expires: Night.Add(12 * time.Hour),
			},
		},
	}
	if k == notify.KindAllClear || k == notify.KindTest {
		return d
	}
	m.Items = c.Items()
	if k != notify.KindNew && k != notify.KindSeenLate && k != notify.KindSummary {
		m.Thread = notify.Receipt{Channel: "C0123456789", ID: "1795305600.000001"}
	}
	for i := range m.Items {
		c.turn(&m.Items[i], k, i)
	}
	switch {
	case k == notify.KindNew && len(m.Items) == 1:
		d.Details = map[rules.Key][]string{
			m.Items[0].Key: {"shop/checkout-7d9f 22 GiB", "spark/exec-14 11 GiB"},
		}
	case k == notify.KindSummary:
		m.Since = Night.Add(-24 * time.Hour)
		d.History = &notify.History{
			Ran: 285, Scheduled: 288, Blind: []notify.Span{
				{From: Night.Add(-16 * time.Hour), To: Night.Add(-15*time.Hour - 45*time.Minute)},
			},
		}
	}
	return d
}

// Rest returns n alerts that still fire. They repeat if there are more than the cluster has.
func (c Cluster) Rest(n int) []notify.Item {
	var out []notify.Item
	for items := c.Items(); len(out) < n && len(items) > 0; {
		out = append(out, items[len(out)%len(items)])
	}
	return out
}

// turn changes an item to what a message of a kind is about.
func (c Cluster) turn(i *notify.Item, k notify.Kind, at int) {
	switch k {
	case notify.KindJoined, notify.KindWorse:
		i.Was.Severity = rules.Warning
	case notify.KindBetter:
		i.Was.Severity, i.Alert.Severity = rules.Critical, rules.Warning
		i.Alert.Value, i.Alert.Limit = 0.87, 0.8
	case notify.KindNoData:
		i.Alert.Silent = Night.Add(-7 * time.Minute)
	case notify.KindResolved, notify.KindSeenLate:
		i.Episode.Since = i.Episode.Since.Add(-10 * time.Minute)
		i.Episode.Last, i.Episode.Ended, i.Episode.End = Night.Add(-10*time.Minute), Night,
			rules.Recovered
		if at == 5 {
			i.Episode.End = rules.Vanished
		}
	}
}
