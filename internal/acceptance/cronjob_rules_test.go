//go:build acceptance

package acceptance

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testRules takes one verb after the other from the service account. Each time something fails, and
// its message names the verb and the resource, so that a reader can grant it again.
func (r *cronRun) testRules(t *testing.T) {
	const role, cluster = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + release +
		"/roles/promsnap", "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + release +
		"-promsnap"
	const prometheus = "/apis/rbac.authorization.k8s.io/v1/namespaces/monitoring/roles/" + release +
		"-promsnap"
	pods := map[string]object{
		"daily": r.byHand(t, "rules", "daily"), "long": r.byHand(t, "rules-long", "long"),
	}
	rules := 0
	for _, path := range []string{role, cluster, prometheus} {
		for i, rule := range r.get(t, path)["rules"].([]any) {
			for _, verb := range object(rule.(map[string]any))["verbs"].([]any) {
				rules++
				resource := object(rule.(map[string]any)).at("resources.0").(string)
				t.Run(verb.(string)+" "+resource, func(t *testing.T) {
					report := "daily"
					if verb == "create" { // for a query that is too long for a GET
						report = "long"
					}
					r.forget(t)
					r.node.run(t, pods[report]).want(t, 0)
					r.forget(t)
					defer r.without(t, path, i, verb.(string))()
					o := r.node.run(t, pods[report])
					everything := o.stdout + o.stderr + r.page(t, report)
					lost := verb.(string) + " " + resource
					if resource == "jobs" {
						lost += ".batch"
					}
					says(t, everything, lost)
					if optional := resource == "jobs" ||
						resource == "nodes"; (o.code == 0) != optional {
						t.Errorf("exit code %d, want 0: %v", o.code, optional)
					}
				})
			}
		}
	}
	if rules != 6 {
		t.Errorf("the chart grants %d rights, want the 6 that this test knows", rules)
	}
}

// page returns everything that was kept of a report.
func (r *cronRun) page(t *testing.T, report string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(r.node.volumes["reports"], report),
		func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "report.json" && d.Name() != "index.html" {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all.String()
}

// without removes a verb from a rule and waits until the API server applies it. restore undoes
// that.
func (r *cronRun) without(t *testing.T, path string, rule int, verb string) (restore func()) {
	t.Helper()
	had := r.get(t, path)
	less := r.get(t, path)
	one := less["rules"].([]any)[rule].(map[string]any)
	one["verbs"] = slices.DeleteFunc(one["verbs"].([]any), func(v any) bool { return v == verb })
	if len(one["verbs"].([]any)) == 0 {
		less["rules"] = slices.Delete(less["rules"].([]any), rule, rule+1)
	}
	group, _ := one["apiGroups"].([]any)[0].(string)
	resource, name, namespace := one["resources"].([]any)[0].(string), "", ""
	if names, ok := one["resourceNames"].([]any); ok {
		name = names[0].(string)
	}
	if n, ok := had.at("metadata.namespace").(string); ok {
		namespace = n
	}
	put := func(o object, want bool) {
		current := r.get(t, path)
		o.at("metadata").(map[string]any)["resourceVersion"] = current.at(
			"metadata.resourceVersion")
		r.must(t, http.MethodPut, path, o)
		await(t, "the API server to apply the rule", func() error {
			if r.can(t, verb, namespace, group+"/"+resource, name) != want {
				return errors.New("not yet")
			}
			return nil
		})
	}
	put(less, false)
	return func() { put(had, true) }
}

// testDiscovery lets promsnap find Prometheus by itself, for which it needs the right to list
// Services.
func (r *cronRun) testDiscovery(t *testing.T) {
	r.helm(t, "upgrade", "--force-conflicts", "-f", r.values(t, "{}", true))
	const cluster = "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + release + "-promsnap"
	pod := r.byHand(t, "discovery", "daily")
	o := r.node.run(t, pod).want(t, 0)
	says(t, o.stdout, "monitoring/prometheus-server:80 (prometheus chart) through the API "+
		"server's service proxy")
	rules := r.get(t, cluster)["rules"].([]any)
	i := slices.IndexFunc(rules, func(v any) bool {
		return object(v.(map[string]any)).at("resources.0") == "services"
	})
	if i < 0 {
		t.Fatalf("the chart's rules are %s, want one for services", asJSON(t, rules))
	}
	r.forget(t)
	before := r.sent()
	defer r.without(t, cluster, i, "list")()
	o = r.node.run(t, pod).want(t, 1)
	says(t, o.stdout+o.stderr+r.page(t, "daily"), "list services")
	if r.sent() == before {
		t.Error("no message that Prometheus was not found, want one")
	}
}
