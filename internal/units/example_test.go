package units_test

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/units"
)

func ExampleParse() {
	u, _ := units.Parse("percentunit")
	fmt.Println(u, u.Format(0.942))
	// Output:
	// percentunit 94.2 %
}

func ExampleUnit_Format() {
	fmt.Println(units.Bytes.Format(64_854_006_170))
	fmt.Println(units.PercentUnit.Format(0.94))
	fmt.Println(units.Cores.Format(0.25))
	fmt.Println(units.Seconds.Format(12_000))
	fmt.Println(units.BytesPerSecond.Format(12_345_678))
	fmt.Println(units.Short.Format(12_345))
	// Output:
	// 60.4 GiB
	// 94 %
	// 0.25 cores
	// 3 h 20 min
	// 12.3 MB/s
	// 12.3 K
}

func ExampleUnit_FormatAgainst() {
	value, limit := units.PercentUnit.FormatAgainst(0.9004, 0.90)
	fmt.Println(value, "above", limit)
	// Output: 90.04 % above 90 %
}

func ExampleUnit_FormatOf() {
	fmt.Println(units.Bytes.FormatOf(64_854_006_170, 64<<30))
	// Output: 60.4 of 64 GiB
}

func ExampleUnit_Axis() {
	axis := units.Bytes.Axis(0, 64_854_006_170, 6)
	for i, v := range axis.Ticks {
		fmt.Println(v, axis.Labels[i])
	}
	// Output:
	// 0 0 GiB
	// 1.7179869184e+10 16 GiB
	// 3.4359738368e+10 32 GiB
	// 5.1539607552e+10 48 GiB
	// 6.8719476736e+10 64 GiB
}

func ExampleUnit_ParseValue() {
	limit, _ := units.Bytes.ParseValue("24GiB")
	fmt.Println(limit)
	_, err := units.PercentUnit.ParseValue("24GiB")
	fmt.Println(err)
	// Output:
	// 2.5769803776e+10
	// "24GiB" does not fit the unit percentunit; write a percentage such as 92% or a ratio such as 0.92
}
