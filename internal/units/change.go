package units

import "math"

// Change says how far a figure is from an earlier one of the same unit: "+12 %", "−4.5 %", "×3.4".
// Where the earlier one is not above zero, or one of them is unknown, it is "–".
func Change(now, before float64) string {
	ratio := now / before
	switch {
	case !(before > 0) || math.IsInf(ratio, 0) || math.IsNaN(ratio):
		return "–"
	case ratio >= 3:
		return "×" + None.Format(ratio)
	}
	tenths := math.Round((ratio-1)*1000) / 1000 // of a percent
	switch {
	case tenths == 0:
		return "±0 %"
	case tenths > 0:
		return "+" + PercentUnit.Format(tenths)
	}
	return PercentUnit.Format(tenths)
}
