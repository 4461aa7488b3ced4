//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// release is the namespace of the installed chart. It enforces the strictest Pod security standard.
const release = "monitoring-tools"

// TestChartInstalled runs helm install, upgrade, test and uninstall of the chart on a real API
// server whose controllers make Pods.
func TestChartInstalled(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	p.startControllers(t)
	p.apply(t, `{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: promsnap}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: monitoring-tools, labels: {pod-security.kubernetes.io/enforce: restricted}}}
`)
	h := &installation{p, p.user(t, "helm", "system:masters")}
	t.Run("dry run", h.testDryRun)
	// The first of these installs, the last one uninstalls.
	h.helm(t, "install",
		append(set(quickstart), "--set", "kubernetes.service=monitoring/prometheus-server:80")...)
	t.Run("rights", h.testRights)
	h.helm(t, "upgrade", append(set(quickstart), "--set",
		"kubernetes.service=monitoring/prometheus-server:80,rbac.serviceProxy=true")...)
	t.Run("rights of the proxy", h.testProxyRights)
	t.Run("pod", h.testPod)
	t.Run("upgrade", h.testUpgrade)
	t.Run("test", h.testHook)
	t.Run("uninstall", h.testUninstall)
}

// installation is a release on a control plane.
type installation struct {
	*controlPlane
	kubeconfig string // of its administrator
}

// helm runs helm for the release and returns its output.
func (h *installation) helm(t testing.TB, verb string, flags ...string) string {
	t.Helper()
	args := []string{verb, "promsnap"}
	if verb == "install" || verb == "upgrade" {
		args = append(args, chartDir)
	}
	args = append(append(args, "--namespace", release, "--kubeconfig", h.kubeconfig), flags...)
	stdout, stderr, err := helm(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s%s", verb, err, stdout, stderr)
	}
	return stdout
}

// dryRun returns what the API server would make of a manifest.
func (h *installation) dryRun(t testing.TB, manifest []byte) ([]byte, error) {
	t.Helper()
	cmd := exec.Command(installed(t, "kubectl"), "--kubeconfig="+h.kubeconfig, "apply",
		"--dry-run=server", "--validate=strict", "-f", "-")
	cmd.Stdin = bytes.NewReader(manifest)
	return cmd.CombinedOutput()
}

// testDryRun applies the chart with all of chartValues, and the output of kustomize, as a dry run.
func (h *installation) testDryRun(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(chartValues)) {
		// PrometheusRule belongs to an operator, and a Pod needs an existing account.
		flags := append(slices.Clone(chartValues[name].flags), "--set",
			"prometheusRule.enabled=false", "--skip-tests")
		if out, err := h.dryRun(t, render(t, flags...)); err != nil ||
			bytes.Contains(out, []byte("Warning")) {
			t.Errorf("%s: %v, want no error and no warning\n%s", name, err, out)
		}
	}
	for _, dir := range []string{"base", "overlays/prod-seoul"} {
		if out, err := h.dryRun(t, kustomize(t, dir)); err != nil ||
			bytes.Contains(out, []byte("Warning")) {
			t.Errorf("kustomize %s: %v, want no error and no warning\n%s", dir, err, out)
		}
	}
	for _, wrong := range []string{"reports.check.schedule=61 * * * *", "timeZone=Asia/Soul"} {
		if out, err := h.dryRun(t, render(t, set(quickstart, wrong)...)); err == nil {
			t.Errorf("the API server accepts %s, want an error:\n%s", wrong, out)
		}
	}
}

// can reports whether promsnap's service account may do something, according to the API server.
func (h *installation) can(t *testing.T, verb, namespace, resource, name string) bool {
	t.Helper()
	group, resource, ok := strings.Cut(resource, "/")
	if !ok {
		t.Fatalf("got the resource %q, want GROUP/RESOURCE", group)
	}
	resource, sub, _ := strings.Cut(resource, "/")
	answer := h.must(t, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
		map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
			"spec": map[string]any{
				"user": "system:serviceaccount:" + release + ":promsnap", "groups": []string{
					"system:serviceaccounts", "system:authenticated",
				},
				"resourceAttributes": map[string]any{
					"verb": verb, "namespace": namespace, "group": group, "resource": resource,
					"subresource": sub, "name": name,
				},
			},
		})
	var review struct{ Status struct{ Allowed bool } }
	if err := json.Unmarshal(answer, &review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}

// may is a right that promsnap has or has not.
type may struct {
	verbs                     string
	namespace, resource, name string
	want                      bool
}

// holds checks the rights with the API server.
func (h *installation) holds(t *testing.T, all []may) {
	t.Helper()
	for _, m := range all {
		for verb := range strings.FieldsSeq(m.verbs) {
			if got := h.can(t, verb, m.namespace, m.resource, m.name); got != m.want {
				t.Errorf("%s %s %s in %q: %v, want %v", verb, m.resource, m.name, m.namespace, got,
					m.want)
			}
		}
	}
}

// testRights checks what promsnap may do, and some similar things that it may not.
func (h *installation) testRights(t *testing.T) {
	h.holds(t, []may{
		{"get", release, "batch/jobs", "promsnap-check-1", true},
		{"list watch create delete patch update", release, "batch/jobs", "", false},
		{"get", "monitoring", "batch/jobs", "backup", false},
		{"get update", release, "/configmaps", "promsnap-state", true},
		{"patch delete", release, "/configmaps", "promsnap-state", false},
		{"create list watch", release, "/configmaps", "", false},
		{"get update", release, "/configmaps", "promsnap-config", false},
		{"list", "", "/nodes", "", true},
		{"get watch", "", "/nodes", "node-1", false},
		{"get create", "monitoring", "/services/proxy", "prometheus-server:80", false},
		{"list get", "monitoring", "/services", "prometheus-server", false},
		{"list get", "", "/services", "", false},
		{"get list", release, "/secrets", "promsnap-slack", false},
		{"get list", release, "/pods", "", false},
	})
}

// testProxyRights checks the rights with the API server's proxy.
func (h *installation) testProxyRights(t *testing.T) {
	await(t, "the API server to apply the new role", func() error {
		if !h.can(t, "get", "monitoring", "/services/proxy", "prometheus-server:80") {
			return errors.New("not yet")
		}
		return nil
	})
	h.holds(t, []may{
		{"get create", "monitoring", "/services/proxy", "prometheus-server:80", true},
		{"update delete patch", "monitoring", "/services/proxy", "prometheus-server:80", false},
		{"get create", "monitoring", "/services/proxy", "alertmanager:9093", false},
		{"get create", release, "/services/proxy", "prometheus-server:80", false},
		{"list get", "monitoring", "/services", "prometheus-server", false},
	})
}

// testPod lets the Job controller make a Pod. The namespace's Pod security admits it, and it knows
// its Job.
func (h *installation) testPod(t *testing.T) {
	create := exec.Command(installed(t, "kubectl"), "--kubeconfig="+h.kubeconfig, "-n", release,
		"create", "job", "now", "--from=cronjob/promsnap-daily")
	if out, err := create.CombinedOutput(); err != nil || bytes.Contains(out, []byte("Warning")) {
		t.Fatalf("kubectl create job: %v\n%s", err, out)
	}
	var pods struct{ Items []map[string]any }
	await(t, "the Pod of the Job", func() error {
		answer := h.must(t, http.MethodGet, "/api/v1/namespaces/"+release+
			"/pods?labelSelector=batch.kubernetes.io/job-name%3Dnow", nil)
		if err := json.Unmarshal(answer, &pods); err != nil {
			return err
		}
		if len(pods.Items) == 0 {
			events := h.must(t, http.MethodGet, "/api/v1/namespaces/"+release+"/events", nil)
			return fmt.Errorf("there is none; events: %s", tail(string(events), 2000))
		}
		return nil
	})
	pod := object(pods.Items[0])
	pod.is(t, "spec.serviceAccountName", "promsnap")
	pod.is(t, "spec.containers.0.env.2.valueFrom.fieldRef.fieldPath",
		"metadata.labels['batch.kubernetes.io/job-name']")
	if pod.at("spec.volumes.1.projected") == nil {
		t.Errorf("the Pod's volumes are %s, want a projected token",
			asJSON(t, pod.at("spec.volumes")))
	}
}

// get returns an object of the namespace.
func (h *installation) get(t testing.TB, path string) object {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(h.must(t, http.MethodGet, path, nil), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// testUpgrade changes the configuration. The state's data must stay, and the next Pods must get the
// new configuration.
func (h *installation) testUpgrade(t *testing.T) {
	const state, cronjob = "/api/v1/namespaces/" + release + "/configmaps/promsnap-state",
		"/apis/batch/v1/namespaces/" + release + "/cronjobs/promsnap-check"
	checksum := func() string {
		return asJSON(t,
			h.get(t, cronjob).at("spec.jobTemplate.spec.template.metadata.annotations"))
	}
	o := h.get(t, state) // as promsnap does: get and update
	o["data"] = map[string]string{"check": "{}"}
	h.must(t, http.MethodPut, state, o)
	before := checksum()
	h.helm(t, "upgrade", append(set(quickstart), "--set",
		"language=ko,kubernetes.service=monitoring/prometheus-server:80")...)
	h.get(t, state).is(t, "data", map[string]string{"check": "{}"})
	if after := checksum(); after == before {
		t.Errorf("the checksum after the upgrade is %s, want another one", after)
	}
}

// testHook runs helm test and reports the Pod's end in place of the kubelet.
func (h *installation) testHook(t *testing.T) {
	const pods = "/api/v1/namespaces/" + release + "/pods/promsnap-test"
	for phase, works := range map[string]bool{"Succeeded": true, "Failed": false} {
		// A Pod of the case before may still exist.
		_, _ = h.do(http.MethodDelete, pods, map[string]any{"gracePeriodSeconds": 0})
		var stderr bytes.Buffer
		cmd := exec.Command(installed(t, "helm"), "test", "promsnap", "--namespace", release,
			"--kubeconfig", h.kubeconfig, "--timeout", "30s")
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "helm test to make its Pod", func() error {
			_, err := h.do(http.MethodGet, pods, nil)
			return err
		})
		h.get(t, pods).is(t, "spec.containers.0.args", []string{
			"doctor", "--config", "/etc/promsnap/promsnap.yaml", "--send-test",
		})
		h.must(t, http.MethodPatch, pods+"/status", map[string]any{
			"status": map[string]any{"phase": phase},
		})
		if err := cmd.Wait(); (err == nil) != works {
			t.Errorf("after a Pod that %s: helm test returned %v, want an error only after a "+
				"failure\n%s", phase, err, stderr.String())
		}
	}
}

// testUninstall checks that nothing of the release is left except what helm test made.
func (h *installation) testUninstall(t *testing.T) {
	_ = h.helm(t, "uninstall")
	list := exec.Command(installed(t, "kubectl"), "--kubeconfig="+h.kubeconfig, "get",
		"--all-namespaces", "-o", "name", "-l", "app.kubernetes.io/instance=promsnap",
		"cronjobs,configmaps,serviceaccounts,roles,rolebindings,clusterroles,"+
			"clusterrolebindings,networkpolicies")
	await(t, "the release to be gone", func() error {
		out, err := list.CombinedOutput()
		list = exec.Command(list.Path, list.Args[1:]...)
		if err == nil && len(bytes.TrimSpace(out)) > 0 &&
			!bytes.Contains(out, []byte("No resources found")) {
			err = fmt.Errorf("there are still\n%s", out)
		}
		return err
	})
}
