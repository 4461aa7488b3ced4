package units

import (
	"math"
	"strings"
	"testing"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// all returns every unit.
func all() []Unit {
	var units []Unit
	for u := range numUnits {
		units = append(units, u)
	}
	return units
}

func TestParseReadsEveryID(t *testing.T) {
	seen := map[string]bool{}
	for i, id := range IDs() {
		u, err := Parse(id)
		if err != nil || u != Unit(i) || u.String() != id {
			t.Errorf("Parse(%q) = %v, %v; want unit %d", id, u, err, i)
		}
		if id == "" || seen[id] {
			t.Errorf("unit %d has the id %q, which is none or another's", i, id)
		}
		seen[id] = true
	}
	if u, err := Parse(""); u != None || err != nil {
		t.Errorf("no id is %v, %v; want a plain number", u, err)
	}
	if got := Unit(200).String(); got != "none" {
		t.Errorf("a unit that does not exist is %q", got)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ id, want string }{
		{"byte", `unknown unit "byte"; did you mean bytes?`},
		{"Bytes", `unknown unit "Bytes"; did you mean bytes?`},
		{"percent_unit", `unknown unit "percent_unit"; did you mean percentunit?`},
		{"core", `unknown unit "core"; did you mean cores?`},
		{"BPS", `unknown unit "BPS"; did you mean Bps or bps?`},
		{"seconds", `unknown unit "seconds"; write one of none, short, bytes,`},
		{"%", `unknown unit "%"; write one of none, short, bytes,`},
		{strings.Repeat("bytes", 1000), `unknown unit "` + strings.Repeat("bytes", 8) + `…"; write one of`},
	}
	for _, tt := range tests {
		u, err := Parse(tt.id)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || u != None {
			t.Errorf("Parse(%.20q) = %v, %v\nwant %s", tt.id, u, err, tt.want)
		}
	}
}
