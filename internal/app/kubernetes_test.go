package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/words"
)

// kubeSlot is when the data of the simulated cluster ends.
var kubeSlot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// aCluster is a Kubernetes API with a Prometheus behind it.
type aCluster struct {
	url     string
	lost    error
	nodes   []snapshot.Node
	denied  error
	rules   map[string]string // PrometheusRules by name, as JSON
	config  string            // of Prometheus, as YAML; "": that of promlab
	store   state.Store
	wanted  []string // requested services
	listed  int      // how often the nodes were listed
	events  int      // how often events were listed
	mu      sync.Mutex
	headers http.Header // of the last request
}

func newCluster(t *testing.T) *aCluster {
	t.Helper()
	u := labtest.Start(t, "--now="+kubeSlot.Format(time.RFC3339), "--nodes=10", "--profile=kps")
	return &aCluster{url: u.String(), store: state.NewDir(t.TempDir())}
}

func (k *aCluster) Prometheus(_ context.Context, service string) (Endpoint, error) {
	k.wanted = append(k.wanted, service)
	if k.lost != nil {
		return Endpoint{}, k.lost
	}
	u, err := url.Parse(k.url)
	return Endpoint{Service: "monitoring/prometheus:80", URL: u, Transport: k}, err
}

func (k *aCluster) RoundTrip(req *http.Request) (*http.Response, error) {
	k.mu.Lock()
	k.headers = req.Header
	k.mu.Unlock()
	if k.config != "" && strings.HasSuffix(req.URL.Path, "/status/config") {
		w := httptest.NewRecorder()
		fmt.Fprintf(w, `{"status":"success","data":{"yaml":%q}}`, k.config)
		return w.Result(), nil
	}
	return http.DefaultTransport.RoundTrip(req)
}

func (k *aCluster) Nodes(context.Context) ([]snapshot.Node, []snapshot.Note, error) {
	k.listed++
	return k.nodes, nil, k.denied
}

func (k *aCluster) Events(context.Context, string, string) ([]changelog.Event, error) {
	k.events++
	return []changelog.Event{{
		Kind: "Node", Name: "ip-10-0-1-10", Reason: "SystemOOM", Message: "java was killed",
		Count: 3, Last: kubeSlot.Add(-5 * time.Minute),
	}}, k.denied
}

func (k *aCluster) PrometheusRules(_ context.Context, namespace, selector string) ([]RuleObject,
	error) {
	if k.denied != nil {
		return nil, k.denied
	}
	var out []RuleObject
	for name, json := range k.rules {
		out = append(out, RuleObject{cmp.Or(namespace, "monitoring"), name, []byte(json)})
	}
	return out, nil
}

func (k *aCluster) ConfigMap(string, string) state.Store { return k.store }

// inCluster returns a configuration with one panel about nodes.
func inCluster(t *testing.T, more string) *config.Config {
	t.Helper()
	cfg, err := config.Load("promsnap.yaml", []byte("version: 1\ncluster: prod-seoul\nreports: "+
		"[{name: check, range: 1h, panels: [{use: node-memory}]}]\n"+more),
		config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func kubeOptions(t *testing.T, k Kubernetes) Options {
	return Options{
		Slot: kubeSlot, Timeout: time.Minute, To: Files{Dir: t.TempDir()}, Kubernetes: k,
		Now: func() time.Time { return kubeSlot },
	}
}

func TestPrometheusInTheCluster(t *testing.T) {
	k := newCluster(t)
	k.nodes = []snapshot.Node{
		{
			Name: "ip-10-0-1-10", InternalIP: "10.0.1.10", Known: true, InstanceType: "m5.2xlarge",
			Zone: "eu-west-2a",
		},
	}
	o := kubeOptions(t, k)
	at := ""
	o.Started = func(_ config.Report, _, where string) { at = where }
	a, err := New(t.Context(), inCluster(t, "kubernetes: {service: "+
		"monitoring/prometheus}\nprometheus: {http_config: {http_headers: {X-Scope-OrgID: "+
		"{values: [team]}}}}\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	out := a.Run(t.Context())
	if out.Failed() || len(k.wanted) != 1 || k.wanted[0] != "monitoring/prometheus" ||
		k.listed != 1 || at != "monitoring/prometheus:80" {
		t.Errorf("got %+v, services %q, nodes listed %d times, at %q", out, k.wanted, k.listed, at)
	}
	if got := k.headers.Get("X-Scope-OrgID"); got != "team" {
		t.Errorf("got X-Scope-OrgID %q, want team", got)
	}
	r := out.Results[0].Report
	if r.Info.ServerURL != "monitoring/prometheus:80" || r.QueryURL("node-memory") != "" {
		t.Errorf("got the server %q and the link %q, want the Service and no link",
			r.Info.ServerURL, r.QueryURL("node-memory"))
	}
	named := false
	for _, f := range r.Findings {
		named = named || strings.Contains(f.Name, "ip-10-0-1-10 (m5.2xlarge, 2a)")
	}
	if !named {
		t.Errorf("got findings %+v, want one that names the machine ip-10-0-1-10 (m5.2xlarge, 2a)",
			r.Findings)
	}
}

// A failure to list the nodes is a note and does not fail the run.
func TestNodesOfTheCluster(t *testing.T) {
	for _, c := range []struct {
		section string
		denied  error
		listed  int
		note    string
	}{
		{section: "{}", listed: 1},
		{section: "{nodes: false}"},
		{
			section: "{}", denied: errors.New("list nodes: away"), listed: 1,
			note: "list nodes: away",
		},
	} {
		k := newCluster(t)
		k.denied = c.denied
		a, err := New(t.Context(), inCluster(t, "kubernetes: "+c.section+"\n"), kubeOptions(t, k))
		if err != nil {
			t.Fatal(err)
		}
		out := a.Run(t.Context())
		notes := ""
		for _, n := range out.Results[0].Report.Info.Notes {
			notes += report.SayNote(words.English, n) + "\n"
		}
		if out.Failed() || k.listed != c.listed || !strings.Contains(notes, c.note) ||
			(c.note == "") != (notes == "") {
			t.Errorf("%s: got failed %v, listed %d times, notes %q; want %d times, note %q",
				c.section, out.Failed(), k.listed, notes, c.listed, c.note)
		}
	}
}

// If Prometheus is not found, a run that writes files fails at once. A run that delivers sends a
// message that it sees nothing.
func TestNoPrometheusInTheCluster(t *testing.T) {
	for name, lost := range map[string]error{
		"not found": errors.New("no Prometheus found"),
		"no way": &promapi.Error{
			Kind: promapi.KindBusy, Message: "no pod is ready", Again: true,
		},
	} {
		k := newCluster(t)
		k.lost = lost
		cfg := inCluster(t, "kubernetes: {}\n")
		if _, err := New(t.Context(), cfg, kubeOptions(t, k)); !errors.Is(err, lost) {
			t.Errorf("%s: got %v, want %v", name, err, lost)
		}
		o := kubeOptions(t, k)
		cfg.Reports[0].Receivers = []string{"disk"}
		cfg.Receivers, cfg.State = []config.Receiver{
			{
				Name: "disk", Kind: config.KindDir, Role: config.RoleArchive,
				To: config.Dir(t.TempDir()),
			},
		}, &config.State{ConfigMap: &config.ConfigMap{Name: "promsnap-state"}}
		o.To = Receivers{}
		a, err := New(t.Context(), cfg, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out := a.Run(t.Context())
		if fails := out.Results[0].Report.Failures; !out.Failed() || len(fails) != 1 ||
			!strings.Contains(fails[0].Error, lost.Error()) || k.listed != 0 {
			t.Errorf("%s: got the failures %+v, want %v", name, fails, lost)
		}
		doc, version, err := k.store.Load(t.Context(), state.Key{
			Cluster: "prod-seoul", Report: "check",
		})
		if err != nil || version == "" || len(doc.Memory.Checks) != 1 ||
			doc.Memory.Checks[0].Data != rules.DataFailed {
			t.Errorf("%s: got %+v, %q, %v; want a failed check", name, doc, version, err)
		}
		checks, err := Doctor(t.Context(), cfg, kubeOptions(t, k), false)
		if err != nil || checks[0].Text != "Prometheus failed" ||
			!strings.Contains(checks[0].Err.Error(), lost.Error()) {
			t.Errorf("%s: got %+v, %v from doctor; want a failure", name, checks, err)
		}
	}
}

// A Lambda function has no cluster.
func TestNoCluster(t *testing.T) {
	if _, err := New(t.Context(), inCluster(t, "kubernetes: {}\n"),
		kubeOptions(t, nil)); err == nil ||
		!strings.Contains(err.Error(), "prometheus.url is missing") {
		t.Errorf("got %v, want that prometheus.url is missing", err)
	}
	_, err := OpenState(t.Context(), &config.State{
		ConfigMap: &config.ConfigMap{Name: "promsnap-state"},
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "state.configmap: there is no cluster here") {
		t.Errorf("got %v, want that there is no cluster", err)
	}
}

// A survey of a Prometheus of several clusters finds the one whose nodes the Kubernetes API lists.
func TestSurvey(t *testing.T) {
	k := newCluster(t)
	k.url = labtest.Start(t, "--now="+kubeSlot.Format(time.RFC3339), "--nodes=5",
		"--cluster=prod-seoul", "--without=kubelet_volume_stats_").String()
	k.nodes = []snapshot.Node{{Name: "ip-10-0-1-10", Known: true}}
	a, err := Open(t.Context(), inCluster(t, "kubernetes: {}\n"), kubeOptions(t, k))
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Survey(t.Context())
	if err != nil || s.Own != "prod-seoul" || len(s.Clusters) != 1 || s.Scrape != time.Minute ||
		s.At != "monitoring/prometheus:80" {
		t.Errorf("got %+v, %v; want prod-seoul", s, err)
	}
	for _, e := range s.Exporters {
		if (e.Count == 0) != (e.Metric == "kubelet_volume_stats_used_bytes") {
			t.Errorf("got %+v, want no volumes and all other exporters", e)
		}
	}
}

// Events are listed only if the configuration says so. A refusal is a note.
func TestEventsOfTheCluster(t *testing.T) {
	for _, tc := range []struct {
		name, keys string
		denied     error
		listed     bool
		want       string // in the finding or a warning
	}{
		{"off", "{nodes: false}", nil, false, ""},
		{
			"on", "{nodes: false, events: true}", nil, true,
			"SystemOOM 3× of ip-10-0-1-10: java was killed",
		},
		{
			"refused", "{nodes: false, events: true}", errors.New("grant the RBAC rule"), true,
			"findings are shown without the events of the Kubernetes API: grant the RBAC rule",
		},
	} {
		k := newCluster(t)
		k.denied = tc.denied
		a, err := New(t.Context(), inCluster(t, "kubernetes: "+tc.keys+"\n"), kubeOptions(t, k))
		if err != nil {
			t.Fatal(err)
		}
		r := a.Run(t.Context()).Results[0].Report
		var said []string
		for _, f := range r.Findings {
			said = append(said, f.Changes...)
		}
		for _, w := range r.Warnings {
			said = append(said, w.Text)
		}
		if text := strings.Join(said, "\n"); k.events > 0 != tc.listed ||
			!strings.Contains(text, tc.want) {
			t.Errorf("%s: got %d requests and %q, want requests: %t, and %q", tc.name, k.events,
				text, tc.listed, tc.want)
		}
	}
}
