package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fleet"
)

// Member is a cluster of a fleet with the way to it.
type Member struct {
	fleet.Cluster
	config config.FleetCluster
	open   func(context.Context) (Kubernetes, func(), error) // as in FoundCluster
}

// Prometheus returns where the cluster's Prometheus is: its URL, or its Service.
func (m *Member) Prometheus() string {
	if k := m.config.Kubernetes; m.config.Prometheus.URL == "" && k != nil {
		return cmp.Or(k.Service, "(found in the cluster)")
	}
	return m.config.Prometheus.URL
}

// unknownCluster returns the error about a cluster that a plan does not have.
func unknownCluster(p fleet.Plan, name string) error {
	e := &UnknownPartError{Kind: "cluster", Name: name, Of: "the plan of report " + p.Report}
	for _, c := range p.Clusters {
		e.Have = append(e.Have, c.Name)
	}
	return e
}

// member returns a cluster with the way to it.
func (f *Fleet) member(ctx context.Context, name string) (Member, error) {
	for _, m := range f.named() {
		if m.Name == name {
			return m, nil // nothing has to be found
		}
	}
	members, problems := f.Members(ctx)
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, errors.Join(append(problems, fmt.Errorf("the plan has this cluster, but "+
			"the configuration does not name or find it any more"))...)
	}
	return members[i], nil
}

// fleetTime is how long a search for clusters may take.
const fleetTime = time.Minute

// named returns the clusters that the configuration names.
func (f *Fleet) named() []Member {
	var out []Member
	for _, c := range f.cfg.Fleet.Clusters {
		out = append(out, Member{
			Cluster: fleet.Cluster{Name: c.Name, Labels: c.Labels}, config: c,
		})
	}
	return out
}

// Members returns the clusters that the configuration names, and those that it finds. A name that
// was found twice counts once, and is an error, as is a search that failed.
func (f *Fleet) Members(ctx context.Context) ([]Member, []error) {
	ctx, cancel := context.WithTimeout(ctx, min(fleetTime, f.o.Timeout/2))
	defer cancel()
	members := f.named()
	var problems []error
	from := map[string]string{}
	for _, m := range members {
		from[m.Name] = "fleet.clusters"
	}
	for i, d := range f.cfg.Fleet.Discover {
		found, err := f.find(ctx, d)
		if err != nil {
			problems = append(problems, fmt.Errorf("fleet.discover[%d]: %w", i, err))
		}
		for _, c := range found {
			if err := fleet.CheckName(c.Name); err != nil {
				problems = append(problems, fmt.Errorf("fleet.discover[%d]: %w", i, err))
				continue
			}
			if other, twice := from[c.Name]; twice {
				problems = append(problems, fmt.Errorf("fleet.discover[%d]: cluster %q is also in "+
					"%s, which counts", i, c.Name, other))
				continue
			}
			from[c.Name] = fmt.Sprintf("fleet.discover[%d]", i)
			members = append(members, f.found(c))
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return members, problems
}

// found returns a found cluster as a member: with the keys of the configuration, and its own way to
// Prometheus.
func (f *Fleet) found(c FoundCluster) Member {
	m := Member{
		Cluster: fleet.Cluster{Name: c.Name, Labels: c.Labels, From: c.From},
		config:  config.FleetCluster{Name: c.Name, Labels: c.Labels, Prometheus: f.cfg.Prometheus},
	}
	if c.URL != "" {
		// The login of the configuration is not for an address that others wrote into a list.
		m.config.Prometheus.URL = c.URL
		m.config.Prometheus.HTTP, m.config.Prometheus.SigV4 = config.HTTP{}, nil
	}
	if c.Match != nil {
		m.config.Prometheus.Matchers = append(slices.Clone(f.cfg.Prometheus.Matchers), c.Match)
	}
	if c.Kubernetes != nil {
		m.config.Prometheus.URL, m.config.Kubernetes, m.open = "", c.Kubernetes, c.Open
	}
	return m
}
