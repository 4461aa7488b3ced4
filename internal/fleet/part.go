package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// PartVersion is the version of a part's head. What follows has snapshot.Version.
const PartVersion = 1

// MaxPart is how many bytes a part has at most.
const MaxPart = 1 << 20

// Part is the share of one cluster in the report of a fleet. It is stored as a line of JSON, the
// head, and then the panels. The head is enough for the cluster's row in the report, so a part
// whose panels a program cannot read still counts.
type Part struct {
	Head
	// Panels are those of the cluster as Reduce merges them; see PanelsOf. Nil if they could not be
	// read; Decode's error says why.
	Panels []snapshot.Panel
}

// Head is the head of a part.
type Head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Report, Slot, and the cluster's name say where the part belongs.
	Report string    `json:"report"`
	Slot   time.Time `json:"slot"`
	// Config is the SHA-256 of the configuration file of the run, as in Plan.
	Config  string         `json:"config,omitempty"`
	Cluster report.Cluster `json:"cluster"`
}

// SavePart writes the part of a cluster. A part that is stored already is only replaced by one that
// has data where it had none, so a repeated run of a slot changes nothing.
func SavePart(ctx context.Context, s Store, p *Part) error {
	return errors.New("not built yet")
}

// Merged is a fleet's report in figures: every cluster of the plan, and their merged panels.
type Merged struct {
	Clusters []report.Cluster // in the order of the plan
	Panels   []snapshot.Panel
	Notes    []snapshot.Note
}

// Waiting says how Reduce waits for parts that are not there.
type Waiting struct {
	// Now is the wall clock. Reduce stops to wait at the plan's deadline.
	Now func() time.Time
	// Pause waits between two looks at the store; nil: Reduce does not wait.
	Pause func(ctx context.Context) error
	// Progress is called with the number of parts that are there. Nil: not called.
	Progress func(have, of int)
}

// Reduce reads the parts of a plan, one after the other in its order, and merges them. Memory holds
// one part and what is merged. A part that is missing, cut, foreign or newer is in the Lack of its
// cluster, and the others are merged. The order in which the parts were written does not matter.
func Reduce(ctx context.Context, s Store, p Plan, w Waiting) (Merged, error) {
	return Merged{}, errors.New("not built yet")
}

// PanelsOf returns the panels of a cluster as its part has them: every series has the label
// cluster, its name starts with that of the cluster, and only what a fleet's report shows is kept.
// panels are not changed.
func PanelsOf(cluster string, panels []snapshot.Panel) []snapshot.Panel { return nil }
