package app

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// Kubernetes is the API of the observed cluster. The command provides it; a Lambda function has
// none.
type Kubernetes interface {
	// Prometheus finds the Service named NAMESPACE/NAME[:PORT][/PATH]. With "", it finds the
	// Service by the labels of the known Helm charts, and fails unless there is exactly one.
	Prometheus(ctx context.Context, service string) (Endpoint, error)
	// Nodes lists the nodes. The notes say what is missing.
	Nodes(ctx context.Context) ([]snapshot.Node, []snapshot.Note, error)
	// Events lists the warnings about the objects of a namespace or, if node is not empty, about
	// that node.
	Events(ctx context.Context, namespace, node string) ([]changelog.Event, error)
	// PrometheusRules lists the PrometheusRules of a namespace, "" for all, whose labels match a
	// selector of Kubernetes, "" for all.
	PrometheusRules(ctx context.Context, namespace, selector string) ([]RuleObject, error)
	// ConfigMap returns the state stored in a ConfigMap. Namespace "" is the default namespace.
	ConfigMap(namespace, name string) state.Store
}

// Endpoint is how a Prometheus in the cluster is reached.
type Endpoint struct {
	Service   string // in the form that Kubernetes.Prometheus accepts, with its port
	URL       *url.URL
	Transport http.RoundTripper // with the credentials for the API server
}

// The limits for finding Prometheus and for listing the nodes.
const (
	searchTime = 30 * time.Second
	nodesTime  = 30 * time.Second
)

// nodeList holds the nodes that the Kubernetes API lists.
type nodeList struct {
	nodes []snapshot.Node
	notes []snapshot.Note
}

// listNodes lists the nodes by the Kubernetes API if that is allowed. Without it, Prometheus knows
// the most important facts.
func (s *Source) listNodes(ctx context.Context) nodeList {
	k := s.cfg.Kubernetes
	if s.o.Kubernetes == nil || s.unreachable != nil || k != nil && !k.Nodes {
		return nodeList{}
	}
	ctx, cancel := context.WithTimeout(ctx, nodesTime)
	defer cancel()
	nodes, notes, err := s.o.Kubernetes.Nodes(ctx)
	if err != nil {
		return nodeList{notes: []snapshot.Note{snapshot.NoteOf(snapshot.NoteNodesUnlisted, err)}}
	}
	return nodeList{nodes, notes}
}

// events returns how events are listed, nil if the configuration does not ask for them.
func (s *Source) events() changelog.Events {
	if k := s.cfg.Kubernetes; s.o.Kubernetes == nil || k == nil || !k.Events {
		return nil
	}
	return s.o.Kubernetes.Events
}
