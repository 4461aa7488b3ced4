package rulefile

import "testing"

func TestCompare(t *testing.T) {
	for expr, want := range map[string]Comparison{
		"a > 0.9":                      {"a", ">", 0.9},
		"0.9 < a":                      {"a", ">", 0.9},
		"0.9 >= rate(a[5m])":           {"rate(a[5m])", "<=", 0.9},
		"(a <= -1)":                    {"a", "<=", -1},
		"up == 0":                      {"up", "==", 0},
		"a != 3":                       {"a", "!=", 3},
		"a / b * 100 < 10":             {"a / b * 100", "<", 10},
		"a - b > 15 * 60":              {"a - b", ">", 900},
		"a > (90 / 100)":               {"a", ">", 0.9},
		"a > 0.9 and b":                {"(a) and b", ">", 0.9},
		"a > 0.9 and on (x) b > 5":     {"(a) and on (x) b > 5", ">", 0.9},
		"(a > 0.9) unless b == 1":      {"(a) unless b == 1", ">", 0.9},
		"a < 10 and b < 0 unless c":    {"((a) and b < 0) unless c", "<", 10},
		"a > 1 > 2":                    {"a > 1", ">", 2},
		"sum by (x) (a @ end()) > 0.5": {"sum by (x) (a @ end())", ">", 0.5},
		"a > Inf":                      {"a", ">", inf()},
	} {
		got, ok := Compare(expr)
		if !ok || got != want {
			t.Errorf("Compare(%q): got %+v, %v, want %+v, true", expr, got, ok, want)
		}
	}
}

func TestCompareLeavesOthers(t *testing.T) {
	for _, expr := range []string{
		"a", "a > b", "a > bool 1", "a > 1 or b > 2", "1 > bool 2", "absent(a)", "a > scalar(b)",
		"b and a > 1", "(a > 1) * 100", "a >", "time() > bool 5", "sum(a > 1)", "a > time()",
		"5 > 2 * 3 and a", "",
	} {
		if got, ok := Compare(expr); ok {
			t.Errorf("Compare(%q): got %+v, want none", expr, got)
		}
	}
}
