package lab

import (
	"slices"
	"testing"
)

// A cluster to show has the pods of one to test, but for those with hostile names.
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
					t.Errorf("%s is on %s alone", p.name, n.name)
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
		t.Errorf("%d pods have hostile names, and %d of a tame cluster", len(hurt), len(left))
	}
	if !slices.Equal(all, shown) {
		t.Errorf("of %d other pods a tame cluster has %d", len(all), len(shown))
	}
}
