package app

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// Kubernetes is the API of the cluster that is watched. The command gives it; a Lambda function has
// none.
type Kubernetes interface {
	// Prometheus finds the Service that is named as NAMESPACE/NAME[:PORT][/PATH], or with "" the
	// only one that can be meant, and the way to it.
	Prometheus(ctx context.Context, service string) (Endpoint, error)
	// Nodes lists the nodes. The notes say what is left off.
	Nodes(ctx context.Context) ([]snapshot.Node, []snapshot.Note, error)
	// ConfigMap is the state in a ConfigMap; namespace "" is the one that all is in for which none
	// is given.
	ConfigMap(namespace, name string) state.Store
}

// Endpoint is how a Prometheus in the cluster is reached.
type Endpoint struct {
	Service   string // as Kubernetes.Prometheus takes it, with its port
	URL       *url.URL
	Transport http.RoundTripper // with the credentials for the API server
}

// The time that there is to find the way to Prometheus, and that the API server has to list the
// nodes.
const (
	searchTime = 30 * time.Second
	nodesTime  = 30 * time.Second
)

// nodeList are the nodes of which the Kubernetes API tells.
type nodeList struct {
	nodes []snapshot.Node
	notes []snapshot.Note
}

// listNodes asks the Kubernetes API for the nodes, where it may be asked. Without them, Prometheus
// knows the most important.
func (s *Source) listNodes(ctx context.Context) nodeList {
	k := s.cfg.Kubernetes
	if s.o.Kubernetes == nil || s.lost != nil || k != nil && !k.Nodes {
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
