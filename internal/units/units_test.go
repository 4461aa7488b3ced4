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
	for u := range IDs() {
		units = append(units, Unit(u))
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
			t.Errorf("unit %d has the id %q, want a unique one", i, id)
		}
		seen[id] = true
	}
	if u, err := Parse(""); u != None || err != nil {
		t.Errorf("Parse(\"\") = %v, %v; want a plain number", u, err)
	}
	if got := Unit(200).String(); got != "none" {
		t.Errorf("an unknown unit is %q, want none", got)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ id, want string }{
		{"byte", `unknown unit "byte"; write one of none, short, bytes,`},
		{"seconds", `unknown unit "seconds"; write one of none, short, bytes,`},
		{"%", `unknown unit "%"; write one of none, short, bytes,`},
		{
			strings.Repeat("bytes", 1000), `unknown unit "` + strings.Repeat("bytes", 8) +
				`…"; write one of`,
		},
	}
	for _, tt := range tests {
		u, err := Parse(tt.id)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || u != None {
			t.Errorf("Parse(%.20q) = %v, %v\nwant %s", tt.id, u, err, tt.want)
		}
	}
}

// TestOtherMeasures checks that Grafana's units in another measure, and their limits, read like the
// plain ones.
func TestOtherMeasures(t *testing.T) {
	for _, tc := range []struct {
		id    string
		value float64
		want  string
		limit string
		at    float64
	}{
		{"kbytes", 1 << 20, "1 GiB", "2GiB", 2 << 20},
		{"mbytes", 1536, "1.5 GiB", "1GB", 1e9 / (1 << 20)},
		{"gbytes", 64, "64 GiB", "64", 64},
		{"tbytes", 0.5, "512 GiB", "512GiB", 0.5},
		{"deckbytes", 1e6, "1 GB", "1GB", 1e6},
		{"decgbytes", 1, "1 GB", "500MB", 0.5},
		{"bits", 1 << 20, "1 Mib", "1Mib", 1 << 20},
		{"decbits", 1e6, "1 Mb", "1Mb", 1e6},
		{"binbps", 1 << 20, "1 Mib/s", "1Mib/s", 1 << 20},
		{"KBs", 1000, "1 MB/s", "2MB/s", 2000},
		{"MiBs", 1, "1 MiB/s", "1GiB/s", 1024},
		{"Mbits", 100, "100 Mb/s", "1Gb/s", 1000},
		{"Gibits", 1, "1 Gib/s", "512Mib/s", 0.5},
		{"ns", 1e6, "1 ms", "1s", 1e9},
		{"m", 90, "1 h 30 min", "2h", 120},
		{"h", 36, "36 h", "1d", 24},
		{"d", 2, "2 d", "12h", 0.5},
		{"dtdurationms", 1500, "1.5 s", "2s", 2000},
	} {
		u, err := Parse(tc.id)
		if err != nil {
			t.Errorf("%s: %v, want a unit", tc.id, err)
			continue
		}
		if got := u.Format(tc.value); got != tc.want {
			t.Errorf("%s: %v reads %q, want %q", tc.id, tc.value, got, tc.want)
		}
		if got, err := u.ParseValue(tc.limit); err != nil || math.Abs(got-tc.at) > 1e-9*tc.at {
			t.Errorf("%s: the limit %s is %v, %v; want %v", tc.id, tc.limit, got, err, tc.at)
		}
	}
}
