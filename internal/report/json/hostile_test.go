package json

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report/reporttest"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

// report.json holds the text unchanged for a program, and is safe inside a script element.
func TestJSONOfHostileWords(t *testing.T) {
	for _, w := range corpus.Words() {
		file, err := Render(reporttest.Hostile(t, w.Text))
		if err != nil {
			t.Fatal(err)
		}
		var doc Document
		d := json.NewDecoder(bytes.NewReader(file.Body))
		d.DisallowUnknownFields()
		if err := d.Decode(&doc); err != nil {
			t.Errorf("%s: got error %v, want a document that can be decoded", w.Name, err)
			continue
		}
		if want := strings.ToValidUTF8(w.Text, "\ufffd"); len(w.Text) < 1000 &&
			doc.Cluster != want && w.Name != "invalid" {
			t.Errorf("%s: cluster: got %.100q, want %.100q", w.Name, doc.Cluster, want)
		}
		if bytes.ContainsAny(file.Body, "\u2028\u2029") ||
			bytes.Contains(file.Body, []byte("</script")) ||
			bytes.Contains(file.Body, []byte("<!--")) {
			t.Errorf("%s: got the end of a script element in report.json, want it escaped", w.Name)
		}
	}
}
