//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// sizingPod is a pod of the fixture: its use by minute, and its requests.
type sizingPod struct {
	name, owner     string
	busy, memory    func(minute int) float64
	request, memReq float64
}

// sizingFixture returns four days of three workloads as OpenMetrics text. Two kubelet Services
// scrape each container.
//
//   - shop/web, two pods: half a core, and two for two hours of each day, which is more than a
//     twentieth of the time. Its memory has a peak of one minute, ten minutes before the end.
//   - shop/cart was OOM-killed a day ago.
//   - shop/fits fits.
func sizingFixture() []byte {
	const minutes = 4 * 24 * 60
	begin := slot.Unix() - minutes*60
	var b bytes.Buffer
	family := func(name, kind string) {
		fmt.Fprintf(&b, "# TYPE %s %s\n", name, kind)
	}
	series := func(name, labels string, of func(minute int) (float64, bool)) {
		for i := range minutes + 1 {
			if v, ok := of(i); ok {
				fmt.Fprintf(&b, "%s{%s} %v %d\n", name, labels, v, begin+int64(i)*60)
			}
		}
	}
	constant := func(v float64) func(int) (float64, bool) {
		return func(int) (float64, bool) { return v, true }
	}
	flat := func(v float64) func(int) float64 { return func(int) float64 { return v } }
	pods := []sizingPod{
		{"web-7d9f8c6b5d-x2x4z", "web-7d9f8c6b5d", func(i int) float64 {
			if i/60%24 < 2 {
				return 2
			}
			return .5
		}, func(i int) float64 {
			if i == minutes-10 {
				return 900 << 20
			}
			return 200 << 20
		}, 4, 4 << 30},
		{"web-7d9f8c6b5d-b2b4c", "web-7d9f8c6b5d", flat(.25), flat(100 << 20), 4, 4 << 30},
		{"cart-7d9f8c6b5d-x2x4z", "cart-7d9f8c6b5d", flat(.25), flat(100 << 20), 2, 1 << 30},
		{"fits-7d9f8c6b5d-x2x4z", "fits-7d9f8c6b5d", flat(.25), flat(100 << 20), .3, 128 << 20},
	}
	of := func(p sizingPod) string {
		return fmt.Sprintf(`namespace="shop",pod=%q,container="app"`, p.name)
	}
	each := func(name, kind string, add func(p sizingPod)) {
		family(name, kind)
		for _, p := range pods {
			add(p)
		}
	}
	services := []string{`,service="kubelet"`, `,service="kps-kubelet"`}
	family("container_cpu_usage_seconds", "counter")
	for _, p := range pods {
		for _, service := range services {
			total := 0.0
			series("container_cpu_usage_seconds_total", of(p)+service, func(i int) (float64, bool) {
				total += 60 * p.busy(i)
				return total, true
			})
		}
	}
	each("container_memory_working_set_bytes", "gauge", func(p sizingPod) {
		for _, service := range services {
			series("container_memory_working_set_bytes", of(p)+service,
				func(i int) (float64, bool) { return p.memory(i), true })
		}
	})
	each("kube_pod_container_resource_requests", "gauge", func(p sizingPod) {
		series("kube_pod_container_resource_requests", of(p)+`,resource="cpu"`, constant(p.request))
		series("kube_pod_container_resource_requests", of(p)+`,resource="memory"`,
			constant(p.memReq))
	})
	each("kube_pod_container_resource_limits", "gauge", func(p sizingPod) {
		if p.memReq == 4<<30 {
			return // four days are too short to lower a limit
		}
		series("kube_pod_container_resource_limits", of(p)+`,resource="memory"`, constant(p.memReq))
	})
	family("kube_pod_container_status_restarts", "counter")
	for _, p := range pods {
		killed := p.memReq == 1<<30
		series("kube_pod_container_status_restarts_total", of(p)+`,uid="u"`,
			func(i int) (float64, bool) {
				if killed && i > minutes-24*60 {
					return 1, true
				}
				return 0, true
			})
	}
	family("kube_pod_container_status_last_terminated_reason", "gauge")
	series("kube_pod_container_status_last_terminated_reason", of(pods[2])+
		`,uid="u",reason="OOMKilled"`, func(i int) (float64, bool) { return 1, i > minutes-24*60 })
	each("kube_pod_owner", "gauge", func(p sizingPod) {
		series("kube_pod_owner", fmt.Sprintf(`namespace="shop",pod=%q,owner_kind="ReplicaSet",`+
			`owner_name=%q,owner_is_controller="true"`, p.name, p.owner), constant(1))
	})
	family("kube_node_info", "gauge")
	series("kube_node_info", `node="n1",internal_ip="10.0.0.1"`, constant(1))
	b.WriteString("# EOF\n")
	return b.Bytes()
}

// TestSizing measures the same workloads on Prometheus, Thanos and VictoriaMetrics.
func TestSizing(t *testing.T) {
	t.Parallel()
	om := sizingFixture()
	file := filepath.Join(t.TempDir(), "fixture.om")
	if err := os.WriteFile(file, om, 0o644); err != nil {
		t.Fatal(err)
	}
	blocks := filepath.Join(t.TempDir(), "data")
	makeBlocks(t, file, blocks)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {external_labels: {store: a}}\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	prometheus := startPrometheus(t, installed(t, "prometheus"), nil, "--config.file="+config,
		"--storage.tsdb.path="+blocks, "--storage.tsdb.retention.time=100y")
	grpc, web := freePort(t), freePort(t)
	start(t, nil, installed(t, "thanos"), "sidecar", "--prometheus.url="+prometheus.url,
		"--tsdb.path="+blocks, "--grpc-address="+grpc, "--http-address="+freePort(t))
	thanos := &server{url: "http://" + web, client: http.DefaultClient}
	thanos.process = start(t, nil, installed(t, "thanos"), "query", "--http-address="+web,
		"--grpc-address="+freePort(t), "--endpoint-strict="+grpc)
	await(t, "Thanos to know its store", func() error {
		got, err := thanos.instant(fmt.Sprintf("kube_node_info @ %d", slot.Unix()))
		if err == nil && len(got) == 0 {
			err = fmt.Errorf("no kube_node_info")
		}
		return err
	})
	victoria := startEmptyVictoria(t, installed(t, "victoria-metrics"))
	victoria.importLines(t, om)
	for name, s := range map[string]*server{
		"Prometheus": prometheus, "Thanos": thanos, "VictoriaMetrics": victoria,
	} {
		t.Run(name, func(t *testing.T) { checkSizing(t, s) })
	}
}

func checkSizing(t *testing.T, s *server) {
	o := promsnap(t,
		"sizing", "--prometheus-url", s.url, "--window", "4d", "-o", "json",
		"--time", slot.Format(time.RFC3339)).want(t, 0)
	var got reportjson.DocSizing
	if err := json.Unmarshal([]byte(o.stdout), &got); err != nil {
		t.Fatal(err)
	}
	const mib = 1 << 20
	want := map[string][4]float64{ // used, advised, the advised limit, the change of all pods
		"web cpu": {2, 2.5, 0, -3}, "web memory": {900 * mib, 1136 * mib, 0, -5920 * mib},
		"cart memory": {100 * mib, 1280 * mib, 1280 * mib, 256 * mib},
	}
	for _, r := range append(got.Less, got.More...) {
		key := r.Workload + " " + r.Resource
		w, ok := want[key]
		delete(want, key)
		limit := 0.0
		if float64(r.AdvisedLimit) > 0 {
			limit = float64(r.AdvisedLimit)
		}
		if !ok || !near(float64(r.Used), w[0]) || !near(float64(r.Advised), w[1]) ||
			limit != w[2] ||
			!near(float64(r.Change), w[3]) || r.Kind != "Deployment" ||
			r.OOMKilled != (r.Workload == "cart") {
			t.Errorf("%s: got %+v, want %v", key, r, w)
		}
	}
	if len(want) > 0 {
		t.Errorf("got no advice of %v", want)
	}
	if cpu, memory := got.Withheld.CPU, got.Withheld.Memory; cpu["fits"] != 1 ||
		cpu["oom_killed"] != 1 || memory["fits"] != 1 || len(cpu) != 2 || len(memory) != 1 {
		t.Errorf("got withheld %v, want one that fits and one that was killed", got.Withheld)
	}
}
