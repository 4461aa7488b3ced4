package value

import "math"

// Step is a threshold: its colour applies from Value upwards.
type Step struct {
	Value float64
	Color string // as in the dashboard: see Theme.Color
}

// Thresholds are steps in the order of the dashboard. The first is the base.
type Thresholds struct {
	Percentage bool // the steps are in percent of the range from the minimum to the maximum
	Steps      []Step
}

// fallback is the colour of a value without one.
const fallback = "#808080"

// Active returns the step that applies to v. percent is the place of v between the minimum and the
// maximum, from 0 to 1. Without steps, it returns a grey one. Grafana stops at the first step that
// v does not reach.
func (t Thresholds) Active(v, percent float64) Step {
	if len(t.Steps) == 0 {
		return Step{Color: fallback}
	}
	if t.Percentage {
		v = percent * 100
	}
	active := t.Steps[0]
	for _, s := range t.Steps {
		if !(v >= s.Value) {
			break
		}
		active = s
	}
	return active
}

const maxSteps = 200

// DecodeThresholds reads the thresholds of a field. It leaves out and notes what it does not
// understand.
func DecodeThresholds(raw []byte) (Thresholds, []string) {
	var n notes
	m := n.object(n.decode("thresholds", raw), "thresholds")
	t := Thresholds{Percentage: text(m["mode"]) == "percentage"}
	for _, item := range n.list(m["steps"], "thresholds", maxSteps) {
		step := n.object(item, "a threshold")
		s := Step{Value: math.Inf(-1), Color: text(step["color"])}
		switch v := step["value"].(type) {
		case nil: // JSON has no -Infinity
		case float64:
			s.Value = v
		case string:
			if s.Value = textNumber(v); math.IsNaN(s.Value) {
				n.add("a threshold is left out: %.40q is no number", v)
				continue
			}
		default:
			n.add("a threshold is left out: its value is no number")
			continue
		}
		t.Steps = append(t.Steps, s)
	}
	return t, n
}
