//go:build acceptance

package acceptance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// object is an object of Kubernetes as YAML has it.
type object map[string]any

// objects are those of a manifest, by KIND/NAME.
type objects map[string]object

// parseObjects reads a manifest of several documents.
func parseObjects(t testing.TB, manifest []byte) objects {
	t.Helper()
	out := objects{}
	d := yaml.NewDecoder(bytes.NewReader(manifest))
	for {
		var o map[string]any // and not object, which what stands in it would become, too
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("the manifest is not YAML: %v\n%s", err, manifest)
		}
		if o == nil {
			continue
		}
		id := fmt.Sprintf("%v/%v", object(o).at("kind"), object(o).at("metadata.name"))
		if out[id] != nil {
			t.Fatalf("the manifest has %s twice", id)
		}
		out[id] = o
	}
}

// get returns the object, which must be there.
func (o objects) get(t testing.TB, id string) object {
	t.Helper()
	if o[id] == nil {
		var have []string
		for id := range o {
			have = append(have, id)
		}
		t.Fatalf("no %s; there are %s", id, strings.Join(have, ", "))
	}
	return o[id]
}

// at returns what stands at a path such as spec.rules.0.verbs, nil where nothing does.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// is fails the test where what stands at a path is not what is wanted, both as JSON.
func (o object) is(t testing.TB, path string, want any) {
	t.Helper()
	if got, want := asJSON(t, o.at(path)), asJSON(t, want); got != want {
		t.Errorf("%v %v: %s is %s, want %s", o.at("kind"), o.at("metadata.name"), path, got, want)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// schemaSet are the JSON schemas of every kind, strict.
type schemaSet struct {
	definitions []byte
	// the definition's name, by the name of the file that kubeconform looks for
	kinds map[string]string
}

// schemas are made from the API server's own description of itself.
var schemas = sync.OnceValues(func() (schemaSet, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes")
	list.Dir = filepath.Join("..", "..", "testdata", "servers", "kubernetes")
	module, err := list.Output()
	if err != nil {
		return schemaSet{}, fmt.Errorf("finding the module of Kubernetes: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "api", "openapi-spec",
		"swagger.json"))
	if err != nil {
		return schemaSet{}, err
	}
	var swagger struct {
		Definitions map[string]map[string]any
	}
	if err := json.Unmarshal(b, &swagger); err != nil {
		return schemaSet{}, err
	}
	out := schemaSet{kinds: map[string]string{}}
	for name, d := range swagger.Definitions {
		makeStrict(d)
		kinds, _ := d["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 { // such as Status, which every group has
			continue
		}
		kind := kinds[0].(map[string]any)
		group, _, _ := strings.Cut(cmp.Or(kind["group"].(string), ""), ".")
		file := strings.ToLower(kind["kind"].(string)) + "-"
		if group != "" {
			file += group + "-"
		}
		out.kinds[file+kind["version"].(string)+".json"] = name
	}
	out.definitions, err = json.Marshal(map[string]any{"definitions": swagger.Definitions})
	return out, err
})

// schemaDir writes the schemas into a directory of the test's.
func schemaDir(t testing.TB) string {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	definitions := filepath.Join(dir, "definitions.json")
	if err := os.WriteFile(definitions, all.definitions, 0o644); err != nil {
		t.Fatal(err)
	}
	for file, name := range all.kinds {
		ref := fmt.Sprintf(`{"$ref": "file://%s#/definitions/%s"}`, definitions, name)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(ref), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// makeStrict lets an object have no other keys than the ones that are described, and reads
// Kubernetes' own formats.
func makeStrict(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		if v["format"] == "int-or-string" {
			v["type"] = []any{"string", "integer"}
		}
		delete(v, "format") // int32, byte: not JSON schema's
		for _, child := range v {
			makeStrict(child)
		}
	case []any:
		for _, child := range v {
			makeStrict(child)
		}
	}
}

// conform has kubeconform hold a manifest against the schemas. Kinds of operators have none.
func conform(t testing.TB, manifest []byte) {
	t.Helper()
	if out, err := kubeconform(t, schemaDir(t), manifest).CombinedOutput(); err != nil {
		t.Errorf("kubeconform: %v\n%s", err, out)
	}
}

func kubeconform(t testing.TB, schemas string, manifest []byte) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(installed(t, "kubeconform"), "-strict", "-summary", "-skip",
		"PrometheusRule",
		"-schema-location", filepath.Join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json"))
	cmd.Stdin = bytes.NewReader(manifest)
	return cmd
}

// checkConfig has promsnap itself check the promsnap.yaml of a manifest, with the environment that
// the CronJobs give it.
func checkConfig(t *testing.T, all objects, configMap string) {
	t.Helper()
	text, ok := all.get(t, "ConfigMap/"+configMap).at("data").(map[string]any)["promsnap.yaml"].(string)
	if !ok {
		t.Fatal("the ConfigMap has no promsnap.yaml")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "check-config", configFile(t, text))
	cmd.Env = []string{"AWS_REGION=eu-west-1", "PROMETHEUS_PASSWORD=secret", "HEARTBEAT_URL=https://hc.example.com/1"}
	for _, o := range all {
		env, _ := o.at("spec.jobTemplate.spec.template.spec.containers.0.env").([]any)
		for _, v := range env {
			v := v.(map[string]any)
			switch v["name"] {
			case "SLACK_WEBHOOK_URL":
				cmd.Env = append(cmd.Env, "SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T0/B0/x")
			case "SLACK_BOT_TOKEN":
				cmd.Env = append(cmd.Env, "SLACK_BOT_TOKEN=xoxb-1")
			}
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promsnap check-config: %v\n%s\n%s", err, out, text)
	}
}

// TestConform makes sure that a mistake in a manifest does not pass for a kind that has no schema.
func TestConform(t *testing.T) {
	dir := schemaDir(t)
	manifest := render(t, set(quickstart)...)
	for old, wrong := range map[string]string{
		"concurrencyPolicy: Forbid":      "concurencyPolicy: Forbid",
		"startingDeadlineSeconds: 200":   "startingDeadlineSeconds: soon",
		"verbs:\n    - list":             "verbs: list",
		"readOnlyRootFilesystem: true":   "readOnlyRootFileSystem: true",
		"kind: CronJob":                  "kind: CornJob",
		"automountServiceAccountToken: ": "mountServiceAccountToken: ",
	} {
		broken := bytes.ReplaceAll(manifest, []byte(old), []byte(wrong))
		if bytes.Equal(broken, manifest) {
			t.Errorf("the manifest has no %q", old)
		}
		cmd := kubeconform(t, dir, broken)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("kubeconform takes %q:\n%s", wrong, out)
		}
	}
}
