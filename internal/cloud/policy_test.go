package cloud

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// called returns the operations of AWS that this package calls: each has an input of its own,
// whatever the client is called that it goes through.
func called(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		services := map[string]bool{}
		for _, i := range tree.Imports {
			from := strings.Trim(i.Path.Value, `"`)
			services[path.Base(from)] = strings.Contains(from, "/aws-sdk-go-v2/service/")
			if strings.Contains(from, "/aws-sdk-go-v2/feature/") ||
				i.Name != nil && services[path.Base(from)] {
				t.Errorf("%s: got import %s, want none that hides calls from this test: no "+
					"feature package, no service under another name", f.Name(), from)
			}
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			input, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := input.X.(*ast.Ident)
			if operation, is := strings.CutSuffix(input.Sel.Name, "Input"); ok && is &&
				services[from.Name] {
				found[operation] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// TestPolicyIsWhatIsCalled holds the policy in docs/s3.md, and the hints of errors, against the
// operations that the code calls.
func TestPolicyIsWhatIsCalled(t *testing.T) {
	operations := called(t)
	known := []string{
		"DeleteObject", "GetObject", "GetParameter", "GetSecretValue", "HeadObject",
		"ListObjectsV2", "PutObject",
	}
	if !slices.Equal(operations, known) {
		t.Errorf("the package calls: got %v, want %v: is each of them among actions, in "+
			"docs/s3.md and in deploy/lambda/template.yaml?", operations, known)
	}
	runs, prunes := map[string]bool{}, map[string]bool{}
	for _, operation := range slices.DeleteFunc(operations, func(o string) bool {
		return strings.HasPrefix(o, "GetParameter") || strings.HasPrefix(o, "GetSecret")
	}) {
		if len(actions(operation)) == 0 {
			t.Errorf("%s: got no actions, want at least one", operation)
		}
		for _, action := range append(actions(operation), keyActions()...) {
			prunes[action] = true
			if operation != "DeleteObject" {
				runs[action] = true
			}
		}
	}
	doc, err := os.ReadFile("../../docs/s3.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(doc, -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/s3.md: got %d JSON blocks, want the policy of runs and that of archive "+
			"prune", len(blocks))
	}
	for i, want := range []map[string]bool{runs, prunes} {
		if got := allowed(t, blocks[i][1]); !maps.Equal(got, want) {
			t.Errorf("policy %d allows %v, and the code needs %v", i,
				slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

// allowed returns the actions that a policy allows.
func allowed(t *testing.T, document []byte) map[string]bool {
	t.Helper()
	var policy struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if err := json.Unmarshal(document, &policy); err != nil {
		t.Fatalf("docs/s3.md: got error %v, want a policy in JSON", err)
	}
	got := map[string]bool{}
	for _, s := range policy.Statement {
		switch a := s.Action.(type) {
		case string:
			got[a] = true
		case []any:
			for _, one := range a {
				got[one.(string)] = true
			}
		}
	}
	return got
}
