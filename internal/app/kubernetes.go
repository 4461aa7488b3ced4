package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// Kubernetes is the API of the cluster that is watched. The command gives it; a Lambda function has none.
type Kubernetes interface {
	// Prometheus finds the Service that is named as NAMESPACE/NAME[:PORT][/PATH], or with "" the only one that can be meant, and the way to it.
	Prometheus(ctx context.Context, service string) (Way, error)
	// Nodes lists the nodes. The notes say what is left off.
	Nodes(ctx context.Context) ([]snapshot.Node, []string, error)
	// ConfigMap is the state in a ConfigMap; namespace "" is the one that all is in for which none is given.
	ConfigMap(namespace, name string) state.Store
}

// Way is how a Prometheus in the cluster is reached.
type Way struct {
	Service   string // as Kubernetes.Prometheus takes it, with its port
	URL       *url.URL
	Transport http.RoundTripper // with the credentials for the API server
}

// The time that there is to find the way to Prometheus, and that the API server has to list the nodes.
const (
	searchTime = 30 * time.Second
	nodesTime  = 30 * time.Second
)

// source is the Prometheus that is asked.
type source struct {
	client *promapi.Client
	at     string // its URL, or its Service in the cluster
	lost   error  // why there is no way to it: every query fails with that
}

// openSource puts together how Prometheus is asked. Where it is to be found in the cluster, that is done here; a failure at that is in
// source.lost and no error of the configuration, as is a file that does not answer.
func openSource(ctx context.Context, cfg *config.Config, o Options) (source, error) {
	ctx, cancel := context.WithTimeout(ctx, min(searchTime, o.Timeout/4))
	defer cancel()
	p := cfg.Prometheus
	if p.URL != "" {
		base, err := url.Parse(p.URL)
		if err != nil {
			return source{}, fmt.Errorf("prometheus.url: %w", err)
		}
		transport, err := openTransport(ctx, p, o)
		lost := err
		if stalled(err) {
			transport = nowhere{err}
		} else if err != nil {
			return source{}, err
		}
		client, err := newClient(p, base, transport, o)
		return source{client, p.URL, lost}, err
	}
	if o.Kubernetes == nil {
		return source{}, errors.New("prometheus.url is missing, and there is no cluster here to look for Prometheus in; write its address")
	}
	way, lost := o.Kubernetes.Prometheus(ctx, cfg.Kubernetes.Service)
	if lost != nil {
		way = Way{Service: cmp.Or(cfg.Kubernetes.Service, "a service that was not found"), URL: &url.URL{Scheme: "http", Host: "kubernetes"}, Transport: nowhere{lost}}
	}
	connect := p.HTTP.Client()
	if connect.HTTPHeaders != nil { // all else of http_config is the API server's
		way.Transport = promconfig.NewHeadersRoundTripper(connect.HTTPHeaders, way.Transport)
	}
	client, err := newClient(p, way.URL, way.Transport, o)
	return source{client, way.Service, lost}, err
}

// nowhere fails every request with why there is no way to Prometheus.
type nowhere struct{ why error }

// RoundTrip implements http.RoundTripper.
func (n nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	var known *promapi.Error
	if !errors.As(n.why, &known) {
		return nil, &promapi.Error{Kind: promapi.KindNotFound, Message: n.why.Error(), Err: n.why}
	}
	e := *known // the client writes its own words into it
	e.Again = false
	if e.Kind == promapi.KindBusy || e.Kind == promapi.KindServer || e.Kind == promapi.KindNetwork {
		e.Kind = promapi.KindRefused // one that every further query would have, too
	}
	return nil, &e
}

// nodeList are the nodes of which the Kubernetes API tells.
type nodeList struct {
	nodes []snapshot.Node
	notes []string
}

// listNodes asks the Kubernetes API for the nodes, where it may be asked. Without them, Prometheus knows the most important.
func (a *App) listNodes(ctx context.Context) nodeList {
	k := a.cfg.Kubernetes
	if a.o.Kubernetes == nil || a.source.lost != nil || k != nil && !k.Nodes {
		return nodeList{}
	}
	ctx, cancel := context.WithTimeout(ctx, nodesTime)
	defer cancel()
	nodes, notes, err := a.o.Kubernetes.Nodes(ctx)
	if err != nil {
		return nodeList{notes: []string{fmt.Sprintf("nodes are shown without their instance type, zone and state: %v", err)}}
	}
	return nodeList{nodes, notes}
}
