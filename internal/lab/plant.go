package lab

import (
	"fmt"
	"slices"
	"time"
)

// IncidentKind is what goes wrong in a planted incident.
type IncidentKind string

// The kinds of planted incidents.
const (
	NodeDown     IncidentKind = "node down"     // nothing on the node answers
	ExporterDown IncidentKind = "exporter down" // its node_exporter does not answer
	ExporterFlap IncidentKind = "exporter flap" // its node_exporter fails every third minute or so
	MemoryHigh   IncidentKind = "memory high"   // its memory is used to 97 %
	DiskFull     IncidentKind = "disk full"     // its disk is used to 95 %
	OOMLoop      IncidentKind = "OOM loop"      // a workload on it is OOM-killed again and again
)

// Incident is something that goes wrong from one time to another, beside the incidents that each
// cluster has.
type Incident struct {
	Kind IncidentKind `json:"kind"`
	Node int          `json:"node"` // of the fleet, from 0; see NodeName
	// of an OOMLoop: a Deployment in the namespace media, which is deleted at To
	Workload string    `json:"workload,omitempty"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// NodeName returns the name of the i-th node of a fleet.
func NodeName(i int) string { return fmt.Sprintf("ip-10-0-%d-%d", subnetOf(i), hostOf(i)) }

func subnetOf(i int) int { return 1 + i%3 + 3*(i/720) }
func hostOf(i int) int   { return 10 + i/3%240 }

// plantOnNodes adds the incidents of machines.
func (c *cluster) plantOnNodes(incidents []Incident) {
	for _, in := range incidents {
		n, when := c.nodes[in.Node], span{in.From.UnixMilli(), in.To.UnixMilli()}
		switch in.Kind {
		case NodeDown:
			n.up = n.up.without(when)
			n.boots = append(n.boots, when.to-minute)
		case ExporterDown:
			n.exports = n.exports.without(when)
		case ExporterFlap:
			for at := when.from; at < when.to; at += 5 * minute {
				n.exports = n.exports.without(span{at, at + 2*minute})
			}
		case MemoryHigh:
			n.usedPath = n.usedPath.bulge(when, .97-n.used.level)
		case DiskFull:
			n.fullPath = n.fullPath.bulge(when, .95-n.full.level)
		}
	}
}

// plantPods adds the incidents of pods.
func (c *cluster) plantPods(incidents []Incident) {
	for _, in := range incidents {
		if in.Kind != OOMLoop {
			continue
		}
		from, to := in.From.UnixMilli(), in.To.UnixMilli()
		p := c.run(workload{
			namespace: "media", name: in.Workload, kind: "Deployment", containers: []spec{
				{name: "app", mem: 256, limit: 512, cpu: .1, fill: .5, busy: .5},
			},
		}, c.nodes[in.Node], 0, spans{{from, to}}, spans{{from, to}})
		p.containers[0].saw = &saw{first: from, period: 12 * minute}
	}
}

// bulge adds a time in which the path is higher by v. It rises and falls in a quarter of an hour.
func (p path) bulge(when span, v float64) path {
	const slope = 15 * minute
	out := append(slices.Clone(p), point{when.from, 0}, point{when.from + slope, v},
		point{when.to - slope, v}, point{when.to, 0})
	slices.SortStableFunc(out, func(a, b point) int { return int(a.t - b.t) })
	return out
}
