package report_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// lackCodes returns the values of the constants Lack… by name, as cluster.go declares them.
func lackCodes(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "cluster.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Lack") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes[spec.Names[0].Name] = code
		return true
	})
	if len(codes) < 6 {
		t.Fatalf("got the codes %v, want at least 6", codes)
	}
	return codes
}

// Each code of Cluster.Lack has a sentence of its own in each language, and none shows the error of
// a store, which may be long and says nothing to do.
func TestEveryLackHasWords(t *testing.T) {
	const raw = "GET https://s3.example.com/parts?X-Amz-Signature=1: 503"
	said := map[string]string{}
	for _, l := range words.Languages() {
		for name, code := range lackCodes(t) {
			r := report.Build(report.Info{
				Slot: fleetSlot, Language: l, Fleet: &report.Fleet{Clusters: []report.Cluster{
					{Name: "c", Lack: snapshot.NoteOf(code, raw)},
				}},
			}, nil)
			got := r.Clusters()[0].Note
			if before := said[got]; before != "" || got == "" {
				t.Errorf("%s: %s: got %q (also that of %q), want words of its own", l, name, got,
					before)
			}
			said[got] = string(l) + ": " + name
			if code != report.LackNewer && strings.Contains(got, "s3.example") {
				t.Errorf("%s: %s: got %q, want what to do without the store's error", l, name, got)
			}
		}
	}
}
