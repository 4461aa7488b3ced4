package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/report"
)

// DocNode is what the Kubernetes API reports about a node. Unknown fields are absent.
type DocNode struct {
	Name         string       `json:"name"`
	InternalIP   string       `json:"internal_ip,omitempty"`
	InstanceType string       `json:"instance_type,omitempty"`
	Zone         string       `json:"zone,omitempty"`
	Pool         string       `json:"pool,omitempty"`
	Kubelet      string       `json:"kubelet_version,omitempty"`
	Created      *time.Time   `json:"created,omitempty"`
	Age          float64      `json:"age_seconds,omitempty" jsonschema:"minimum=0"`
	Cordoned     bool         `json:"cordoned"`
	Conditions   []string     `json:"conditions"`
	Taints       []string     `json:"taints"`
	Capacity     DocResources `json:"capacity"`
	Allocatable  DocResources `json:"allocatable"`
}

// DocResources is what a node has: cores, bytes of memory, bytes of storage, and pods.
type DocResources struct {
	CPU     float64 `json:"cpu,omitempty" jsonschema:"minimum=0"`
	Memory  float64 `json:"memory,omitempty" jsonschema:"minimum=0"`
	Storage float64 `json:"ephemeral_storage,omitempty" jsonschema:"minimum=0"`
	Pods    float64 `json:"pods,omitempty" jsonschema:"minimum=0"`
}

// docMachines returns the nodes in the Kubernetes API, and how many are left out.
func docMachines(r *report.Report) (listed []DocNode, truncated int) {
	nodes := r.KnownNodes()
	truncated = max(0, len(nodes)-documentRows)
	for _, n := range nodes[:len(nodes)-truncated] {
		d := DocNode{
			Name: n.Name, InternalIP: n.InternalIP, InstanceType: n.InstanceType, Zone: n.Zone,
			Pool: n.Pool, Kubelet: n.Kubelet,
			Cordoned: n.Cordoned, Conditions: list(n.Conditions), Taints: list(n.Taints),
			Capacity: DocResources(n.Capacity), Allocatable: DocResources(n.Allocatable),
		}
		if !n.Created.IsZero() {
			d.Created, d.Age = new(n.Created.UTC()), max(0, r.Info.Slot.Sub(n.Created).Seconds())
		}
		listed = append(listed, d)
	}
	return listed, truncated
}
