package lab

import (
	"slices"
	"strings"
	"testing"
)

// TestCalm checks that a calm cluster has every exporter, and no pod with an incident.
func TestCalm(t *testing.T) {
	o, err := Options{Now: now(), Calm: true}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c := newCluster(o)
	for _, n := range c.nodes {
		if !n.exporter || len(n.boots) > 1 || len(n.notReady) > 0 {
			t.Errorf("%s: got exporter %v, %d boots, not ready %v; want a healthy node", n.name,
				n.exporter, len(n.boots), n.notReady)
		}
	}
	exporters := 0
	for _, p := range c.pods {
		if p.namespace == hostileNamespace || p.ended != "" || strings.HasPrefix(p.name, "recommend-") {
			t.Errorf("got the pod %s/%s, want none with an incident", p.namespace, p.name)
		}
		if strings.HasPrefix(p.name, stateMetricsName+"-") {
			exporters++
		}
	}
	if exporters != 1 {
		t.Errorf("got %d × kube-state-metrics, want 1", exporters)
	}
}

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
