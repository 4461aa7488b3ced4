package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// scriptCluster is a partial API server for the scripts. The acceptance tests use a real one.
type scriptCluster struct {
	sync.Mutex
	proxy    http.Handler
	services []corev1.Service
	denied   string // a resource to which access is forbidden
	state    corev1.ConfigMap
	version  int
}

// startCluster implements `cluster [services=1] [denied=RESOURCE]`. It starts a cluster whose
// Services lead to $PROM, with a node, a ConfigMap tools/promsnap-state, and the Job
// promsnap-check-29407020, scheduled for 2026-11-22T00:00:00Z, an Argo CD, some
// ClusterProfiles and the PrometheusRules of ruleObjects. It sets $KUBECONFIG to a kubeconfig.
func startCluster(ts *testscript.TestScript, _ bool, args []string) {
	prometheus, err := url.Parse(ts.Getenv("PROM"))
	ts.Check(err)
	services := 1
	c := &scriptCluster{proxy: httputil.NewSingleHostReverseProxy(prometheus)}
	for _, a := range args {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "services":
			_, err := fmt.Sscan(value, &services)
			ts.Check(err)
		case "denied":
			c.denied = value
		default:
			ts.Fatalf("cluster: unknown option %q", key)
		}
	}
	for i := range services {
		c.services = append(c.services, corev1.Service{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "monitoring",
				Name:      strings.TrimSuffix(fmt.Sprintf("prometheus-server-%d", i), "-0"),
				Labels: map[string]string{
					"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/component": "server",
				},
			},
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
		})
	}
	c.state = corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "tools", Name: "promsnap-state", ResourceVersion: "0",
		},
	}
	srv := httptest.NewServer(c)
	ts.Defer(srv.Close)
	path := ts.MkAbs("kubeconfig")
	ts.Check(os.WriteFile(path, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: %q}}]
users: [{name: kim, user: {token: marked-token}}]
contexts: [{name: dev, context: {cluster: dev, user: kim, namespace: tools}}]
`, srv.URL), 0o600))
	ts.Setenv("KUBECONFIG", path)
}

// ServeHTTP implements http.Handler.
func (c *scriptCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Lock()
	defer c.Unlock()
	const job = "/apis/batch/v1/namespaces/tools/jobs/promsnap-check-29407020"
	switch service, rest, proxied := strings.Cut(r.URL.Path, "/proxy/"); {
	case c.denied != "" && strings.Contains(r.URL.Path, "/"+c.denied):
		answerObject(w, metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure",
			Code: 403, Reason: metav1.StatusReasonForbidden, Message: "no",
		}, http.StatusForbidden)
	case proxied &&
		strings.HasPrefix(service, "/api/v1/namespaces/monitoring/services/prometheus-server"):
		r.URL.Path = "/" + rest
		c.proxy.ServeHTTP(w, r)
	case r.URL.Path == "/api/v1/services":
		found := corev1.ServiceList{TypeMeta: kindOf("v1", "ServiceList")}
		if strings.Contains(r.URL.Query().Get("labelSelector"),
			"app.kubernetes.io/name in (prometheus,") {
			found.Items = c.services
		}
		answerObject(w, found, http.StatusOK)
	case r.URL.Path == "/api/v1/nodes":
		answerObject(w,
			corev1.NodeList{TypeMeta: kindOf("v1",
				"NodeList"), Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{
				Name: "ip-10-0-1-10", Labels: map[string]string{
					"node.kubernetes.io/instance-type": "m5.2xlarge",
					"topology.kubernetes.io/zone":      "eu-west-2a",
				},
			}}}}, http.StatusOK)
	case r.URL.Path == "/api/v1/namespaces/argocd/secrets":
		answerObject(w, argoSecrets(), http.StatusOK)
	case strings.HasSuffix(r.URL.Path, "/prometheusrules"):
		namespace := ""
		if parts := strings.Split(r.URL.Path, "/namespaces/"); len(parts) == 2 {
			namespace = strings.TrimSuffix(parts[1], "/prometheusrules")
		}
		answerObject(w, ruleObjects(namespace, r.URL.Query().Get("labelSelector")), http.StatusOK)
	case r.URL.Path == "/apis/multicluster.x-k8s.io/v1alpha1/clusterprofiles":
		answerObject(w, map[string]any{"items": []metav1.PartialObjectMetadata{
			{ObjectMeta: metav1.ObjectMeta{Name: "a.b/c", Namespace: "fleet"}},
			{ObjectMeta: metav1.ObjectMeta{
				Name: "prod-us", Namespace: "fleet", Labels: map[string]string{"region": "us"},
			}},
			{ObjectMeta: metav1.ObjectMeta{Name: "prod-us", Namespace: "other"}},
		}}, http.StatusOK)
	case r.URL.Path == job:
		answerObject(w,
			metav1.PartialObjectMetadata{TypeMeta: kindOf("batch/v1",
				"Job"), ObjectMeta: metav1.ObjectMeta{
				Annotations: map[string]string{
					"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-22T00:00:00Z",
				},
			}}, http.StatusOK)
	case r.URL.Path == "/api/v1/namespaces/tools/configmaps/promsnap-state":
		c.configMap(w, r)
	default:
		http.NotFound(w, r)
	}
}

// argoSecrets returns the clusters of an Argo CD: its own, and one with a login that promsnap does
// not have.
func argoSecrets() corev1.SecretList {
	of := func(name, server, config string) corev1.Secret {
		return corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "argocd", Name: "cluster-" + name, Labels: map[string]string{
					"argocd.argoproj.io/secret-type": "cluster", "region": "eu",
				},
			},
			Data: map[string][]byte{
				"name": []byte(name), "server": []byte(server), "config": []byte(config),
			},
		}
	}
	return corev1.SecretList{TypeMeta: kindOf("v1", "SecretList"), Items: []corev1.Secret{
		of("in-cluster", "https://kubernetes.default.svc", `{"tlsClientConfig": {}}`),
		of("prod-eu", "https://127.0.0.1:1",
			`{"execProviderConfig": {"command": "aws", "env": {"KEY": "marked-token"}}}`),
	}}
}

// ruleObjects returns the PrometheusRules of a namespace, "" for all, with a label team: one of
// shop whose alert fires, one of shop with a mistake, and one of monitoring that is quiet.
func ruleObjects(namespace, selector string) map[string]any {
	items := []any{}
	for _, o := range []struct{ namespace, name, team, alert, expr string }{
		{"monitoring", "platform", "platform", "Quiet", "up > 5"},
		{"shop", "broken", "web", "Broken", "sum("},
		{"shop", "shop", "web", "Fires", "vector(1)"},
	} {
		if namespace != "" && namespace != o.namespace ||
			selector != "" && selector != "team="+o.team {
			continue
		}
		rule := map[string]any{"alert": o.alert, "expr": o.expr}
		items = append(items, map[string]any{
			"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
			"metadata": map[string]any{"namespace": o.namespace, "name": o.name},
			"spec":     map[string]any{"groups": []any{map[string]any{"name": "g", "rules": []any{rule}}}},
		})
	}
	return map[string]any{"metadata": map[string]any{}, "items": items}
}

// configMap reads and writes the state.
func (c *scriptCluster) configMap(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		scheme := runtime.NewScheme()
		_ = corev1.AddToScheme(scheme) // cannot fail for an empty scheme
		body, _ := io.ReadAll(r.Body)
		o, _, err := serializer.NewCodecFactory(scheme).UniversalDeserializer().Decode(body, nil,
			&c.state)
		if err != nil || o != &c.state {
			http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
			return
		}
		c.version++
		c.state.ResourceVersion = fmt.Sprint(c.version)
	}
	c.state.TypeMeta = kindOf("v1", "ConfigMap")
	answerObject(w, c.state, http.StatusOK)
}

func kindOf(version, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: version, Kind: kind}
}

func answerObject(w http.ResponseWriter, o any, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o) // the client notices a broken connection
}
