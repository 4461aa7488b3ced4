// Package valuetest compares package value with what Grafana's own code answered.
package valuetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the zones, where the machine has none

	"github.com/promsnap/promsnap/internal/grafana/value"
)

// number is a JSON number, or the text of one that JSON lacks.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	if text, err := strconv.Unquote(string(b)); err == nil {
		b = []byte(text)
	}
	v, err := strconv.ParseFloat(string(b), 64)
	*n = number(v)
	return err
}

// Units compares how numbers are printed with the lines that testdata/units.mjs wrote. It returns
// how many results it compared.
func Units(t *testing.T, judged io.Reader) int {
	t.Helper()
	lines := bufio.NewScanner(judged)
	lines.Buffer(nil, 1<<20)
	var head struct {
		Now    int64
		Values []number
	}
	next(t, lines, &head)
	now := time.UnixMilli(head.Now).UTC()
	compared, failed := 0, 0
	var before []string
	for {
		var line struct {
			Unit, Zone string
			Decimals   *int
			Results    []string
		}
		if !next(t, lines, &line) {
			return compared
		}
		if line.Results == nil {
			line.Results = before
		}
		before = line.Results
		zone, err := time.LoadLocation(line.Zone)
		if err != nil {
			t.Fatal(err)
		}
		f := value.New(line.Unit, now.In(zone))
		for i, want := range line.Results {
			want = inBrowser(want)
			v := float64(head.Values[i])
			if differs(line.Unit, line.Zone, v, want) != "" {
				continue
			}
			compared++
			r := f.Format(v, line.Decimals)
			got := r.Prefix + "‹" + r.Text + "›" + r.Suffix
			if got == want {
				continue
			}
			if failed++; failed <= 40 {
				t.Errorf("unit %q, decimals %s, zone %s, value %v:\n got %s\nwant %s",
					line.Unit, optional(line.Decimals), zone, v, got, want)
			}
		}
	}
}

func optional(n *int) string {
	if n == nil {
		return "automatic"
	}
	return fmt.Sprint(*n)
}

func next(t *testing.T, lines *bufio.Scanner, into any) bool {
	t.Helper()
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		return false
	}
	if err := json.Unmarshal(lines.Bytes(), into); err != nil {
		t.Fatalf("%v in %.200s", err, lines.Bytes())
	}
	return true
}
