//go:build acceptance

package acceptance

import (
	"crypto/x509/pkix"
	"encoding/json"
	"net/http"
	"testing"
)

// TestKubernetesFleet finds clusters through a real API server, first without the rights that the
// chart grants and then with them, and opens the one that Argo CD has with a client certificate.
func TestKubernetesFleet(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	certificate, key := p.authority.issue(t, pkix.Name{CommonName: "argocd-manager"})
	config, err := json.Marshal(map[string]any{"tlsClientConfig": map[string]any{
		"caData": p.authority.pem, "certData": certificate, "keyData": key,
	}})
	if err != nil {
		t.Fatal(err)
	}
	p.must(t, http.MethodPost, "/api/v1/namespaces", `{"metadata": {"name": "argocd"}}`)
	secret := func(name string, labels map[string]string) {
		p.must(t, http.MethodPost, "/api/v1/namespaces/argocd/secrets", map[string]any{
			"metadata": map[string]any{"name": name, "labels": labels},
			"stringData": map[string]string{
				"name": name, "server": p.url, "config": string(config),
			},
		})
	}
	const kind = "argocd.argoproj.io/secret-type"
	secret("prod-eu", map[string]string{kind: "cluster", "stage": "prod"})
	secret("dev-eu", map[string]string{kind: "cluster", "stage": "dev"})
	secret("repository", map[string]string{kind: "repository", "stage": "prod"})
	p.apply(t, `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusterprofiles.multicluster.x-k8s.io}
spec:
  group: multicluster.x-k8s.io
  scope: Namespaced
  names: {kind: ClusterProfile, plural: clusterprofiles}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`)
	await(t, "the API server to serve ClusterProfiles", func() error {
		_, err := p.do(http.MethodPost,
			"/apis/multicluster.x-k8s.io/v1alpha1/namespaces/default/clusterprofiles",
			`{"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ClusterProfile", "metadata": `+
				`{"name": "prod-us", "labels": {"region": "us"}}}`)
		return err
	})

	kim := openCluster(t, p.user(t, "kim"))
	_, err = kim.ArgoCD(t.Context(), "argocd", "")
	secrets := `{apiGroups: [""], resources: [secrets], verbs: [list]}`
	wantWords(t, err, "list secrets in namespace argocd: forbidden (403)", secrets)
	_, err = kim.ClusterProfiles(t.Context(), "")
	profiles := `{apiGroups: ["multicluster.x-k8s.io"], resources: [clusterprofiles], verbs: [list]}`
	wantWords(t, err, "list clusterprofiles.multicluster.x-k8s.io: forbidden (403)", profiles)
	p.allow(t, "kim", "argocd", secrets)
	p.allow(t, "kim", "", profiles)
	await(t, "the rights, by the rules in the errors", func() error {
		_, err := kim.ArgoCD(t.Context(), "argocd", "")
		if err == nil {
			_, err = kim.ClusterProfiles(t.Context(), "")
		}
		return err
	})

	found, err := kim.ClusterProfiles(t.Context(), "default")
	if err != nil || len(found) != 1 || found[0].Name != "prod-us" ||
		found[0].Labels["region"] != "us" {
		t.Errorf("got %+v, %v; want prod-us in region us", found, err)
	}
	found, err = kim.ArgoCD(t.Context(), "argocd", "stage!=dev")
	if err != nil || len(found) != 1 || found[0].Name != "prod-eu" {
		t.Fatalf("got %+v, %v; want prod-eu", found, err)
	}
	opened, err := found[0].Open("promsnap")
	if err != nil {
		t.Fatal(err)
	}
	p.allow(t, "argocd-manager", "", `{apiGroups: [""], resources: [nodes], verbs: [list]}`)
	await(t, "the nodes, with the certificate in the Secret", func() error {
		_, _, err := opened.Nodes(t.Context())
		return err
	})
}
