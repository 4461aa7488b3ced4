package slack

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

// incidents is the time before which the simulated cluster has its incidents: nine in the morning
// in Seoul.
var incidents = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// planted is the Prometheus of a simulated cluster whose answers are changed.
type planted struct {
	*simulation
	change func(q promapi.Query, s series.Series)
}

// simulation is the Prometheus of a simulated cluster. It remembers its answers, because the
// situations ask for the same in each language.
type simulation struct {
	*promapi.Client
	mu      sync.Mutex
	answers map[string]*answer
	small   *simulation // with fewer nodes, for long windows
}

type answer struct {
	once   sync.Once
	meta   promapi.Meta
	series []series.Series
	err    error
}

// Range implements snapshot.Querier.
func (p planted) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	p.mu.Lock()
	key := fmt.Sprintf("%+v", q)
	a := p.answers[key]
	if a == nil {
		a = &answer{}
		p.answers[key] = a
	}
	p.mu.Unlock()
	a.once.Do(func() {
		a.meta, a.err = p.Client.Range(ctx, q, func(s series.Series) error {
			a.series = append(a.series, series.Series{
				Labels: s.Labels.Clone(), Values: slices.Clone(s.Values),
			})
			return nil
		})
	})
	for _, s := range a.series {
		s = series.Series{Labels: s.Labels.Clone(), Values: slices.Clone(s.Values)}
		if p.change != nil {
			p.change(q, s)
		}
		if err := each(s); err != nil {
			return promapi.Meta{}, err
		}
	}
	return a.meta, a.err
}

// simulate returns a simulated cluster.
func simulate(t *testing.T, nodes int) *simulation {
	t.Helper()
	l, err := lab.New(lab.Options{Now: incidents, Tame: true, Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l.Handler())
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &simulation{Client: c, answers: map[string]*answer{}}
}

// judged is what a run has found, with the built-in panels.
type judged struct {
	language words.Language
	report   *report.Report
	memory   rules.Memory
	details  map[rules.Key][]string
}

// judge runs the built-in panels at a slot, after the runs that m remembers.
func (p planted) judge(t testing.TB, l words.Language, at time.Time, window time.Duration,
	m rules.Memory) judged {
	t.Helper()
	o := snapshot.Options{Slot: at, Range: window, QueryOffset: time.Minute}
	nodes, notes, err := snapshot.LoadNodes(t.Context(), p, o.End(), window)
	if err != nil {
		t.Fatal(err)
	}
	o.Nodes = nodes
	taken := snapshot.Take(t.Context(), p, panels.In(l), o)
	now, err := alerts.Evaluate(t.Context(), p, taken, nodes,
		alerts.Window{End: o.End(), Range: window})
	if err != nil {
		t.Fatal(err)
	}
	alerts.LookBack(t.Context(), p, taken, now, m, o)
	m = rules.Advance(m, now, at)
	r := report.Build(report.Info{
		Cluster: "prod-seoul", Name: "watch", Title: "Watch", Slot: at, Range: window,
		Zone: notifytest.Seoul(t), Language: l, Version: "v0.3.0", Nodes: nodes.All(), Scrape: time.Minute,
		Notes: notes, ExternalURL: "https://prometheus.example.com", ConfigFile: "promsnap.yaml",
		Known: &report.Known{Memory: m, Now: now},
	}, taken)
	return judged{l, r, m, alerts.Lines(taken, now,
		func(p *snapshot.Panel, f *snapshot.Finding) []string {
			return report.SayDetails(l, p, f)
		})}
}

// deliver returns a message of a kind about the episodes that are wanted, the worst first.
func (j judged) deliver(k notify.Kind, wanted func(rules.Alert, rules.Episode) bool) notify.Delivery {
	m := &notify.Message{Kind: k, Since: j.report.Info.Slot.Add(-24 * time.Hour)}
	for key, a := range j.memory.Alerts {
		for _, e := range a.Episodes {
			if wanted(a, e) {
				m.Items = append(m.Items, notify.Item{Key: key, Alert: a, Episode: e})
			}
		}
	}
	slices.SortFunc(m.Items, func(a, b notify.Item) int {
		return cmp.Or(cmp.Compare(b.Alert.Severity, a.Alert.Severity),
			cmp.Compare(b.Alert.Excess(), a.Alert.Excess()), cmp.Compare(a.Key, b.Key))
	})
	if k != notify.KindNew && k != notify.KindSummary {
		m.Thread = notify.Receipt{Channel: channel, ID: parent}
	}
	return notify.Delivery{
		Report: j.report, Message: m, Memory: j.memory, Details: j.details,
		Archived: []notify.Receipt{{Location: "https://reports.example.com/watch/index.html"}},
	}
}

// newImage is a change of a workload before an alert.
func newImage(l words.Language, workload string) []string {
	return []string{map[words.Language]string{
		words.English: "14 min before: image of " + workload + " 1.41 → 1.42",
		words.Korean:  "시작 14분 전: " + workload + " 이미지 1.41 → 1.42",
	}[l]}
}

func fires(_ rules.Alert, e rules.Episode) bool { return e.Fires() }

func about(panel string) func(rules.Alert, rules.Episode) bool {
	return func(a rules.Alert, e rules.Episode) bool { return a.Panel == panel }
}

// calm returns the report as if nothing were wrong.
func (j judged) calm() judged {
	in, healthy := j.report.Info, slices.Clone(j.report.Panels)
	in.Nodes = slices.Clone(in.Nodes)
	for i := range in.Nodes {
		in.Nodes[i].Exporter = true
	}
	for i := range healthy {
		p := &healthy[i]
		p.OK += len(p.Findings)
		p.Findings = nil
	}
	j.report, j.memory = report.Build(in, healthy), rules.Memory{}
	return j
}

// builtin are the built-in panels in English.
var builtin = panels.All()

// asks reports whether a query asks for a built-in panel.
func asks(q promapi.Query, name string) bool {
	i := slices.IndexFunc(builtin, func(s panel.Spec) bool { return s.Name == name })
	return q.Expr != "" && strings.Contains(q.Expr, strings.SplitN(builtin[i].Queries[0].Expr, "[", 2)[0])
}

// from changes the samples from a time on.
func from(q promapi.Query, s series.Series, at time.Time, to func(since time.Duration) float64) {
	for i := range s.Values {
		if since := q.Grid.At(i).Sub(at); since >= 0 {
			s.Values[i] = to(since)
		}
	}
}

// night is ten past three in the morning in Seoul.
var night = incidents.Add(-5*time.Hour - 50*time.Minute)

// situations are the messages that people get at night, and the summaries of three mornings.
var situations = map[string]func(*testing.T, *simulation, words.Language) notify.Delivery{
	"first-run": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := planted{sim, fill("data/redis-1", 0.87)}.
			judge(t, l, incidents, time.Hour, rules.Memory{}).deliver(notify.KindNew, fires)
		d.Changes = map[rules.Key][]string{}
		for _, i := range d.Message.Items {
			if i.Alert.Cause.Name == "redis" {
				d.Changes[i.Key] = newImage(l, "data/redis")
			}
		}
		return d
	},
	"one": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := planted{sim, leak("10.0.2.11:9100")}.judge(t, l, night, time.Hour, rules.Memory{}).
			deliver(notify.KindNew, func(a rules.Alert, _ rules.Episode) bool {
				return a.Name == "ip-10-0-2-11"
			})
		d.Changes = map[rules.Key][]string{d.Message.Items[0].Key: newImage(l, "shop/checkout")}
		return d
	},
	"worse": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := planted{sim, nil}.judge(t, l, night.Add(10*time.Minute), 2*time.Hour, rules.Memory{}).
			deliver(notify.KindWorse, func(a rules.Alert, _ rules.Episode) bool {
				return a.Panel == "node-memory" && a.Severity == rules.Critical
			})
		d.Message.Items[0].Was.Severity = rules.Warning
		return d
	},
	"many": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return planted{sim, leak("")}.judge(t, l, night, time.Hour, rules.Memory{}).
			deliver(notify.KindNew, about("node-memory"))
	},
	"node-down": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return planted{sim, nil}.judge(t, l, down.Add(20*time.Minute), time.Hour, rules.Memory{}).
			deliver(notify.KindNew, func(_ rules.Alert, e rules.Episode) bool {
				return e.Since.After(down.Add(-time.Minute)) && !e.Open
			})
	},
	"node-up": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		p := planted{sim, nil}
		m := p.judge(t, l, down.Add(20*time.Minute), time.Hour, rules.Memory{}).memory
		return p.judge(t, l, down.Add(140*time.Minute), 2*time.Hour, m).
			deliver(notify.KindResolved, func(_ rules.Alert, e rules.Episode) bool {
				return e.Since.After(down.Add(-time.Minute)) && !e.Open && !e.Fires()
			})
	},
	"exporter-gone": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return planted{sim, silent(night.Add(-25 * time.Minute))}.
			judge(t, l, night, time.Hour, rules.Memory{}).
			deliver(notify.KindNew, about("coverage"))
	},
	"blind": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return blindness(t, notify.KindNew, l)
	},
	"resolved": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		m := planted{sim, leak("10.0.2.11:9100")}.judge(t, l, night, time.Hour, rules.Memory{}).memory
		return planted{sim, nil}.judge(t, l, night.Add(30*time.Minute), 20*time.Minute, m).
			deliver(notify.KindResolved, func(a rules.Alert, _ rules.Episode) bool {
				return a.Name == "ip-10-0-2-11"
			})
	},
	"many-resolved": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		m := planted{sim, leak("")}.judge(t, l, night, time.Hour, rules.Memory{}).memory
		j := planted{sim, nil}.judge(t, l, night.Add(30*time.Minute), 20*time.Minute, m)
		d := j.deliver(notify.KindResolved, func(a rules.Alert, e rules.Episode) bool {
			return a.Panel == "node-memory" && !e.Fires()
		})
		d.Message.Rest = j.deliver(notify.KindStillFiring, func(a rules.Alert, e rules.Episode) bool {
			return a.Panel == "node-memory" && e.Fires()
		}).Message.Items
		return d
	},
	"joined": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return planted{sim, nil}.judge(t, l, incidents, time.Hour, rules.Memory{}).
			deliver(notify.KindJoined, about("container-oom"))
	},
	"summary-calm": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return daily(planted{sim.small, nil}.judge(t, l, incidents, 24*time.Hour, rules.Memory{}).
			calm())
	},
	"summary-bad": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := daily(planted{sim.small, nil}.judge(t, l, incidents, 24*time.Hour, rules.Memory{}))
		d.History.Alerts = &notify.AlertCount{Fired: 14, Firing: 11, New: 5}
		d.History.Ran = 285
		d.History.Blind = []notify.Span{{
			From: incidents.Add(-7 * time.Hour), To: incidents.Add(-7*time.Hour + 15*time.Minute),
		}}
		return d
	},
	"summary-foresight": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := daily(planted{sim.small, nil}.judge(t, l, incidents, 24*time.Hour, rules.Memory{}))
		in, found := d.Report.Info, reporttest.WithHistory(d.Report.Panels)
		in.Changes = reporttest.BeforeMoves(found)
		d.Report = report.Build(in, found)
		return d
	},
	"summary-steady": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		d := daily(planted{sim.small, nil}.judge(t, l, incidents, 24*time.Hour, rules.Memory{}).
			calm())
		found := reporttest.WithHistory(d.Report.Panels)
		for i := range found {
			if h := found[i].History; h != nil { // nothing fills, and nothing moved
				found[i].History = &snapshot.History{Grid: h.Grid, Had: h.Had, Sum: h.Sum}
			}
		}
		d.Report = report.Build(d.Report.Info, found)
		return d
	},
	"full-in": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return fullIn(planted{sim.small, nil}.judge(t, l, incidents, time.Hour, rules.Memory{}),
			notify.KindNew, 3, 9)
	},
	"full-in-one": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return fullIn(planted{sim.small, nil}.judge(t, l, incidents, time.Hour, rules.Memory{}),
			notify.KindNew, 3)
	},
	"full-in-resolved": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return fullIn(planted{sim.small, nil}.judge(t, l, incidents, time.Hour, rules.Memory{}),
			notify.KindResolved, 3)
	},
	"summary-blind": func(t *testing.T, sim *simulation, l words.Language) notify.Delivery {
		return blindness(t, notify.KindSummary, l)
	},
}

// down is when the simulated cluster loses a node for two hours.
var down = incidents.Add(-9 * time.Hour)

// daily returns the summary of a day of checks that found nothing.
func daily(j judged) notify.Delivery {
	j.report.Info.Title = "Daily capacity"
	d := j.deliver(notify.KindSummary, fires)
	d.Interval = 24 * time.Hour
	d.History = &notify.History{Ran: 288, Scheduled: 288, Alerts: &notify.AlertCount{}}
	return d
}

// leak fills the memory of a node, or of every node, from half an hour before night.
func leak(instance string) func(promapi.Query, series.Series) {
	return func(q promapi.Query, s series.Series) {
		if i := s.Labels.Get("instance"); i == "" || instance != "" && i != instance ||
			!asks(q, "node-memory") {
			return
		}
		full := 0.93 + float64(len(s.Labels.Get("instance"))%3)/100
		from(q, s, night.Add(-35*time.Minute), func(since time.Duration) float64 {
			return min(0.84+since.Hours()*0.6, full) + since.Hours()/50
		})
	}
}

// fill fills the memory of a pod.
func fill(pod string, share float64) func(promapi.Query, series.Series) {
	return func(q promapi.Query, s series.Series) {
		if s.Labels.Get("namespace")+"/"+s.Labels.Get("pod") == pod && asks(q, "container-memory") {
			from(q, s, incidents.Add(-25*time.Minute), func(time.Duration) float64 { return share })
		}
	}
}

// exporterMetric is a metric of node_exporter in a query.
var exporterMetric = regexp.MustCompile(`(^|[^a-z_])node_`)

// silent ends the metrics of node_exporter.
func silent(at time.Time) func(promapi.Query, series.Series) {
	return func(q promapi.Query, s series.Series) {
		if exporterMetric.MatchString(q.Expr) {
			from(q, s, at, func(time.Duration) float64 { return math.NaN() })
		}
	}
}

func TestGoldenOfSituations(t *testing.T) {
	race.SkipSerial(t)
	sim := simulate(t, 42)
	sim.small = simulate(t, 14)
	for _, l := range words.Languages() {
		for name, situation := range situations {
			t.Run(name+"-"+string(l), func(t *testing.T) {
				var said strings.Builder
				for _, d := range Drafts(options(t), situation(t, sim, l)) {
					if d.Text != "" { // else only pictures
						fmt.Fprintf(&said, "== %s\n%s\n", d.Step, d.Text)
					}
				}
				hold(t, fmt.Sprintf("situation-%s-%s.txt", name, l), said.String())
			})
		}
	}
}
