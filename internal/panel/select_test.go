package panel

import "testing"

func TestSelects(t *testing.T) {
	for _, tc := range []struct {
		expr string
		want bool
	}{
		{`m`, true},
		{`rate(m[5m])`, true},
		{`sum by (instance) (rate(m[5m]))`, true},
		{`sum by (job) (m)`, false},
		{`sum without (device) (m)`, true},
		{`sum without (instance) (m)`, false},
		{`sum(m)`, false},
		{`1 - max by (instance) (a) / on (instance) max by (instance) (b)`, true},
		{`a / on (job) group_left () b`, false},
		{`a * on (instance) group_left (node) b`, true},
		{`a * on (pod) group_left (instance) b`, false},
		{`a / ignoring (mode) b`, true},
		{`a / ignoring (instance) b`, false},
		{`a and on (instance) max_over_time(b[1h] @ end()) > 2`, true},
		{`a unless on (cluster) b`, false},
		{`a or b`, true},
		{`max_over_time((sum by (instance) (m))[1h:1m])`, true},
		{`label_replace(m, "device", "$1", "instance", "(.*)")`, true},
		{`label_replace(m, "instance", "$1", "node", "(.*)")`, false},
		{`label_join(m, "instance", "", "node")`, false},
		{`count_values by (instance) ("instance", m)`, false},
		{`topk by (instance) (3, m)`, true},
		{`topk(3, m)`, false},
		{`m / scalar(sum(m))`, false},
		{`absent(m)`, false},
		{`m > time() - 60`, true},
		{`m default 0`, false},
	} {
		if got := Selects(tc.expr, "instance"); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.expr, got, tc.want)
		}
	}
}

func TestReadsRanges(t *testing.T) {
	for expr, want := range map[string]bool{
		`up`: false, `max_over_time(up[5m])`: true, `sum by (node) (rate(x[5m])) / 2`: true,
		`a / b`: false, `rate(`: false,
	} {
		if got := ReadsRanges(expr); got != want {
			t.Errorf("%s: got %v, want %v", expr, got, want)
		}
	}
}
