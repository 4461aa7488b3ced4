package kube_test

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

const (
	mapsPath = "/api/v1/namespaces/monitoring/configmaps"
	mapPath  = mapsPath + "/promsnap-state"
)

func TestConfigMap(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Tested {
		s := newAPIServer(t)
		nowhere, err := kube.Open(kube.Options{Kubeconfig: kubeconfig(t, "https://127.0.0.1:1")})
		if err != nil {
			t.Fatal(err)
		}
		return statetest.Tested{
			Store: s.open(t, "").NewConfigMap("monitoring", "promsnap-state"),
			Corrupt: func(_ *testing.T, k state.Key, data []byte) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.maps[mapPath].Data[report.Slug(k.Cluster)+"."+report.Slug(k.Report)+
					".json"] = string(data)
			},
			Broken: nowhere.NewConfigMap("monitoring", "promsnap-state"),
		}
	})
}

var check = state.Key{Cluster: "prod", Report: "check"}

// TestConfigMapKeepsOtherData checks that other data in the object is kept, and that a change of it
// is no conflict.
func TestConfigMapKeepsOtherData(t *testing.T) {
	s := newAPIServer(t)
	s.maps[mapPath] = &corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "monitoring", Name: "promsnap-state", ResourceVersion: "7",
			Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		},
		Data: map[string]string{"NOTE": "made by Helm"},
	}
	store := s.open(t, "monitoring").NewConfigMap("", "promsnap-state")
	version, err := store.Save(t.Context(), check, state.Doc{Serial: 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Save(t.Context(), state.Key{Cluster: "prod", Report: "daily"},
		state.Doc{Serial: 1}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Save(t.Context(), check, state.Doc{Serial: 2}, version); err != nil {
		t.Errorf("got error %v after a change of another document, want none", err)
	}
	o := s.maps[mapPath]
	if o.Data["NOTE"] != "made by Helm" || o.Labels["app.kubernetes.io/managed-by"] != "Helm" ||
		len(o.Data) != 3 {
		t.Errorf("got object %+v, want the note and the label of Helm in it", o)
	}
	for _, asked := range s.requests() {
		if !strings.HasPrefix(asked, "GET "+mapPath) && !strings.HasPrefix(asked, "PUT "+mapPath) {
			t.Errorf("got request %s, want only get and update of one object", asked)
		}
	}
}

func TestConfigMapErrors(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(*apiServer)
		want    []string
	}{
		"missing, and no right to create it": {
			func(s *apiServer) { s.on(mapsPath, forbid) },
			[]string{
				"the ConfigMap monitoring/promsnap-state does not exist",
				"kubectl -n monitoring create configmap promsnap-state",
				"{apiGroups: [\"\"], resources: [configmaps], verbs: [create]}",
			},
		},
		"no right to get": {
			func(s *apiServer) { s.on(mapPath, forbid) },
			[]string{
				"get configmaps promsnap-state in namespace monitoring: forbidden (403)",
				`resourceNames: ["promsnap-state"]`,
			},
		},
		"no right to update": {
			func(s *apiServer) {
				there := &corev1.ConfigMap{
					ObjectMeta: metav1.ObjectMeta{
						Namespace: "monitoring", Name: "promsnap-state", ResourceVersion: "1",
					},
				}
				there.Kind, there.APIVersion = "ConfigMap", "v1"
				s.on(mapPath, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						answer(there)(w, r)
						return
					}
					forbid(w, r)
				})
			},
			[]string{
				"update configmaps promsnap-state in namespace monitoring: forbidden (403)",
				"verbs: [update]",
			},
		},
		"full": {
			func(s *apiServer) {
				full := &corev1.ConfigMap{
					ObjectMeta: metav1.ObjectMeta{
						Namespace: "monitoring", Name: "promsnap-state", ResourceVersion: "1",
					},
				}
				full.Kind, full.APIVersion, full.Data = "ConfigMap", "v1", map[string]string{
					"prod.other.json": strings.Repeat("x", 1<<20-17<<10),
				}
				s.maps[mapPath] = full
			},
			[]string{
				"more than the 1008 KiB that Kubernetes allows (prod.other.json 1007 KiB",
				"in S3 or in another ConfigMap",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			c.breakIt(s)
			_, err := s.open(t, "").NewConfigMap("monitoring", "promsnap-state").Save(t.Context(),
				check, state.Doc{Serial: 1, Run: strings.Repeat("r", 2000)}, "")
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nis without %q", err, want)
				}
			}
		})
	}
}
