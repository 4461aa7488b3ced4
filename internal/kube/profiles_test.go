package kube_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/kube"
)

const profilePath = "/apis/multicluster.x-k8s.io/v1alpha1/clusterprofiles"

// profile returns a ClusterProfile as JSON.
func profile(namespace, name, labels, properties string) string {
	return fmt.Sprintf(`{"metadata": {"namespace": %q, "name": %q, "labels": {%s}}, "spec": `+
		`{"displayName": "<b>"}, "status": {"properties": [%s]}}`, namespace, name, labels, properties)
}

// profileList answers with ClusterProfiles.
func profileList(next string, items ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"kind": "ClusterProfileList", "metadata": {"continue": %q}, `+
			`"items": [%s]}`, next, strings.Join(items, ","))
	}
}

func TestClusterProfiles(t *testing.T) {
	s := newAPIServer(t)
	s.on(profilePath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("continue") == "" {
			profileList("more", profile("b", "us", `"region": "us"`, ""))(w, r)
			return
		}
		profileList("", profile("a", "eu", `"region": "eu", "example.com/stage": "prod"`,
			`{"name": "region", "value": "of the property"}, {"name": "location", "value": "eu-1"}, `+
				`{"name": "text", "value": "two words"}, {"name": "a\nb", "value": "x"}`),
			profile("a", "us", "", ""))(w, r)
	})
	c := s.open(t, "")
	found, err := c.ClusterProfiles(t.Context(), "")
	if err != nil || len(found) != 3 || found[0].Name != "eu" || found[1].Name != "us" ||
		found[2].Name != "us" || found[1].Labels["region"] != "us" {
		t.Fatalf("got %+v, %v; want eu and two times us", found, err)
	}
	want := map[string]string{"region": "eu", "example.com/stage": "prod", "location": "eu-1"}
	if got := found[0].Labels; !maps.Equal(got, want) {
		t.Errorf("got labels %q, want %q", got, want)
	}
	s.on("/apis/multicluster.x-k8s.io/v1alpha1/namespaces/fleet/clusterprofiles",
		profileList("", profile("fleet", "one", "", "")))
	if found, err := c.ClusterProfiles(t.Context(), "fleet"); err != nil || len(found) != 1 {
		t.Errorf("in a namespace: got %+v, %v; want one", found, err)
	}
}

func TestClusterProfilesMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		denied bool
		says   string
	}{
		"forbidden": {forbid, true, "list clusterprofiles.multicluster.x-k8s.io: forbidden (403); " +
			`grant the RBAC rule {apiGroups: ["multicluster.x-k8s.io"], resources: ` +
			`[clusterprofiles], verbs: [list]}`},
		"not installed": {nil, false, "the cluster has no ClusterProfiles: install their " +
			"CustomResourceDefinition, or remove cluster_profiles"},
		"not a list":   {answer("x"), false, "the API server's answer is not a list"},
		"another type": {profileList("", `{"metadata": {"name": 1}}`), false, "is not a list"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"items": [`))
		}, false, "is not a list"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			s.on(profilePath, tt.answer)
			found, err := s.open(t, "").ClusterProfiles(t.Context(), "")
			if err == nil || len(found) > 0 || !strings.Contains(err.Error(), tt.says) ||
				kube.Denied(err) != tt.denied {
				t.Errorf("got %+v, %v; want %q", found, err, tt.says)
			}
		})
	}
}
