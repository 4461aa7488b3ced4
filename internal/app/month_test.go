package app

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/testdata/race"
)

var monthLength = flag.Duration("month-length", 4*time.Hour,
	"length of the simulated month; make acceptance runs 720h")

const monthDays = 30

// planted is an incident of the month.
type planted struct {
	name     string
	from, to time.Time // zero: since always, for ever
	// What its alerts are about: nodes, workloads, namespaces or jobs. Nil: Prometheus does not
	// answer.
	objects []string
	silent  bool // too short for an alert
}

// explains reports whether an alert is of the incident.
func (p *planted) explains(k rules.Key, a rules.Alert, e rules.Episode) bool {
	const late = 75 * time.Minute // a container counts as OOM-killed for an hour
	if e.Last.Before(p.from) || !p.to.IsZero() && e.Since.After(p.to.Add(late)) {
		return false
	}
	if len(p.objects) == 0 {
		return k == rules.BlindKey
	}
	return slices.ContainsFunc([]string{
		a.Name, a.Labels["node"], a.Labels["namespace"], a.Identity["workload"], a.Identity["job"],
	}, func(about string) bool { return slices.Contains(p.objects, about) })
}

// isNear reports whether the incident, or what follows from it, goes on at a time.
func (p *planted) isNear(at time.Time) bool {
	return !p.from.IsZero() && !at.Before(p.from.Add(-10*time.Minute)) &&
		at.Before(p.from.Add(2*time.Hour)) || !p.to.IsZero() &&
		!at.Before(p.to.Add(-10*time.Minute)) && at.Before(p.to.Add(80*time.Minute))
}

// month is a simulated cluster with its incidents, and what was sent about it.
type month struct {
	begin     time.Time
	now       atomic.Pointer[time.Time]
	blind     atomic.Bool
	incidents []planted

	sent  int
	kinds map[string]int
	// of each incident the messages that started a thread about it, and all that announced it
	roots, announced map[string][]string
	strange          []string // messages about no incident
	open             map[rules.Key]*planted
	// messages that the channel shows, those that page, and pictures
	shown, pages, pictures int
}

// plan returns what to plant, and adds it to the incidents of the month. Two incidents are there
// before the first check. Later there is one or a few on each day, of one kind after the other.
func (m *month) plan() []lab.Incident {
	m.incidents = m.known()
	var out []lab.Incident
	add := func(k lab.IncidentKind, from time.Time, lasts time.Duration, nodes ...int) {
		p := planted{
			name: fmt.Sprintf("%s %s %d", from.Format("02 15:04"), k, nodes), from: from,
			to: from.Add(lasts),
		}
		for _, n := range nodes {
			in := lab.Incident{Kind: k, Node: n, From: from, To: p.to}
			if p.objects = append(p.objects, lab.NodeName(n)); k == lab.OOMLoop {
				in.Workload = fmt.Sprintf("thumbs-%d", n)
				p.objects = []string{in.Workload}
			}
			out = append(out, in)
		}
		switch k {
		case lab.NodeDown:
			p.objects = append(p.objects, "node-exporter", "kubelet")
		case lab.ExporterDown, lab.ExporterFlap:
			p.objects = append(p.objects, "node-exporter")
		}
		m.incidents = append(m.incidents, p)
	}
	add(lab.DiskFull, m.begin.Add(-2*time.Hour), 3*time.Hour, 9)
	add(lab.MemoryHigh, m.begin.Add(-time.Hour), 2*time.Hour, 10)
	add(lab.NodeDown, m.begin.Add(2*time.Hour), 30*time.Minute, 11)
	for d := 1; d < monthDays; d++ {
		at := m.begin.AddDate(0, 0, d)
		switch d % 8 {
		case 0:
			add(lab.NodeDown, at.Add(3*time.Hour), 40*time.Minute, 11)
		case 1:
			add(lab.OOMLoop, at.Add(4*time.Hour), 2*time.Hour, 9+d%3)
		case 2:
			add(lab.DiskFull, at.Add(5*time.Hour), 3*time.Hour, 10)
			add(lab.ExporterDown, at.Add(14*time.Hour), time.Hour, 9)
		case 3:
			m.incidents = append(m.incidents, planted{
				name: "blind " + at.Format("02"), from: at.Add(6 * time.Hour),
				to: at.Add(6*time.Hour + 30*time.Minute),
			})
		case 4:
			add(lab.ExporterFlap, at.Add(7*time.Hour), 3*time.Hour, 11)
		case 5: // three nodes in a row, as when a zone fails
			for i, n := range []int{9, 10, 11} {
				add(lab.NodeDown, at.Add(8*time.Hour+time.Duration(i)*10*time.Minute),
					50*time.Minute, n)
			}
		case 6: // one rule, four nodes, one after the other
			add(lab.MemoryHigh, at.Add(9*time.Hour), 2*time.Hour, 4, 9, 10, 11)
		case 7: // many causes at once
			add(lab.MemoryHigh, at.Add(10*time.Hour), time.Hour, 4)
			add(lab.DiskFull, at.Add(10*time.Hour), time.Hour, 9)
			add(lab.OOMLoop, at.Add(10*time.Hour), time.Hour, 10)
			add(lab.OOMLoop, at.Add(10*time.Hour), time.Hour, 11)
			add(lab.NodeDown, at.Add(10*time.Hour), time.Hour, 7)
		}
	}
	return out
}

// known returns the incidents that every cluster of the lab has, around the middle of the month.
func (m *month) known() []planted {
	middle, never := m.middle(), time.Time{}
	ago := func(d time.Duration) time.Time { return middle.Add(-d) }
	return []planted{
		{"OOM loop of recommend", ago(3 * time.Hour), never, []string{"recommend"}, false},
		{"no exporter", never, never, []string{lab.NodeName(5)}, false},
		{"one target of api", ago(26 * time.Hour), never, []string{"api"}, false},
		{"memory of node 0", ago(20 * time.Hour), never, []string{lab.NodeName(0)}, false},
		{"memory of node 3", ago(22 * time.Hour), never, []string{lab.NodeName(3)}, false},
		{"disk of node 2", ago(26 * time.Hour), never, []string{lab.NodeName(2)}, false},
		{"rollout of checkout", ago(5 * time.Hour), ago(3 * time.Hour), []string{"checkout"}, true},
		{
			"node 4 down", ago(9 * time.Hour), ago(7 * time.Hour), []string{
				lab.NodeName(4), "node-exporter", "kubelet",
			}, false,
		},
		{
			"node 8 not ready", ago(5 * time.Hour), ago(4*time.Hour + 40*time.Minute),
			[]string{lab.NodeName(8)}, false,
		},
		{
			"reboot of node 7", ago(3*time.Hour + 4*time.Minute), ago(3 * time.Hour),
			[]string{lab.NodeName(7)}, true,
		},
		{
			"OOM of a Spark executor", ago(2*time.Hour + 10*time.Minute), ago(2 * time.Hour),
			[]string{"spark"}, false,
		},
	}
}

// middle is the time around which the lab has its own incidents.
func (m *month) middle() time.Time { return m.begin.AddDate(0, 0, monthDays/2) }

// Notify records a message. Replies belong to the thread that they are sent to.
func (m *month) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	m.sent++
	msg, at := d.Message, m.now.Load().Format("02 15:04")
	what := fmt.Sprintf("%s %s %d", at, msg.Kind, m.sent)
	root := msg.Thread.ID == ""
	m.kinds[msg.Kind.String()]++
	if root || msg.Pages() {
		m.shown++
	}
	if msg.Pages() {
		m.pages++
	}
	if root {
		m.pictures += len(letter.Details(d, letter.Limits{Alt: 80, Line: 200, Body: 3000}).Pictures)
	}
	for _, i := range msg.Items {
		id := fmt.Sprint(i.Key, " ", i.Episode.Since.Format("02 15:04"))
		if !i.Episode.Fires() {
			delete(m.open, i.Key)
			continue
		}
		if !i.Was.At.IsZero() && i.Was.Since.Equal(i.Episode.Since) {
			continue // announced before
		}
		found := false
		for j := range m.incidents {
			p := &m.incidents[j]
			if !p.explains(i.Key, i.Alert, i.Episode) {
				continue
			}
			found = true
			m.open[i.Key] = p
			if !slices.Contains(m.announced[p.name], what) {
				m.announced[p.name] = append(m.announced[p.name], what)
				if root && msg.Kind == notify.KindNew {
					m.roots[p.name] = append(m.roots[p.name], what+" "+id)
				}
			}
			break
		}
		if !found {
			m.strange = append(m.strange, what+" "+id)
		}
	}
	if !root {
		return msg.Thread, nil
	}
	return notify.Receipt{Channel: "C1", ID: fmt.Sprintf("%06d", m.sent)}, nil
}

const kindMonth config.Kind = "month"

func init() { // before any test reads them
	kinds[kindMonth] = kind{
		title: "month", limits: slack.Limits(),
		open: opener(func(_ context.Context, m *month) (opened, error) {
			return opened{notifier: m}, nil
		}),
		rehearse: rehearser(func(m *month, _ drafter) (notify.Notifier, error) { return m, nil }),
	}
}

// over passes requests on to the cluster's Prometheus, or to nobody.
func (m *month) over(prometheus http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if m.blind.Load() {
			http.Error(rw, "no healthy upstream", http.StatusServiceUnavailable)
			return
		}
		prometheus.ServeHTTP(rw, r)
	})
}

// TestMonth runs checks over a simulated cluster with planted incidents: every five minutes near
// the beginning and the end of an incident, and otherwise every hour to save time. No incident
// starts more than one thread, none is missing, and everything that was announced ends.
func TestMonth(t *testing.T) {
	m := &month{
		begin: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), kinds: map[string]int{},
		roots: map[string][]string{}, announced: map[string][]string{},
		open: map[rules.Key]*planted{},
	}
	cfg, checks, length := m.config(t), 0, *monthLength
	if race.Enabled {
		length = min(length, time.Hour)
	}
	end := m.begin.Add(length)
	for at := m.begin; at.Before(end); at = at.Add(5 * time.Minute) {
		if at.Minute() == 0 || slices.ContainsFunc(m.incidents, func(p planted) bool {
			return p.isNear(at)
		}) {
			if m.run(t, cfg, at); at.Equal(m.begin) && m.sent != 1 {
				t.Errorf("the first check: got %d messages, want one", m.sent)
			}
			checks++
		}
	}
	for _, p := range m.incidents {
		if p.silent || p.from.Add(time.Hour).After(end) {
			continue
		}
		if len(m.announced[p.name]) == 0 {
			t.Errorf("%s: got no message, want one", p.name)
		}
		if len(m.roots[p.name]) > 1 {
			t.Errorf("%s: got %d threads, want one: %q", p.name, len(m.roots[p.name]),
				m.roots[p.name])
		}
	}
	for k, p := range m.open {
		if !p.to.IsZero() && p.to.Add(80*time.Minute).Before(end) {
			t.Errorf("%s: got no end of %s, want one", p.name, k)
		}
	}
	for _, s := range m.strange {
		t.Errorf("got a message about no incident: %s", s)
	}
	t.Logf("%s, %d checks, %d incidents: %d messages, %d in the channel, %d of them page, "+
		"%d pictures: %v", length, checks, len(m.announced), m.sent, m.shown, m.pages,
		m.pictures, m.kinds)
	for _, name := range slices.Sorted(maps.Keys(m.announced)) {
		t.Logf("%s: %q, threads %q", name, m.announced[name], m.roots[name])
	}
}

// config starts the cluster and returns a configuration with a check of it.
func (m *month) config(t *testing.T) *config.Config {
	l, err := lab.New(lab.Options{
		Now: m.middle(), Clock: func() time.Time { return *m.now.Load() }, Nodes: 12,
		Profile: lab.KPS, ScrapeInterval: time.Minute, Tame: true, Incidents: m.plan(),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(m.over(l.Handler()))
	t.Cleanup(server.Close)
	cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, `version: 1
cluster: prod
prometheus: {url: '%s'}
reports:
  - name: check
    range: 30m
    receivers: [archive]
    panels:
      - use: node-memory
      - use: node-disk
      - use: node-conditions
      - use: scrape-health
      - use: target-flaps
      - use: coverage
      - use: container-oom
      - use: container-restarts
receivers: [{name: archive, dir: {path: '%s'}}]
state: {dir: '%s'}
`, server.URL, t.TempDir(), t.TempDir()), config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Receivers = append(cfg.Receivers, config.Receiver{
		Name: "oncall", Kind: kindMonth, Role: config.RolePeople, To: m, SendResolved: true,
		MinSeverity: rules.Warning, MaxMessages: 3,
	})
	cfg.Reports[0].Send, cfg.Reports[0].Receivers = config.SendChanges, []string{"oncall"}
	cfg.Reports[0].RepeatInterval = 4 * time.Hour
	return cfg
}

func (m *month) run(t *testing.T, cfg *config.Config, at time.Time) {
	m.now.Store(&at)
	m.blind.Store(slices.ContainsFunc(m.incidents, func(p planted) bool {
		return len(p.objects) == 0 && !at.Before(p.from) && at.Before(p.to)
	}))
	a, err := New(t.Context(), cfg, Options{
		Slot: at, Timeout: time.Minute, To: Receivers{}, Now: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range a.Run(t.Context()).Results {
		if res.Err != nil && !m.blind.Load() {
			t.Errorf("%s: got %v, want no error", at, res.Err)
		}
	}
}
