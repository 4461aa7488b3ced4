package promapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

// The times of a series are compared with those of the series before it. If some are missing or in
// another format, the result is still that of encoding/json.
func TestSeriesOfOneAnswer(t *testing.T) {
	times := []string{"%d", "%d.0", "%d.000", "%de0"}
	g := series.Grid{Start: time.Unix(1_700_000_040, 0).UTC(), Step: time.Minute, Len: 40}
	rapid.Check(t, func(t *rapid.T) {
		var all []string
		for i := range rapid.IntRange(1, 5).Draw(t, "series") {
			var samples []string
			usual := rapid.SampledFrom(times).Draw(t, "form")
			for j := range g.Len {
				form := usual
				switch rapid.IntRange(0, 19).Draw(t, "sample") {
				case 0:
					continue // a hole
				case 1:
					form = rapid.SampledFrom(times).Draw(t, "another form")
				}
				value := rapid.SampledFrom([]string{
					"0", "-1", "0.25", "-0.8234567890123456", "123456789", "1e9", "NaN",
					"0.0024087591240875912",
				}).Draw(t, "value")
				samples = append(samples, fmt.Sprintf(`[`+form+`,"%s"]`, g.At(j).Unix(), value))
			}
			all = append(all, fmt.Sprintf(`{"metric":{"n":"%d"},"values":[%s]}`, i,
				strings.Join(samples, ",")))
		}
		body := matrix(strings.Join(all, ","))
		_, got, err := decode(strings.NewReader(body), g, len(all))
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		want, ok := reference([]byte(body), g)
		if !ok {
			t.Fatalf("got no series from the reference, want it to read:\n%s", body)
		}
		if diff := cmp.Diff(want, got, sameNaN); diff != "" {
			t.Fatalf("-want +got:\n%s\n%s", diff, body)
		}
	})
}

// A known time is not accepted at the wrong index.
func TestKnownTimeOutOfOrder(t *testing.T) {
	g := series.Grid{Start: time.Unix(1_700_000_040, 0).UTC(), Step: time.Minute, Len: 30}
	var samples []string
	for i := range g.Len {
		samples = append(samples, fmt.Sprintf(`[%d,"1"]`, g.At(i).Unix()))
	}
	for _, tt := range []struct {
		name    string
		samples []string
		want    string
	}{
		{
			"twice", slices.Concat(samples[:10], samples[9:]),
			"the sample at 2023-11-14T22:23:00Z does not come after the one at 2023-11-14T22:23:00Z",
		},
		{
			"backwards", slices.Concat(samples[:10], samples[5:]),
			"the sample at 2023-11-14T22:19:00Z does not come after the one at 2023-11-14T22:23:00Z",
		},
	} {
		body := matrix(`{"metric":{"n":"1"},"values":[` + strings.Join(samples, ",") +
			`]},{"metric":{"n":"2"},"values":[` + strings.Join(tt.samples, ",") + `]}`)
		_, _, err := decode(strings.NewReader(body), g, 2)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}
