// Package kube uses the Kubernetes API. It finds Prometheus and reaches it with the user's
// credentials, lists the nodes, reads the time of a CronJob's run, keeps the state in a ConfigMap,
// and finds the clusters of a fleet. It sends plain requests and has no informers. It is the only
// package that imports client-go. It does not use the typed clients of client-go, which would be
// half of the binary.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	// for kubeconfigs that authenticate with OpenID Connect
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/promsnap/promsnap/internal/exchange"
)

// ErrNoConfig says that there is neither a kubeconfig nor the service account of a Pod.
var ErrNoConfig = errors.New("no cluster: there is no kubeconfig (--kubeconfig, $KUBECONFIG, " +
	"~/.kube/config), and this is not a Pod with a service account")

// Options are kubectl's flags. The defaults are kubectl's, too: the files of $KUBECONFIG or
// ~/.kube/config, the current context and its namespace; in a Pod, its service account.
type Options struct {
	Kubeconfig string // --kubeconfig
	Context    string // --context
	Namespace  string // --namespace
	UserAgent  string // the default is "promsnap"
}

// Cluster is a cluster with the credentials of a user. It is safe for concurrent use.
type Cluster struct {
	name      string // for messages: the context, or the API server's address
	namespace string
	given     bool   // the namespace is from Options; do not search outside of it
	inPod     bool   // the credentials are those of a service account
	secret    string // the Secret that has the credentials, as NAMESPACE/NAME; "" if none has
	base      *url.URL
	config    *rest.Config
	transport http.RoundTripper // with the credentials
	core      *rest.RESTClient
	batch     *rest.RESTClient
	params    runtime.ParameterCodec
}

// silence turns off client-go's log to standard error. All problems also come back as errors.
var silence = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// Open reads the kubeconfig. It sends no request yet. It returns ErrNoConfig if there is none.
func Open(o Options) (*Cluster, error) {
	silence()
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	rules.WarnIfAllMissing = false
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, explainConfig(loader, o, err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, explainConfig(loader, o, err)
	}
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, explainConfig(loader, o, err)
	}
	config.UserAgent = cmp.Or(o.UserAgent, "promsnap")
	config.WarningHandlerWithContext = rest.NoWarnings{}
	config.QPS = -1 // a run makes a few dozen requests, and the API server guards itself
	c := &Cluster{
		name:      cmp.Or(o.Context, raw.CurrentContext),
		namespace: cmp.Or(namespace, metav1.NamespaceDefault), given: o.Namespace != "",
		inPod: config.BearerTokenFile != "" && len(raw.Contexts) == 0, config: config,
	}
	return c, c.connect()
}

// Contexts returns the names of the contexts of a kubeconfig, sorted; "" is the default file.
func Contexts(kubeconfig string) ([]string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	rules.WarnIfAllMissing = false
	raw, err := rules.Load()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if len(raw.Contexts) == 0 {
		return nil, ErrNoConfig
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), nil
}

// batchGroup is the API group of Jobs.
var batchGroup = schema.GroupVersion{Group: "batch", Version: "v1"}

// connect makes the clients of the two API groups, which share one connection.
func (c *Cluster) connect() error {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	c.params = runtime.NewParameterCodec(scheme)
	codecs := serializer.NewCodecFactory(scheme).WithoutConversion()
	transport, err := rest.TransportFor(c.config)
	if err != nil {
		return fmt.Errorf("the credentials of %s: %w", c.name, err)
	}
	c.transport = exchange.Plain{Next: transport}
	client := func(prefix string, group schema.GroupVersion) *rest.RESTClient {
		config := rest.CopyConfig(c.config)
		config.APIPath, config.GroupVersion, config.NegotiatedSerializer = prefix, &group, codecs
		config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf,
			runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
		made, problem := rest.RESTClientForConfigAndClient(config,
			&http.Client{Transport: c.transport})
		err = cmp.Or(err, problem) // the same for both groups
		return made
	}
	c.core, c.batch = client("/api", corev1.SchemeGroupVersion), client("/apis", batchGroup)
	if err != nil {
		// Do not show err: it repeats the address, which may contain a password.
		return fmt.Errorf("the API server's address in %s is not an https or http URL: correct "+
			"clusters[].cluster.server in the kubeconfig", c.name)
	}
	c.base = c.core.Get().URL()
	c.base.Path = strings.TrimSuffix(strings.TrimSuffix(c.base.Path, "/"), "/api/v1")
	if c.name == "" {
		c.name = c.base.Host
	}
	return nil
}

// Name returns the name of the cluster for messages: the kubeconfig's context or, in a Pod, the API
// server's address.
func (c *Cluster) Name() string { return c.name }

// Namespace returns the default namespace.
func (c *Cluster) Namespace() string { return c.namespace }

// explainConfig returns the error of a kubeconfig.
func explainConfig(loader clientcmd.ClientConfig, o Options, err error) error {
	if clientcmd.IsEmptyConfig(err) && o.Kubeconfig == "" && o.Context == "" {
		return ErrNoConfig
	}
	raw, rawErr := loader.RawConfig()
	if _, ok := raw.Contexts[o.Context]; rawErr == nil && o.Context != "" && !ok {
		var names []string
		for name := range raw.Contexts {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("the kubeconfig has no context %q; its contexts: %s", o.Context,
			cmp.Or(strings.Join(names, ", "), "none"))
	}
	if strings.Contains(err.Error(), "'proxy-url'") {
		// do not show err: it contains the address, which may contain a password
		return errors.New("reading the kubeconfig: the proxy-url of its cluster is not an http, " +
			"https or socks5 URL")
	}
	return fmt.Errorf("reading the kubeconfig: %w", err)
}

// get reads one object.
func (c *Cluster) get(ctx context.Context, a access, into runtime.Object) error {
	err := c.core.Get().Namespace(a.namespace).Resource(a.resource).Name(a.name).Do(ctx).Into(into)
	return c.explain(ctx, a, err)
}

// list reads one page of objects.
func (c *Cluster) list(ctx context.Context, a access, o metav1.ListOptions,
	into runtime.Object) error {
	err := c.core.Get().NamespaceIfScoped(a.namespace,
		a.namespace != "").Resource(a.resource).VersionedParams(&o, c.params).Do(ctx).Into(into)
	return c.explain(ctx, a, err)
}
