package lab

import (
	"slices"
	"testing"
)

// TestTame checks that a tame cluster has the pods of a cluster for tests except those with hostile
// names.
func TestTame(t *testing.T) {
	names := func(tame bool) (tamed, hostile []string) {
		o, err := Options{Now: now(), Tame: tame}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c := newCluster(o)
		for _, n := range c.nodes {
			for _, p := range n.pods {
				if !slices.Contains(c.pods, p) {
					t.Errorf("%s is only on %s, want it in the cluster too", p.name, n.name)
				}
			}
		}
		for _, p := range c.pods {
			if p.namespace == hostileNamespace {
				hostile = append(hostile, p.name)
			} else {
				tamed = append(tamed, p.namespace+"/"+p.name)
			}
		}
		return tamed, hostile
	}
	all, hurt := names(false)
	shown, left := names(true)
	if len(hurt) != len(hostile()) || len(left) > 0 {
		t.Errorf("%d pods have hostile names, and %d of a tame cluster; want %d and 0", len(hurt),
			len(left),
			len(hostile()))
	}
	if !slices.Equal(all, shown) {
		t.Errorf("a tame cluster has %d other pods, want the same %d", len(shown), len(all))
	}
}
