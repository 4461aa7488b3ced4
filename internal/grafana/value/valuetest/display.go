package valuetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/value"
)

// cell is a value of a line: a JSON value, or an object with a number that JSON lacks.
type cell struct{ v any }

func (c *cell) UnmarshalJSON(b []byte) error {
	var n struct{ Number *number }
	if json.Unmarshal(b, &n) == nil && n.Number != nil {
		c.v = float64(*n.Number)
		return nil
	}
	return json.Unmarshal(b, &c.v)
}

func (c cell) IsNull() bool            { return c.v == nil }
func (c cell) Number() (float64, bool) { f, ok := c.v.(float64); return f, ok }
func (c cell) Text() (string, bool)    { s, ok := c.v.(string); return s, ok }
func (c cell) Bool() (value, ok bool)  { b, ok := c.v.(bool); return b, ok }

// fieldLine is a field with its values, as testdata/display.mjs writes it.
type fieldLine struct {
	Type, Theme string
	Config      struct {
		Unit, NoValue               string
		Decimals                    *int
		Min, Max                    float64
		Mappings, Thresholds, Color json.RawMessage
	}
	Series struct {
		Index int
		Name  string
	}
	Values  []cell
	Results []string
}

func (l fieldLine) displayer(now time.Time) *value.Displayer {
	f := value.Field{
		Unit: l.Config.Unit, Decimals: l.Config.Decimals, NoValue: l.Config.NoValue,
		Min: l.Config.Min, Max: l.Config.Max,
		Series: value.Series{Index: l.Series.Index, Name: l.Series.Name},
		Kind: map[string]value.Kind{
			"number": value.Number, "time": value.Time, "string": value.Text, "boolean": value.Bool,
		}[l.Type],
	}
	f.Thresholds, _ = value.DecodeThresholds(l.Config.Thresholds)
	f.Mappings, _ = value.DecodeMappings(l.Config.Mappings, f.Thresholds)
	f.Scheme, _ = value.DecodeScheme(l.Config.Color)
	theme := value.Dark
	if l.Theme == "light" {
		theme = value.Light
	}
	return value.NewDisplayer(f, theme, now)
}

// Displays compares how values of fields are shown with the lines that testdata/display.mjs wrote.
// It returns how many values it compared.
func Displays(t *testing.T, judged io.Reader) int {
	t.Helper()
	lines := bufio.NewScanner(judged)
	lines.Buffer(nil, 1<<20)
	now := time.Date(2026, 11, 29, 12, 34, 56, 789e6, time.UTC)
	compared, failed := 0, 0
	for {
		var line fieldLine
		if !next(t, lines, &line) {
			return compared
		}
		shown := line.displayer(now)
		for i, want := range line.Results {
			if want == "error" {
				continue // a pattern that JavaScript refuses: Grafana shows nothing of the field
			}
			got := describe(shown.Display(line.Values[i]))
			compared++
			if same(got, want, line.Config.Color) {
				continue
			}
			if failed++; failed <= 20 {
				t.Errorf("value %v of %.700s:\n got %s\nwant %s",
					line.Values[i].v, lines.Bytes(), got, want)
			}
		}
	}
}

// describe writes a value as testdata/display.mjs does.
func describe(d value.Display) string {
	percent := strconv.FormatFloat(d.Percent, 'g', 12, 64)
	if math.IsInf(d.Percent, 0) {
		percent = strings.Replace(percent, "+", "", 1) + "inity"
	}
	c := d.Color
	return fmt.Sprintf("%s‹%s›%s|%02x%02x%02x%02x|%s|%s",
		d.Prefix, d.Text, d.Suffix, c.R, c.G, c.B, c.A, percent, d.Icon)
}

// same reports whether two descriptions are the same, but for how numbers are written and how far
// colours may be off.
func same(got, want string, scheme json.RawMessage) bool {
	g, w := strings.Split(got, "|"), strings.Split(want, "|")
	if len(g) != 4 || len(w) != 4 || g[0] != w[0] || g[3] != w[3] {
		return false
	}
	x, err1 := strconv.ParseFloat(g[2], 64)
	y, err2 := strconv.ParseFloat(w[2], 64)
	return err1 == nil && err2 == nil && x == y && near(g[1], w[1], tolerance(string(scheme)))
}

// near reports whether no part of a colour is further off than most of 255.
func near(got, want string, most int64) bool {
	for i := 0; i+2 <= len(got) && i+2 <= len(want); i += 2 {
		x, _ := strconv.ParseInt(got[i:i+2], 16, 32)
		y, _ := strconv.ParseInt(want[i:i+2], 16, 32)
		if max(x-y, y-x) > most {
			return false
		}
	}
	return len(got) == len(want)
}
