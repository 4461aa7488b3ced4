package webhook

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedPayload checks that a payload has every field of the example in docs/programs.md,
// with a value of the same type.
func TestDocumentedPayload(t *testing.T) {
	page, err := os.ReadFile("../../../docs/programs.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(string(page))
	if example == nil {
		t.Fatal("docs/programs.md: got no JSON block, want an example of a payload")
	}
	d := json.NewDecoder(strings.NewReader(example[1]))
	d.DisallowUnknownFields()
	var p Payload
	if err := d.Decode(&p); err != nil {
		t.Fatalf("decoding the example: got error %v, want a payload", err)
	}
	if p.Version != PayloadVersion || len(p.Alerts) != 1 || !p.Alerts[0].Fires() {
		t.Errorf("got version %d and alerts %+v, want version %d and one alert that fires",
			p.Version, p.Alerts, PayloadVersion)
	}
}
