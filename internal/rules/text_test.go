package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextOfFinding(t *testing.T) {
	type both struct {
		Status   Status
		Severity Severity
	}
	for _, want := range []both{
		{Unknown, None}, {OK, None}, {Pending, Warning}, {Breach, Critical}, {NoData, None},
		{Gone, None}, {Failed, None},
	} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got both
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s reads back differently (-want +got):\n%s", text, diff)
		}
	}
	if text, _ := json.Marshal(both{NoData, Warning}); string(
		text) != `{"Status":"no_data","Severity":"warning"}` {
		t.Errorf("got %s, want the names no_data and warning", text)
	}
	var s Status
	if err := s.UnmarshalText([]byte("fine")); err == nil ||
		!strings.Contains(err.Error(), `"breach"`) {
		t.Errorf("an unknown status: got the error %v, want one that lists \"breach\"", err)
	}
	if _, err := Status(99).MarshalText(); err == nil {
		t.Error("an unknown status was written, want an error")
	}
	if got := Above.String() + Below.String() + Status(99).String(); got != "abovebelow99" {
		t.Errorf("got %s, want abovebelow99", got)
	}
}
