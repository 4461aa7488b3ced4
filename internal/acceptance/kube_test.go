//go:build acceptance

package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// communityLabels are the labels of the Service in the community's chart.
const communityLabels = "{app.kubernetes.io/name: prometheus, app.kubernetes.io/component: server}"

// serve makes a Service with a Pod that seems to run at an address of this machine, because the API
// server's proxy goes only to Pods. The test sets the Pod's status, since there is no kubelet.
func (p *controlPlane) serve(t *testing.T, namespace, name, labels, address string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p.apply(t, fmt.Sprintf(`
{apiVersion: v1, kind: Namespace, metadata: {name: %[1]s}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: %[1]s}}
---
{apiVersion: v1, kind: Service, metadata: {name: %[2]s, namespace: %[1]s, labels: %[3]s}, spec: {selector: {app: %[2]s}, ports: [{name: http, port: 80, targetPort: web}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: %[2]s-0, namespace: %[1]s, labels: {app: %[2]s}}
spec: {nodeName: worker, automountServiceAccountToken: false, containers: [{name: server, image: none, ports: [{name: web, containerPort: %[4]s}]}]}
`, namespace, name, labels, port))
	pod := fmt.Sprintf("/api/v1/namespaces/%s/pods/%s-0", namespace, name)
	var object struct{ Metadata struct{ UID string } }
	answer := p.must(t, http.MethodPatch, pod+"/status", map[string]any{"status": map[string]any{
		"phase": "Running", "podIP": host, "podIPs": []any{map[string]string{"ip": host}},
		"conditions": []any{map[string]string{"type": "Ready", "status": "True"}},
	}})
	if err := json.Unmarshal(answer, &object); err != nil {
		t.Fatal(err)
	}
	p.apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Endpoints
metadata: {name: %[2]s, namespace: %[1]s}
subsets:
- addresses: [{ip: %[3]s, targetRef: {kind: Pod, name: %[2]s-0, namespace: %[1]s, uid: %[5]s}}]
  ports: [{name: http, port: %[4]s}]
`, namespace, name, host, port, object.Metadata.UID))
}

// outwardPrometheus runs a real Prometheus where the API server's proxy can reach it.
func outwardPrometheus(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(outwardIP(t), port)
	start(t, nil, installed(t, "prometheus"),
		append(blockFlags(t, t.TempDir()), "--web.listen-address="+address, "--log.level=warn")...)
	await(t, "Prometheus to be ready", func() error {
		resp, err := http.Get("http://" + address + "/-/ready")
		if err == nil && resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
		return err
	})
	return address
}

func openCluster(t *testing.T, kubeconfig string) *kube.Cluster {
	t.Helper()
	c, err := kube.Open(kube.Options{Kubeconfig: kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// askTarget sends one range query to a target.
func askTarget(t *testing.T, target *kube.Target, expr string) (promapi.Meta, error) {
	t.Helper()
	client, err := promapi.New(target.URL, target.Transport, promapi.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	grid := series.Grid{
		Start: time.Now().Add(-time.Hour).Truncate(time.Minute), Step: time.Minute, Len: 60,
	}
	return client.Range(t.Context(), promapi.Query{Expr: expr, Grid: grid},
		func(series.Series) error { return nil })
}

// longQuery is too long for a URL.
var longQuery = "vector(1)" + strings.Repeat(" + vector(1)", 800)

// wantWords checks that an error holds all of words.
func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("got %v\nwant %q in it", err, word)
		}
	}
}

// TestKubernetesFindsPrometheus goes through a real API server's service proxy to a real
// Prometheus, as users with more and more rights.
func TestKubernetesFindsPrometheus(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	admin := openCluster(t, p.user(t, "admin", "system:masters"))

	_, err := admin.FindPrometheus(t.Context(), kube.Service{})
	var none *kube.NotFoundError
	if !errors.As(err, &none) {
		t.Errorf("in an empty cluster: %v, want a NotFoundError", err)
	}

	prometheus := outwardPrometheus(t)
	p.serve(t, "monitoring", "prometheus-server", communityLabels, prometheus)
	target, err := admin.FindPrometheus(t.Context(), kube.Service{})
	if err != nil {
		t.Fatal(err)
	}
	if got := target.String(); got != "monitoring/prometheus-server:80 (prometheus chart) "+
		"through the API server's service proxy" {
		t.Errorf("found %q, want monitoring/prometheus-server:80 through the service proxy", got)
	}
	for _, expr := range []string{"vector(1)", longQuery} {
		if meta, err := askTarget(t, target, expr); err != nil || meta.Samples != 60 {
			t.Errorf("%.40s: %+v, %v; want 60 samples", expr, meta, err)
		}
	}
	_, err = askTarget(t, target, "vector(")
	wantWords(t, err, "bad_data")

	t.Run("Several", func(t *testing.T) {
		p.serve(t, "other", "prometheus-server", communityLabels, prometheus)
		_, err := admin.FindPrometheus(t.Context(), kube.Service{})
		var several *kube.AmbiguousError
		if !errors.As(err, &several) || len(several.Candidates) != 2 {
			t.Errorf("got %v, want an AmbiguousError with 2 candidates", err)
		}
		wantWords(t, err, "--prometheus-service monitoring/prometheus-server:80",
			"--prometheus-service other/prometheus-server:80")
		p.must(t, http.MethodDelete, "/api/v1/namespaces/other/services/prometheus-server", nil)
	})
	t.Run("RBAC", func(t *testing.T) { kubernetesRBAC(t, p) })
	t.Run("ExpiredToken", func(t *testing.T) {
		p.apply(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: "+
			"monitoring}}")
		p.allow(t, "system:serviceaccount:monitoring:robot", "monitoring",
			`{apiGroups: [""], resources: [services/proxy], verbs: [get]}`)
		fresh := openCluster(t,
			p.bearer(t, "robot", p.token(t, "monitoring", "robot", time.Now().Add(30*time.Minute))))
		if _, err := fresh.FindPrometheus(t.Context(), target.Service); err != nil {
			t.Errorf("a valid token: %v, want no error", err)
		}
		old := p.token(t, "monitoring", "robot", time.Now().Add(-time.Minute))
		_, err := openCluster(t, p.bearer(t, "robot", old)).FindPrometheus(t.Context(),
			target.Service)
		wantWords(t, err, "unauthorized (401)",
			"they may have expired; log in again")
		_, _, err = openCluster(t, p.bearer(t, "robot", old)).Nodes(t.Context())
		wantWords(t, err, "list nodes: Unauthorized (401)", "log in again")
		if strings.Contains(err.Error(), old) {
			t.Error("the error shows the token, want it hidden")
		}
	})
	t.Run("CutStream", func(t *testing.T) {
		l, err := net.Listen("tcp", net.JoinHostPort(outwardIP(t), "0"))
		if err != nil {
			t.Fatal(err)
		}
		cutter := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
			r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "buildinfo") {
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
		cutter.Listener = l
		cutter.Start()
		defer cutter.Close()
		p.serve(t, "cut", "cut", "{}", l.Addr().String())
		target, err := admin.FindPrometheus(t.Context(), kube.Service{
			Namespace: "cut", Name: "cut", Port: "80",
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = askTarget(t, target, "vector(1)")
		wantWords(t, err, "the API server's proxy cut off the answer")
		cutter.Close()
		_, err = askTarget(t, target, "vector(1)")
		wantWords(t, err, "the API server says: error trying to reach service",
			"connection refused", "is ready and listens on that port")
	})
	t.Run("NoEndpoints", func(t *testing.T) {
		p.apply(t,
			`{apiVersion: v1, kind: Service, metadata: {name: empty, namespace: monitoring}, spec: {selector: {app: none}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: empty, namespace: monitoring}}`)
		_, err := admin.FindPrometheus(t.Context(), kube.Service{
			Namespace: "monitoring", Name: "empty", Port: "80",
		})
		wantWords(t, err, "no endpoints available for service", "no pod of the service "+
			"monitoring/empty:80 is ready (it has 0)")
		_, err = admin.FindPrometheus(t.Context(), kube.Service{
			Namespace: "monitoring", Name: "nothing", Port: "80",
		})
		wantWords(t, err, `services "nothing" not found`, "correct the service")
	})
	t.Run("Unreachable", func(t *testing.T) {
		p.apiserver.stop()
		_, _ = askTarget(t, target, "vector(1)")
		// The first query may have used the old, broken connection.
		_, err := askTarget(t, target, "vector(1)")
		wantWords(t, err, "the API server of acceptance at 127.0.0.1:", "cannot be reached")
		_, _, err = admin.Nodes(t.Context())
		wantWords(t, err, "list nodes", "the API server of acceptance at 127.0.0.1:",
			"cannot be reached")
	})
}

// kubernetesRBAC grants a user one right after the other. Before each, the error must name exactly
// the missing one.
func kubernetesRBAC(t *testing.T, p *controlPlane) {
	kim := openCluster(t, p.user(t, "kim"))
	named := kube.Service{Namespace: "monitoring", Name: "prometheus-server", Port: "80"}

	_, err := kim.Find(t.Context(), kube.Service{})
	wantWords(t, err, "list services: forbidden (403)",
		`{apiGroups: [""], resources: [services], verbs: [list]}`, "--prometheus-service "+
			"NAMESPACE/NAME:PORT", "--prometheus-url")
	p.allow(t, "kim", "", `{apiGroups: [""], resources: [services], verbs: [list]}`)
	await(t, "the right to list services", func() error {
		_, err := kim.Find(t.Context(), kube.Service{})
		return err
	})

	_, err = kim.FindPrometheus(t.Context(), named)
	rule := `{apiGroups: [""], resources: [services/proxy], verbs: [get], resourceNames: ["prometheus-server:80"]}`
	wantWords(t, err, "you are not allowed to get services/proxy prometheus-server:80 in "+
		"namespace monitoring (403)", rule,
		"a port-forward failed, too: get services prometheus-server in namespace "+
			"monitoring: forbidden (403)")
	p.allow(t, "kim", "monitoring", rule)
	var target *kube.Target
	await(t, "the right to get through the proxy, by the rule in the error",
		func() error {
			target, err = kim.FindPrometheus(t.Context(), named)
			return err
		})
	if meta, err := askTarget(t, target, "vector(1)"); err != nil || meta.Samples != 60 {
		t.Errorf("a short query: %+v, %v; want 60 samples", meta, err)
	}

	_, err = askTarget(t, target, longQuery)
	rule = `{apiGroups: [""], resources: [services/proxy], verbs: [create], resourceNames: ["prometheus-server:80"]}`
	wantWords(t, err, "you are not allowed to create services/proxy prometheus-server:80 in "+
		"namespace "+
		"monitoring (403)", "too long for a GET", rule)
	p.allow(t, "kim", "monitoring", rule)
	await(t, "the right to post through the proxy", func() error {
		_, err := askTarget(t, target, longQuery)
		return err
	})

	_, _, err = kim.Nodes(t.Context())
	wantWords(t, err, "list nodes: forbidden (403)",
		`{apiGroups: [""], resources: [nodes], verbs: [list]}`)
}

// TestKubernetesState runs the contract of stores on the ConfigMap of a real API server, and then
// uses it with only the rights that the chart grants.
func TestKubernetesState(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	admin := openCluster(t, p.user(t, "admin", "system:masters"))
	made := 0
	statetest.Run(t, func(t *testing.T) statetest.Tested {
		made++
		name := fmt.Sprint("state-", made)
		nowhere, err := kube.Open(kube.Options{Kubeconfig: p.bearer(t, "nobody", statetest.Secret)})
		if err != nil {
			t.Fatal(err)
		}
		return statetest.Tested{
			Store: admin.NewConfigMap("default", name),
			Corrupt: func(t *testing.T, k state.Key, data []byte) {
				key := report.Slug(k.Cluster) + "." + report.Slug(k.Report) + ".json"
				p.must(t, http.MethodPatch, "/api/v1/namespaces/default/configmaps/"+name,
					map[string]any{"data": map[string]string{key: string(data)}})
			},
			Broken: nowhere.NewConfigMap("default", name),
		}
	})

	check := state.Key{Cluster: "prod", Report: "check"}
	robot := openCluster(t, p.user(t, "robot")).NewConfigMap("default", "promsnap-state")
	_, _, err := robot.Load(t.Context(), check)
	rule := `{apiGroups: [""], resources: [configmaps], verbs: [get], resourceNames: ["promsnap-state"]}`
	wantWords(t, err, "get configmaps promsnap-state in namespace default: forbidden (403)", rule)
	p.allow(t, "robot", "default", rule)
	await(t, "the right to get the ConfigMap", func() error {
		_, _, err := robot.Load(t.Context(), check)
		return err
	})
	_, err = robot.Save(t.Context(), check, state.Doc{Serial: 1}, "")
	wantWords(t, err, "the ConfigMap default/promsnap-state does not exist, and promsnap "+
		"is not allowed to create it", "kubectl -n default create configmap promsnap-state")
	p.apply(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: promsnap-state, namespace: "+
		"default, labels: {app.kubernetes.io/managed-by: Helm}}}")
	_, err = robot.Save(t.Context(), check, state.Doc{Serial: 1}, "")
	rule = `{apiGroups: [""], resources: [configmaps], verbs: [update], resourceNames: ["promsnap-state"]}`
	wantWords(t, err, "update configmaps promsnap-state in namespace default: forbidden (403)",
		rule)
	p.allow(t, "robot", "default", rule)
	await(t, "the right to update the ConfigMap", func() error {
		_, err := robot.Save(t.Context(), check, state.Doc{Serial: 1}, "")
		return err
	})
	if d, _, err := robot.Load(t.Context(), check); err != nil || d.Serial != 1 {
		t.Errorf("loaded %+v, %v; want serial 1", d, err)
	}
}

// TestKubernetesSlot reads the slot of a Job of the real CronJob controller with the one right that
// this needs.
func TestKubernetesSlot(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	now := time.Now()
	scheduled := now.Truncate(time.Minute).UTC()
	name := fmt.Sprintf("check-%d", scheduled.Unix()/60)
	job := `{apiVersion: batch/v1, kind: Job, metadata: {namespace: default, name: %s, annotations: {%s}}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: none}]}}}}`
	p.apply(t, fmt.Sprintf(job, name, "batch.kubernetes.io/cronjob-scheduled-timestamp: '"+
		scheduled.In(time.FixedZone("KST", 9*3600)).Format(time.RFC3339)+"'"))
	p.apply(t, fmt.Sprintf(job, "by-hand", ""))
	robot := openCluster(t, p.user(t, "robot"))
	down := kube.Downward{Namespace: "default", Pod: name + "-x2x4z", Job: name}

	s := robot.Slot(t.Context(), down, now)
	if !s.Time.Equal(scheduled) || s.Manual {
		t.Errorf("without any right: %+v, want %v", s, scheduled)
	}
	wantWords(t, errors.New(s.Note), "get jobs.batch "+name+
		" in namespace default: forbidden (403)")
	p.allow(t, "robot", "default", `{apiGroups: [batch], resources: [jobs], verbs: [get]}`)
	await(t, "the right to get Jobs", func() error {
		if s = robot.Slot(t.Context(), down, now); s.Note != "" {
			return errors.New(s.Note)
		}
		return nil
	})
	if !s.Time.Equal(scheduled) || s.Manual {
		t.Errorf("by the annotation: %+v, want %v", s, scheduled)
	}
	s = robot.Slot(t.Context(), kube.Downward{Namespace: "default", Job: "by-hand"},
		now.Add(time.Hour))
	if !s.Manual || s.Note != "" || s.Time.Before(scheduled) || s.Time.After(now.Add(time.Minute)) {
		t.Errorf("a Job made by hand: %+v, want it manual, between %s and %s", s, scheduled, now)
	}
}
