package valuetest

import (
	"math"
	"strings"
)

// differs returns why we print v in another way than Grafana, or nothing.
func differs(unit, zone string, v float64, grafana string) string {
	lower := strings.ToLower(grafana)
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "Grafana does not ask a unit to print NaN: it shows the word"
	case strings.Contains(lower, "infinity"), strings.Contains(lower, "nan"):
		return "Grafana computes beyond what a double holds: we print the number, or ∞"
	case strings.Contains(lower, "undefined"):
		return "Grafana forgets the unit of an infinite number"
	case math.IsInf(v, 0) && strings.HasPrefix(unit, "currency"):
		return "Grafana forgets the symbol behind an infinite number"
	case size > 1e100, size > 0 && size < 1e-100:
		return "JavaScript's powers of ten are not exact so far away from 1"
	case strings.HasPrefix(unit, "clock") && strings.Contains(grafana, "Invalid date"):
		return "Grafana's clock ends with the year 275760"
	case unit == "dateTimeFromNow" && size > 8.6e15:
		return "moment does not look into the year 275760"
	case zone != "" && v > 2.1e12:
		return "moment's time zones know no summer after 2037"
	}
	return ""
}

// tolerance returns how far our colours may be off from Grafana's, of 255.
func tolerance(scheme string) int64 {
	for _, ramp := range []string{"viridis", "magma", "plasma", "inferno", "cividis"} {
		if strings.Contains(scheme, "continuous-"+ramp) {
			return 4 // we keep 33 of their 256 colours
		}
	}
	if strings.Contains(scheme, "shades") {
		return 1 // tinycolor rounds hues between its steps
	}
	return 0
}

// inBrowser returns what a browser shows. Node puts a narrow space that does not break before AM
// and PM, which browsers do not.
func inBrowser(text string) string { return strings.ReplaceAll(text, "\u202f", " ") }
