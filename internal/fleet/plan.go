package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
)

// PlanVersion is the version of the plan's format. A change that an older program would misread
// raises it.
const PlanVersion = 1

// MaxClusters is how many clusters a plan has at most, and maxPlan how many bytes.
const (
	MaxClusters = 10_000
	maxPlan     = 16 << 20
	maxName     = 200 // bytes of a cluster's name
)

const planFormat = "promsnap fleet plan"

// Plan says which clusters a report of a fleet has at a slot. The first process that needs it
// writes it, and every other one reads it, so a list of clusters that changes does not change it.
type Plan struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Report  string    `json:"report"`
	Slot    time.Time `json:"slot"`
	// Config is the SHA-256 of the configuration file that the plan was made with, in hexadecimal.
	Config string `json:"config,omitempty"`
	// Deadline is when Reduce stops waiting for parts.
	Deadline time.Time `json:"deadline"`
	// Clusters are sorted by name. Each name is different.
	Clusters []Cluster `json:"clusters"`
	// Notes are why clusters may be missing, such as a list that could not be read.
	Notes []string `json:"notes,omitempty"`
}

// Cluster is a cluster of a plan. How to reach it is in the configuration, or where it was found.
type Cluster struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	// From says where the cluster was found: "argocd", "kubeconfig". "" is the list in the
	// configuration.
	From string `json:"from,omitempty"`
}

// NewPlan returns the plan of a report at a slot. It fails if there are no clusters, too many, or
// two with one name.
func NewPlan(reportName string, slot, deadline time.Time, config string, clusters []Cluster,
	notes []string) (Plan, error) {
	p := Plan{
		Format: planFormat, Version: PlanVersion, Report: reportName, Slot: slot.UTC(),
		Config: config, Deadline: deadline.UTC(), Clusters: slices.Clone(clusters), Notes: notes,
	}
	slices.SortFunc(p.Clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	return p, p.check()
}

// check returns an error if the plan cannot be carried out.
func (p *Plan) check() error {
	switch {
	case len(p.Clusters) == 0:
		return errors.New("the fleet has no clusters; write some below fleet.clusters, or check " +
			"what fleet.discover finds with promsnap fleet list")
	case len(p.Clusters) > MaxClusters:
		return fmt.Errorf("the fleet has %d clusters, and promsnap reports on at most %d; split "+
			"it into several configurations", len(p.Clusters), MaxClusters)
	}
	for i, c := range p.Clusters {
		switch err := CheckName(c.Name); {
		case err != nil:
			return err
		case i > 0 && p.Clusters[i-1].Name == c.Name:
			return fmt.Errorf("two clusters have the name %q; give each cluster its own name",
				c.Name)
		case i > 0 && p.Clusters[i-1].Name > c.Name:
			return fmt.Errorf("cluster %q is not in its place; the clusters must be sorted by name",
				c.Name)
		}
	}
	return nil
}

// CheckName returns an error if a text cannot be the name of a cluster.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || outside.Line(name) != name {
		return fmt.Errorf("%q is not the name of a cluster; use 1 to %d printable bytes",
			outside.Clip(outside.Line(name), maxName), maxName)
	}
	return nil
}

// Index returns the place of a cluster in the plan, -1 if it is not in it.
func (p *Plan) Index(name string) int {
	i, ok := slices.BinarySearchFunc(p.Clusters, name, func(c Cluster, name string) int {
		return cmp.Compare(c.Name, name)
	})
	if !ok {
		return -1
	}
	return i
}

// Encode returns the stored form of the plan. The same plan always gives the same bytes.
func (p *Plan) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	return append(data, '\n'), nil
}

// NewerPlanError means that a newer promsnap wrote the plan.
type NewerPlanError struct{ Version int }

func (e *NewerPlanError) Error() string {
	return fmt.Sprintf("the plan has version %d, and this promsnap reads up to version %d: update "+
		"promsnap", e.Version, PlanVersion)
}

// DecodePlan reads what Encode wrote. Any other input is an error.
func DecodePlan(data []byte) (Plan, error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Plan{}, fmt.Errorf("reading the plan: %w", err)
	}
	if head.Format != planFormat {
		return Plan{}, errors.New("reading the plan: it is not a plan of promsnap")
	}
	if head.Version > PlanVersion {
		return Plan{}, &NewerPlanError{head.Version}
	}
	var p Plan
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("reading the plan: %w", err)
	}
	if err := p.check(); err != nil {
		return Plan{}, fmt.Errorf("reading the plan: %w", err)
	}
	return p, nil
}

func planKey(reportName string, slot time.Time) string {
	return path.Join(home(reportName, slot), "plan.json")
}

// LoadPlan returns the plan of a report at a slot. found is false if there is none yet.
func LoadPlan(ctx context.Context, s Store, reportName string, slot time.Time) (p Plan, found bool,
	err error) {
	key := planKey(reportName, slot)
	data, version, err := s.Get(ctx, key, maxPlan)
	if err != nil || version == "" {
		return Plan{}, false, err
	}
	if p, err = DecodePlan(data); err != nil {
		return Plan{}, false, fmt.Errorf("%s: %w", key, err)
	}
	if p.Report != reportName || !p.Slot.Equal(slot) {
		return Plan{}, false, fmt.Errorf("%s: it is the plan of report %q at %s", key, p.Report,
			p.Slot.Format(time.RFC3339))
	}
	return p, true, nil
}

// SavePlan writes a plan if its report has none at its slot yet, and returns the one that is
// stored.
func SavePlan(ctx context.Context, s Store, p Plan) (Plan, error) {
	data, err := p.Encode()
	if err != nil {
		return Plan{}, err
	}
	err = s.Swap(ctx, planKey(p.Report, p.Slot), data, "")
	if err == nil || !errors.Is(err, ErrConflict) {
		return p, err
	}
	stored, found, err := LoadPlan(ctx, s, p.Report, p.Slot)
	if err == nil && !found {
		err = fmt.Errorf("the plan of report %s was removed while it was read", p.Report)
	}
	return stored, err
}
