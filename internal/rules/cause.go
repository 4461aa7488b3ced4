package rules

import "github.com/promsnap/promsnap/internal/outside"

// Cause is what several findings have in common, so that one message can be about all of them: a
// node that is down, a source of metrics that is gone, a workload, or a rule that many objects
// break. It is comparable. The zero value is not known. In JSON its keys are those of the state; in
// a snapshot's CBOR they are the names of the fields, as everywhere there.
type Cause struct {
	Kind      CauseKind `json:"kind,omitempty" cbor:"Kind"`
	Cluster   string    `json:"cluster,omitempty" cbor:"Cluster"`
	Namespace string    `json:"namespace,omitempty" cbor:"Namespace"` // of a workload
	// of the node, the source or the workload; of a rule its RuleID as text
	Name string `json:"name,omitempty" cbor:"Name"`
}

// CauseKind is the kind of a cause.
type CauseKind string

// The kinds.
const (
	CauseNode     CauseKind = "node"     // a node that is down explains what is silent on it
	CauseSource   CauseKind = "source"   // a source of metrics that is gone, such as node_exporter
	CauseWorkload CauseKind = "workload" // what goes wrong in the pods of one workload
	CauseRule     CauseKind = "rule"     // one rule, however many objects break it
)

// CauseOf returns the cause of findings of a rule that nothing else explains.
func CauseOf(id RuleID) Cause { return Cause{Kind: CauseRule, Name: id.String()} }

// bounded returns the cause with texts that are short enough for the state.
func (c Cause) bounded() Cause {
	return Cause{
		Kind: c.Kind, Cluster: outside.Head(c.Cluster, maxText),
		Namespace: outside.Head(c.Namespace, maxText), Name: outside.Head(c.Name, maxText),
	}
}
