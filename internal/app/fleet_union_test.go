package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// TestFleetOfOneStore compares a fleet whose clusters are shares of one store, by matchers, with a
// fleet of the same clusters whose Prometheus servers have only their own series. The reports are
// equal but for the queries. An ordinary run of the whole store has the same counts, rows and
// findings.
func TestFleetOfOneStore(t *testing.T) {
	t.Parallel()
	east, west := clusterSeries("east", 3, 0.1), clusterSeries("west", 4, 0.2)
	whole := storeOf(t, east+west)
	shared := fleetDocument(t, fmt.Sprintf("{url: '%s', matchers: ['cluster=\"east\"']}", whole),
		fmt.Sprintf("{url: '%s', matchers: ['cluster=\"west\"']}", whole))
	own := fleetDocument(t, fmt.Sprintf("{url: '%s'}", storeOf(t, east)),
		fmt.Sprintf("{url: '%s'}", storeOf(t, west)))
	if !bytes.Contains(own, []byte(`"east/east-2"`)) || !bytes.Contains(own, []byte(`"breach"`)) {
		t.Fatalf("got %.3000s, want a finding and the nodes of the clusters", own)
	}
	merged, all, got := decode(t, own), decode(t, documentOf(t, whole)), decode(t, shared)
	for i := range got.Panels {
		got.Panels[i].Query = merged.Panels[i].Query // without the matchers
	}
	if diff := cmp.Diff(encode(t, merged), encode(t, got)); diff != "" {
		t.Errorf("one store with matchers, and a store for each (-want +got):\n%s", diff)
	}
	if merged.Counts.Critical == 0 || merged.Counts != all.Counts {
		t.Errorf("got the counts %+v, want %+v as of the whole store", merged.Counts, all.Counts)
	}
	for i := range all.Panels {
		got, want := merged.Panels[i], all.Panels[i]
		if got.Total != want.Total || got.OK != want.OK || got.Data != want.Data {
			t.Errorf("%s: got %d series, %d ok, %s; want %d, %d, %s", want.Name, got.Total, got.OK,
				got.Data, want.Total, want.OK, want.Data)
		}
		if diff := cmp.Diff(encode(t, want.Rows), encode(t, got.Rows)); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", want.Name, diff)
		}
		if diff := cmp.Diff(encode(t, want.Findings), encode(t, got.Findings)); diff != "" {
			t.Errorf("%s: findings (-want +got):\n%s", want.Name, diff)
		}
	}
}

// clusterSeries returns the series of a cluster whose nodes have less and less free memory.
func clusterSeries(cluster string, nodes int, free float64) string {
	var out strings.Builder
	add := func(name, labels string, value float64) {
		fmt.Fprintf(&out, "- series: '%s{cluster=\"%s\",%s}'\n  values: '%.0fx132'\n", name, cluster,
			labels, value)
	}
	for i := range nodes {
		address := fmt.Sprintf("10.0.%d.%d", len(cluster), i+1)
		exporter := fmt.Sprintf(`job="node-exporter",namespace="monitoring",instance="%s:9100",`+
			`pod="ne-%d"`, address, i)
		node := fmt.Sprintf("%s-%d", cluster, i)
		add("kube_node_info", fmt.Sprintf(`job="kube-state-metrics",instance="10.244.0.9:8080",`+
			`node="%s",internal_ip="%s"`, node, address), 1)
		add("node_uname_info", exporter+fmt.Sprintf(`,nodename="%s",sysname="Linux"`, node), 1)
		add("up", exporter, 1)
		add("node_memory_MemTotal_bytes", exporter, 16<<30)
		add("node_memory_MemAvailable_bytes", exporter, 16<<30*(free+0.2*float64(nodes-1-i)))
	}
	return out.String()
}

// storeOf serves series.
func storeOf(t *testing.T, series string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "series.yaml")
	start := slot.Add(-131 * time.Minute).Unix()
	text := fmt.Sprintf("# start: %d\ninterval: 60s\ninput_series:\n%s", start, series)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return labtest.Start(t, "--series="+path).String()
}

const memoryReport = `
version: 1
reports:
  - name: daily
    range: 1h
    trends: false
    panels: [{use: node-memory, rules: [{alertname: High, above: {critical: 0.85}, for: 5m}]}]
`

// fleetDocument returns the report.json of a fleet of two clusters.
func fleetDocument(t *testing.T, east, west string) []byte {
	t.Helper()
	cfg := load(t, "", memoryReport+`
fleet:
  name: acme
  clusters:
    - {name: east, prometheus: `+east+`}
    - {name: west, prometheus: `+west+`}
`)
	dir := t.TempDir()
	f, err := app.OpenFleet(t.Context(), cfg, app.Options{
		Version: "test", Slot: slot, To: app.Files{Dir: dir}, Timeout: 5 * time.Minute, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan(t.Context(), "daily")
	if err != nil {
		t.Fatal(err)
	}
	f.MapAll(t.Context(), p, 2, func(m app.Mapped) {
		if m.Failed() {
			t.Errorf("cluster %s: got %v, want a part", m.Cluster, m.Err)
		}
	})
	if _, err := f.Reduce(t.Context(), p, false); err != nil {
		t.Fatal(err)
	}
	return document(t, filepath.Join(dir, "acme"))
}

// documentOf returns the report.json of an ordinary run.
func documentOf(t *testing.T, url string) []byte {
	t.Helper()
	dir := t.TempDir()
	a, err := app.New(t.Context(), load(t, url, memoryReport+"prometheus: {}\ncluster: acme\n"),
		app.Options{
			Version: "test", Slot: slot, To: app.Files{Dir: dir}, Timeout: 5 * time.Minute,
			Now: time.Now,
		})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if out := a.Run(t.Context()); out.Failed() {
		t.Fatalf("got %+v, want a report", out.Results[0].Err)
	}
	return document(t, dir)
}

// document reads the report.json below a directory.
func document(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "daily", "20261122T000000Z", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, data []byte) reportjson.Document {
	t.Helper()
	var doc reportjson.Document
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// encode returns a part of a document as indented JSON, in which NaN equals NaN.
func encode(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
