// Package kube is promsnap's side of Kubernetes: finding Prometheus and reaching it with the user's
// own credentials, what the cluster says of its nodes, the time that a CronJob's run is for, and
// the state in a ConfigMap. Everything is asked once, in plain requests: there are no informers. It
// is the only importer of client-go, whose typed clients it leaves out: they would be half of the
// binary.
package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	// kubeconfigs of clusters that authenticate by OpenID Connect name it
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/promsnap/promsnap/internal/exchange"
)

// ErrNoConfig says that there is neither a kubeconfig nor a Pod's service account: promsnap is not
// at a cluster at all.
var ErrNoConfig = errors.New("no cluster: there is no kubeconfig (--kubeconfig, $KUBECONFIG, " +
	"~/.kube/config), and this is not a Pod with a service account")

// Options are kubectl's own flags, with kubectl's rules for what is not given: $KUBECONFIG, a list
// of files that are merged, or ~/.kube/config; its current context; that context's namespace; in a
// Pod its service account.
type Options struct {
	Kubeconfig string // --kubeconfig
	Context    string // --context
	Namespace  string // --namespace
	UserAgent  string // "promsnap" where it is empty
}

// Cluster is one cluster, seen with one user's credentials. It is safe for use by several
// goroutines at once.
type Cluster struct {
	name      string // for people: the context's, or the API server's address
	namespace string
	given     bool // the namespace was asked for, so that nothing is looked for outside of it
	inPod     bool // the credentials are a service account's
	base      *url.URL
	config    *rest.Config
	transport http.RoundTripper // with the credentials
	core      *rest.RESTClient
	batch     *rest.RESTClient
	params    runtime.ParameterCodec
}

// silence keeps client-go's own log off standard error: whatever goes wrong comes back as an error.
var silence = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// Open reads the kubeconfig and asks the cluster nothing yet. ErrNoConfig: there is none.
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

// batchGroup is the API group of Jobs.
var batchGroup = schema.GroupVersion{Group: "batch", Version: "v1"}

// connect makes the clients of the two API groups that are asked, over one connection.
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
		err = cmp.Or(err, problem) // of both the same
		return made
	}
	c.core, c.batch = client("/api", corev1.SchemeGroupVersion), client("/apis", batchGroup)
	if err != nil {
		// Its own words repeat the address, or a part of it, in which there may be a password.
		return fmt.Errorf("the API server's address in %s is no URL of HTTPS or HTTP: correct "+
			"clusters[].cluster.server of the kubeconfig", c.name)
	}
	c.base = c.core.Get().URL()
	c.base.Path = strings.TrimSuffix(strings.TrimSuffix(c.base.Path, "/"), "/api/v1")
	if c.name == "" {
		c.name = c.base.Host
	}
	return nil
}

// Name is the cluster for people: the kubeconfig's context, or the API server's address in a Pod.
func (c *Cluster) Name() string { return c.name }

// Namespace is where objects are that no namespace is given for.
func (c *Cluster) Namespace() string { return c.namespace }

// explainConfig says what is wrong with a kubeconfig.
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
		return fmt.Errorf("the kubeconfig has no context %q; it has %s", o.Context,
			cmp.Or(strings.Join(names, ", "), "none"))
	}
	if strings.Contains(err.Error(), "'proxy-url'") {
		// and behind it the address, in which there may be a password
		return errors.New("reading the kubeconfig: the proxy-url of its cluster is no URL of " +
			"http, https or socks5")
	}
	return fmt.Errorf("reading the kubeconfig: %w", err)
}

// get asks for one object.
func (c *Cluster) get(ctx context.Context, a access, into runtime.Object) error {
	err := c.core.Get().Namespace(a.namespace).Resource(a.resource).Name(a.name).Do(ctx).Into(into)
	return c.explain(ctx, a, err)
}

// list asks for one page of objects.
func (c *Cluster) list(ctx context.Context, a access, o metav1.ListOptions,
	into runtime.Object) error {
	err := c.core.Get().NamespaceIfScoped(a.namespace,
		a.namespace != "").Resource(a.resource).VersionedParams(&o, c.params).Do(ctx).Into(into)
	return c.explain(ctx, a, err)
}
