package kube_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/kube"
)

const argoPath = "/api/v1/namespaces/argocd/secrets"

// argoSecret is a Secret of Argo CD: data has pairs of a key and a value.
func argoSecret(name string, data ...string) corev1.Secret {
	s := corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "argocd", Name: name, Labels: map[string]string{
				"argocd.argoproj.io/secret-type": "cluster", "app.kubernetes.io/part-of": "argocd",
				"region": "eu", "example.com/stage": "prod", "bad\nkey": "x", "bad": "<b>",
			},
		},
		Data: map[string][]byte{},
	}
	for i := 0; i < len(data); i += 2 {
		s.Data[data[i]] = []byte(data[i+1])
	}
	return s
}

func secretList(secrets ...corev1.Secret) corev1.SecretList {
	return corev1.SecretList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, Items: secrets,
	}
}

// authority returns the certificate of a server as a Secret has it.
func (s *apiServer) authority() string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: s.Certificate().Raw,
	}))
}

// TestArgoCD finds a cluster, and queries its Prometheus with the credentials of its Secret.
func TestArgoCD(t *testing.T) {
	there, here := behindProxy(t), newAPIServer(t)
	config := fmt.Sprintf(`{"bearerToken": %q, "tlsClientConfig": {"insecure": false, "caData": %q}}`,
		token, there.authority())
	second := secretList(argoSecret("cluster-a", "name", "prod-eu", "server", there.URL, "config",
		config))
	first := secretList(argoSecret("cluster-b", "name", "in-cluster", "server",
		"https://kubernetes.default.svc", "config", `{"tlsClientConfig": {"insecure": false}}`))
	first.Continue = "more"
	here.on(argoPath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("continue") == "" {
			answer(first)(w, r)
			return
		}
		answer(second)(w, r)
	})
	c := here.open(t, "")
	found, err := c.ArgoCD(t.Context(), "argocd", "region=eu")
	if err != nil || len(found) != 2 || found[0].Name != "prod-eu" || found[1].Name != "in-cluster" {
		t.Fatalf("got %+v, %v; want prod-eu and in-cluster", found, err)
	}
	if want := map[string]string{"region": "eu", "example.com/stage": "prod"}; !maps.Equal(
		found[0].Labels, want) {
		t.Errorf("got labels %q, want %q", found[0].Labels, want)
	}
	for _, asked := range here.requests() {
		u, _ := url.Parse(strings.TrimPrefix(asked, "GET "))
		if got := u.Query().Get("labelSelector"); got !=
			"argocd.argoproj.io/secret-type=cluster,region=eu" {
			t.Errorf("got selector %q, want clusters in eu", got)
		}
	}
	own, err := found[1].Open("promsnap")
	if err != nil || own != c {
		t.Errorf("in-cluster: got %v, %v; want the cluster of the run", own, err)
	}
	opened, err := found[0].Open("promsnap")
	if err != nil {
		t.Fatal(err)
	}
	target, err := opened.FindPrometheus(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if meta, err := ask(t, target, "up"); err != nil || meta.Series != 1 {
		t.Errorf("got %+v, %v; want one series", meta, err)
	}
}

// TestArgoCDLogins checks which Secrets can be used, and that no error shows what they hold.
func TestArgoCDLogins(t *testing.T) {
	there, here := behindProxy(t), newAPIServer(t)
	trusted := there.authority()
	for name, tt := range map[string]struct {
		server, config string
		says           string // "": it works
	}{
		"a token":      {there.URL, `{"bearerToken": "TOKEN", "tlsClientConfig": {"caData": "CA"}}`, ""},
		"insecure":     {there.URL, `{"bearerToken": "TOKEN", "tlsClientConfig": {"insecure": true}}`, ""},
		"no authority": {there.URL, `{"bearerToken": "TOKEN"}`, "has a different certificate than the Secret argocd/x expects: correct its tlsClientConfig"},
		"another name": {there.URL, `{"bearerToken": "TOKEN", "tlsClientConfig": {"serverName": "other", "caData": "CA"}}`,
			"has a different certificate"},
		"expired":          {there.URL, `{"bearerToken": "oldTOKEN", "tlsClientConfig": {"caData": "CA"}}`, "credentials in the Secret argocd/x: they may have expired"},
		"a password":       {there.URL, `{"username": "u", "password": "TOKEN", "tlsClientConfig": {"caData": "CA"}}`, "credentials in the Secret argocd/x"},
		"no server":        {"", `{"bearerToken": "TOKEN"}`, "the Secret argocd/x: has no data.server"},
		"no https":         {"http://TOKEN", `{"bearerToken": "TOKEN"}`, "is not the https address"},
		"a login inside":   {"https://u:TOKEN@h", `{}`, "is not the https address"},
		"not an address":   {"https://TOKEN\x00", `{}`, "is not the https address"},
		"not JSON":         {there.URL, `{"bearerToken": "TOKEN"`, "is not the JSON that Argo CD reads"},
		"another type":     {there.URL, `{"bearerToken": ["TOKEN"]}`, "is not the JSON that Argo CD reads"},
		"not base64":       {there.URL, `{"tlsClientConfig": {"caData": "TOKEN!"}}`, "is not the JSON that Argo CD reads"},
		"not PEM":          {there.URL, `{"tlsClientConfig": {"certData": "AAAA", "keyData": "AAAA"}}`, "cannot be used"},
		"two logins":       {there.URL, `{"bearerToken": "TOKEN", "username": "u", "password": "TOKEN"}`, "cannot be used"},
		"insecure with CA": {there.URL, `{"bearerToken": "TOKEN", "tlsClientConfig": {"insecure": true, "caData": "CA"}}`, "cannot be used"},
		"a line break":     {there.URL, `{"bearerToken": "a\nTOKEN", "tlsClientConfig": {"caData": "CA"}}`, "net/http: invalid header field value"},
		"a command":        {there.URL, `{"execProviderConfig": {"command": "rm", "args": ["TOKEN"]}}`, "logs in with a command (execProviderConfig), which promsnap does not run"},
		"AWS":              {there.URL, `{"awsAuthConfig": {"clusterName": "c", "roleARN": "TOKEN"}}`, "logs in with AWS (awsAuthConfig)"},
		"no AWS":           {there.URL, `{"bearerToken": "TOKEN", "awsAuthConfig": null, "execProviderConfig": null, "tlsClientConfig": {"caData": "CA"}}`, ""},
		"a proxy":          {there.URL, `{"proxyUrl": "http://TOKEN"}`, "names a proxy (proxyUrl)"},
	} {
		t.Run(name, func(t *testing.T) {
			config := strings.NewReplacer("TOKEN", token, `"CA"`, `"`+trusted+`"`).Replace(tt.config)
			server := strings.Replace(tt.server, "TOKEN", token, 1)
			here.on(argoPath, answer(secretList(argoSecret("x", "name", "prod-eu", "server", server,
				"config", config))))
			found, err := here.open(t, "").ArgoCD(t.Context(), "argocd", "")
			if err != nil || len(found) != 1 || found[0].Name != "prod-eu" {
				t.Fatalf("got %+v, %v; want prod-eu", found, err)
			}
			if shown := fmt.Sprintf("%+v %#v", found, found); strings.Contains(shown, token) {
				t.Errorf("got %s, want no token", shown)
			}
			opened, err := found[0].Open("promsnap")
			if err == nil {
				var target *kube.Target
				if target, err = opened.FindPrometheus(t.Context(), named); err == nil {
					target.Close()
				}
			}
			if got := fmt.Sprint(err); tt.says == "" && err != nil || !strings.Contains(got, tt.says) ||
				strings.Contains(got, token) {
				t.Errorf("got %v, want %q and no token", err, tt.says)
			}
		})
	}
}

// TestArgoCDMistakes checks what a search says if it cannot find all clusters.
func TestArgoCDMistakes(t *testing.T) {
	s := newAPIServer(t)
	s.on(argoPath, forbid)
	c := s.open(t, "")
	if _, err := c.ArgoCD(t.Context(), "argocd", ""); !kube.Denied(err) || err.Error() !=
		"list secrets in namespace argocd: forbidden (403); grant the RBAC rule "+
			`{apiGroups: [""], resources: [secrets], verbs: [list]}` {
		t.Errorf("forbidden: got %v, want the right that is missing", err)
	}
	if _, err := c.ArgoCD(t.Context(), "argocd", "a=b,,"); err == nil || !strings.Contains(
		err.Error(), `the selector "a=b,," is not one for labels`) {
		t.Errorf("got %v, want an error about the selector", err)
	}
	s.on(argoPath, answer(secretList(argoSecret("z", "name", "twice"), argoSecret("y"),
		argoSecret("x", "name", "twice"), argoSecret("w", "name", "a\x1b[31m\nb"))))
	found, err := c.ArgoCD(t.Context(), "argocd", "")
	if err == nil || err.Error() !=
		"the Secret argocd/y has no data.name, the name of its cluster" {
		t.Errorf("got %v, want the Secret without a name", err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	if got, _ := json.Marshal(names); string(got) != `["a\u001b[31m\nb","twice","twice"]` {
		t.Errorf("got %s, want the others by the names of their Secrets", got)
	}
}
