package report

import (
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Fleet is what a report about several clusters shows of each. Info.Fleet of such a report is set,
// and its panels are those of all clusters, merged.
type Fleet struct {
	// Clusters are the clusters of the fleet, in the order of the plan.
	Clusters []Cluster
}

// Cluster is one cluster of a fleet: what its own report found, in figures. It comes from the run
// of that cluster, and contains no sentence. A cluster without a part has only Name, Labels and
// Lack.
type Cluster struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"` // such as region and stage
	// Version is the promsnap that queried it.
	Version string  `json:"version,omitempty"`
	Verdict Verdict `json:"verdict,omitempty"`
	// The numbers of checks, as in Report.
	Critical int `json:"critical,omitempty"`
	Warning  int `json:"warning,omitempty"`
	NoData   int `json:"no_data,omitempty"`
	Pending  int `json:"pending,omitempty"`
	OK       int `json:"ok,omitempty"`
	// Nodes with node_exporter, and all nodes.
	NodesMeasured int `json:"nodes_measured,omitempty"`
	NodesTotal    int `json:"nodes_total,omitempty"`
	// Shares are how much the cluster uses of its resources, in the order of the columns of its
	// node table.
	Shares []ClusterShare `json:"shares,omitempty"`
	// Fullest is its fullest node; nil: unknown.
	Fullest *ClusterNode `json:"fullest,omitempty"`
	// Fills is what reaches its limit next; nil: nothing within the horizon.
	Fills *ClusterFill `json:"fills,omitempty"`
	// Hours are the worst states of its panels, one for each hour of the report's range, the newest
	// last: HourOK, HourWarning, HourCritical or HourUnknown.
	Hours string `json:"hours,omitempty"`
	// Causes are its findings by cause, the worst first, at most MaxCauses.
	Causes []ClusterCause `json:"causes,omitempty"`
	// Failure is why it has no data; nil: it has some.
	Failure *snapshot.Failure `json:"failure,omitempty"`
	// Failed and Partial are the names of panels without an answer, and with an incomplete one.
	Failed  []string `json:"failed,omitempty"`
	Partial []string `json:"partial,omitempty"`
	// BlindSince is since when it has had no data; zero: it has data, or that is unknown.
	BlindSince time.Time `json:"blind_since,omitzero"`
	// Page is the relative address of its own report, from the page of the fleet; "" if there is no
	// archive. The run that merges the parts sets it. What a part says is ignored.
	Page string `json:"-"`
	// Lack is why its part is missing or cannot be used. The run that merges the parts sets it.
	Lack snapshot.Note `json:"-"`
}

// The letters of Cluster.Hours.
const (
	HourOK       = '.'
	HourWarning  = 'w'
	HourCritical = 'c'
	HourUnknown  = '-'
)

// MaxCauses is how many causes of a cluster are listed.
const MaxCauses = 40

// ClusterShare is how much a cluster uses of one resource.
type ClusterShare struct {
	// Panel is the panel of the figures.
	Panel string `json:"panel"`
	// Ratio is Used divided by Total or, if the panel has no capacity, a mean.
	Ratio float64 `json:"ratio"`
	// Used and Total are in the unit of the panel's capacity; both are 0 without one.
	Used  float64 `json:"used,omitempty"`
	Total float64 `json:"total,omitempty"`
}

// ClusterNode is a node of a cluster with its highest share.
type ClusterNode struct {
	Name  string  `json:"name"`
	Panel string  `json:"panel"` // of what: "node-memory"
	Ratio float64 `json:"ratio"`
}

// ClusterFill is a series that reaches its limit.
type ClusterFill struct {
	Panel string    `json:"panel"`
	Name  string    `json:"name"` // of the series
	At    time.Time `json:"at"`   // when it reaches the limit
	Ratio float64   `json:"ratio,omitempty"`
}

// ClusterCause is a group of findings of a cluster that have one cause. Two causes of different
// clusters are the same if their Kind, Panel and Rule are equal.
type ClusterCause struct {
	// Kind is the kind of the cause: rules.Cause.Kind, "failure" for a query that failed, or
	// "blind" for a missing source. Then Panel and Rule are "" and Source names the source.
	Kind   string `json:"kind"`
	Panel  string `json:"panel,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Source string `json:"source,omitempty"`
	// Status and Severity are those of the worst finding.
	Status   rules.Status   `json:"status"`
	Severity rules.Severity `json:"severity"`
	Findings int            `json:"findings"`
	// Worst is the name of the worst series, and Value its value in the panel's unit, if it has
	// one.
	Worst string    `json:"worst,omitempty"`
	Value *float64  `json:"value,omitempty"`
	Since time.Time `json:"since,omitzero"`
}
