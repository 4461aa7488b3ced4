package sizing

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/testdata/race"
)

// TestChosen checks that only the chosen cluster and namespace are measured.
func TestChosen(t *testing.T) {
	race.SkipSerial(t)
	f := newFixture(4)
	for _, cluster := range []string{"a", "b"} {
		one := newFixture(4)
		start := one.text.Len()
		for _, namespace := range []string{"shop", "bank"} {
			one.container(namespace, "web-7d9f8b6c5-abcde", "app", "ReplicaSet", "web-7d9f8b6c5",
				requests{cpu: 2}, usage{constant(0.1), constant(64 << 20), always})
		}
		f.text.WriteString(strings.ReplaceAll(one.text.String()[start:], "{namespace=",
			`{cluster=\"`+cluster+`\",namespace=`))
	}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{}, "a/bank a/shop b/bank b/shop"},
		{Options{Cluster: "b"}, "b/bank b/shop"},
		{Options{Namespace: "shop"}, "a/shop b/shop"},
		{Options{Cluster: "b", Namespace: "shop"}, "b/shop"},
		{Options{Cluster: "c"}, ""},
	} {
		a, _ := f.measure(t, tt.o)
		var got []string
		for _, r := range a.Rows {
			got = append(got, r.Cluster+"/"+r.Namespace)
			if !near(r.CPU.Advised, .15, 1e-9) {
				t.Errorf("%+v: got %v cores for %s/%s, want 0.15", tt.o, r.CPU.Advised, r.Cluster,
					r.Namespace)
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.o, got, tt.want)
		}
	}
}
