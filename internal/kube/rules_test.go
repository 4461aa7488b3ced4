package kube_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/kube"
)

const rulesPath = "/apis/monitoring.coreos.com/v1/prometheusrules"

// ruleObject returns a PrometheusRule as JSON.
func ruleObject(namespace, name string) string {
	return fmt.Sprintf(`{"metadata": {"namespace": %q, "name": %q}, "spec": {"groups": []}}`,
		namespace, name)
}

func TestPrometheusRules(t *testing.T) {
	s := newAPIServer(t)
	s.on(rulesPath, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("labelSelector"); got != "release=kps" {
			t.Errorf("got the selector %q, want release=kps", got)
		}
		if r.URL.Query().Get("continue") == "" {
			profileList("more", ruleObject("monitoring", "node"))(w, r)
			return
		}
		profileList("", ruleObject("shop", "checkout"))(w, r)
	})
	c := s.open(t, "")
	found, err := c.PrometheusRules(t.Context(), "", "release=kps")
	if err != nil || len(found) != 2 || found[0].Name != "node" || found[1].Namespace != "shop" ||
		!strings.Contains(string(found[0].JSON), `"groups"`) {
		t.Fatalf("got %+v, %v; want node and checkout", found, err)
	}
	s.on("/apis/monitoring.coreos.com/v1/namespaces/shop/prometheusrules",
		profileList("", ruleObject("shop", "checkout")))
	if found, err := c.PrometheusRules(t.Context(), "shop", ""); err != nil || len(found) != 1 {
		t.Errorf("in a namespace: got %+v, %v; want one", found, err)
	}
}

func TestPrometheusRulesMistakes(t *testing.T) {
	many := make([]string, 2001)
	for i := range many {
		many[i] = ruleObject("a", fmt.Sprint(i))
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		denied bool
		says   string
	}{
		"forbidden": {forbid, true, "list prometheusrules.monitoring.coreos.com: forbidden (403); " +
			`grant the RBAC rule {apiGroups: ["monitoring.coreos.com"], resources: ` +
			`[prometheusrules], verbs: [list]}`},
		"not installed": {nil, false, "the cluster has no PrometheusRules: install the " +
			"CustomResourceDefinitions of the Prometheus Operator"},
		"not a list":   {answer("x"), false, "the API server's answer is not a list"},
		"another type": {profileList("", `{"metadata": {"name": 1}}`), false, "a PrometheusRule"},
		"too many":     {profileList("", many...), false, "more than 2000 PrometheusRules"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			s.on(rulesPath, tt.answer)
			found, err := s.open(t, "").PrometheusRules(t.Context(), "", "")
			if err == nil || len(found) > 0 || !strings.Contains(err.Error(), tt.says) ||
				kube.Denied(err) != tt.denied {
				t.Errorf("got %+v, %v; want %q", found, err, tt.says)
			}
		})
	}
}
