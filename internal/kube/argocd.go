package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
)

const (
	// argoClusters selects the Secrets in which Argo CD keeps clusters.
	argoClusters = "argocd.argoproj.io/secret-type=cluster"
	// argoHere is what Argo CD calls the API server of its own cluster.
	argoHere = "https://kubernetes.default.svc"

	foundPage   = 500    // objects in one page
	maxFound    = 10_000 // clusters of one search
	maxProperty = 32     // labels of one cluster
)

// FoundCluster is a cluster that an object in another cluster describes.
type FoundCluster struct {
	Name   string // as in the object; it may be any text
	Labels map[string]string
	// Open opens the cluster with the credentials in the object. It sends no request yet. It fails
	// if the object has none that promsnap can use, or no address. A ClusterProfile has neither:
	// Open is nil.
	Open func(userAgent string) (*Cluster, error)
}

// ArgoCD returns the clusters of the Argo CD in a namespace, in the order of their Secrets' names.
// The selector is one for labels of the Secrets; "" is every cluster. A Secret without a name for
// its cluster is an error, beside the other clusters.
func (c *Cluster) ArgoCD(ctx context.Context, namespace, selector string) ([]FoundCluster, error) {
	if _, err := labels.Parse(selector); err != nil {
		return nil, fmt.Errorf("the selector %q is not one for labels, such as region=eu,stage!=dev",
			brief(selector))
	}
	a := access{verb: "list", resource: "secrets", namespace: namespace}
	o := metav1.ListOptions{
		LabelSelector: strings.TrimSuffix(argoClusters+","+selector, ","), Limit: foundPage,
	}
	var secrets []corev1.Secret
	for {
		var page corev1.SecretList
		if err := c.list(ctx, a, o, &page); err != nil {
			return nil, err
		}
		secrets = append(secrets, page.Items...)
		if len(secrets) > maxFound {
			return nil, fmt.Errorf("namespace %s has more than %d clusters of Argo CD; narrow the "+
				"selector", namespace, maxFound)
		}
		if o.Continue = page.Continue; o.Continue == "" {
			break
		}
	}
	slices.SortFunc(secrets, func(a, b corev1.Secret) int { return cmp.Compare(a.Name, b.Name) })
	var found []FoundCluster
	var errs []error
	for _, s := range secrets {
		name := string(s.Data["name"])
		if name == "" {
			errs = append(errs, fmt.Errorf("the Secret %s/%s has no data.name, the name of its "+
				"cluster", namespace, s.Name))
			continue
		}
		found = append(found, FoundCluster{
			Name: name, Labels: simple(s.Labels, "argocd.argoproj.io/", "app.kubernetes.io/"),
			Open: func(userAgent string) (*Cluster, error) {
				opened, err := c.openSecret(&s, userAgent)
				if err != nil {
					return nil, fmt.Errorf("the Secret %s/%s: %w", namespace, s.Name, err)
				}
				return opened, nil
			},
		})
	}
	return found, errors.Join(errs...)
}

// simple returns the labels that Kubernetes accepts as labels, at most maxProperty, without those
// with a prefix.
func simple(all map[string]string, without ...string) map[string]string {
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v := all[k]
		if len(out) < maxProperty && v != "" && len(validation.IsQualifiedName(k)) == 0 &&
			len(validation.IsValidLabelValue(v)) == 0 &&
			!slices.ContainsFunc(without, func(p string) bool { return strings.HasPrefix(k, p) }) {
			out[k] = v
		}
	}
	return out
}

// argoConfig is data.config of a Secret: how Argo CD logs in to a cluster.
type argoConfig struct {
	BearerToken string `json:"bearerToken"`
	Username    string `json:"username"`
	Password    string `json:"password"`
	TLS         struct {
		Insecure   bool   `json:"insecure"`
		ServerName string `json:"serverName"`
		CAData     []byte `json:"caData"`
		CertData   []byte `json:"certData"`
		KeyData    []byte `json:"keyData"`
	} `json:"tlsClientConfig"`
	Exec     json.RawMessage `json:"execProviderConfig"`
	AWS      json.RawMessage `json:"awsAuthConfig"`
	ProxyURL string          `json:"proxyUrl"`
}

// openSecret opens the cluster of a Secret. Its errors show nothing of the Secret's data.
func (c *Cluster) openSecret(s *corev1.Secret, userAgent string) (*Cluster, error) {
	server, err := url.Parse(string(s.Data["server"]))
	switch {
	case len(s.Data["server"]) == 0:
		return nil, errors.New("has no data.server, the address of the API server; add it with " +
			"argocd cluster add")
	case err != nil || server.Scheme != "https" || server.Host == "" || server.User != nil:
		return nil, errors.New("data.server is not the https address of an API server; correct it")
	}
	var login argoConfig
	if data := s.Data["config"]; len(data) > 0 && json.Unmarshal(data, &login) != nil {
		return nil, errors.New("data.config is not the JSON that Argo CD reads; correct it")
	}
	const instead = "; add a cluster with a bearer token or a client certificate, or list it in " +
		"fleet.clusters"
	switch {
	case used(login.Exec):
		return nil, errors.New("logs in with a command (execProviderConfig), which promsnap does " +
			"not run" + instead)
	case used(login.AWS):
		return nil, errors.New("logs in with AWS (awsAuthConfig), which promsnap does not do" +
			instead)
	case login.ProxyURL != "":
		return nil, errors.New("names a proxy (proxyUrl), which promsnap does not use" + instead)
	}
	tls := login.TLS
	// Argo CD uses its own service account here, and so does promsnap.
	if strings.TrimSuffix(server.String(), "/") == argoHere && login.BearerToken == "" &&
		login.Username == "" && len(tls.CertData) == 0 {
		return c, nil
	}
	out := &Cluster{
		name: string(s.Data["name"]), namespace: metav1.NamespaceDefault,
		secret: s.Namespace + "/" + s.Name,
		config: &rest.Config{
			Host: server.String(), BearerToken: login.BearerToken, Username: login.Username,
			Password: login.Password, TLSClientConfig: rest.TLSClientConfig{
				Insecure: tls.Insecure, ServerName: tls.ServerName, CAData: tls.CAData,
				CertData: tls.CertData, KeyData: tls.KeyData,
			},
		},
	}
	out.config.UserAgent = userAgent
	out.config.WarningHandlerWithContext = rest.NoWarnings{}
	out.config.QPS = -1
	if out.connect() != nil {
		// Do not show the error: it may repeat what the Secret has.
		return nil, errors.New("data.config has a token, a password, a certificate or a key that " +
			"cannot be used, alone or with the others; correct it")
	}
	return out, nil
}

// used reports whether a part of a configuration is set.
func used(part json.RawMessage) bool { return len(part) > 0 && string(part) != "null" }
