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

// object is an object of Kubernetes, decoded from YAML.
type object map[string]any

// objects are the objects of a manifest by KIND/NAME.
type objects map[string]object

// parseObjects reads a manifest of several documents.
func parseObjects(t testing.TB, manifest []byte) objects {
	t.Helper()
	out := objects{}
	d := yaml.NewDecoder(bytes.NewReader(manifest))
	for {
		var o map[string]any // not object, because nested maps would become objects too
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("parsing the manifest: %v\n%s", err, manifest)
		}
		if o == nil {
			continue
		}
		id := fmt.Sprintf("%v/%v", object(o).at("kind"), object(o).at("metadata.name"))
		if out[id] != nil {
			t.Fatalf("the manifest has %s twice, want it once", id)
		}
		out[id] = o
	}
}

// get returns the object and fails the test if it is missing.
func (o objects) get(t testing.TB, id string) object {
	t.Helper()
	if o[id] == nil {
		var have []string
		for id := range o {
			have = append(have, id)
		}
		t.Fatalf("got the objects %[2]s, want %[1]s", id, strings.Join(have, ", "))
	}
	return o[id]
}

// at returns the value at a path such as spec.rules.0.verbs, or nil.
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

// is compares the value at a path with want, both as JSON.
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

// schemaSet holds strict JSON schemas of every kind.
type schemaSet struct {
	definitions []byte
	// the definition's name, by the name of the file that kubeconform opens
	kinds map[string]string
}

// schemas are made from the API server's own OpenAPI description.
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

// schemaDir writes the schemas into a temporary directory.
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

// makeStrict forbids keys that a schema does not describe and translates Kubernetes' own formats.
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

// conform checks a manifest against the schemas with kubeconform. Kinds of operators have none.
func conform(t testing.TB, manifest []byte) {
	t.Helper()
	if out, err := kubeconform(t, schemaDir(t), manifest).CombinedOutput(); err != nil {
		t.Errorf("kubeconform: %v, want no error\n%s", err, out)
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

// checkConfig runs promsnap check-config on the promsnap.yaml of a manifest with the environment of
// the CronJobs.
func checkConfig(t *testing.T, all objects, configMap string) {
	t.Helper()
	text, ok := all.get(t,
		"ConfigMap/"+configMap).at("data").(map[string]any)["promsnap.yaml"].(string)
	if !ok {
		t.Fatalf("the ConfigMap is %s, want promsnap.yaml in it",
			asJSON(t, all.get(t, "ConfigMap/"+configMap)))
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	config := configFile(t, text)
	writeDashboards(t, all, filepath.Dir(config))
	cmd := exec.Command(path, "check-config", config)
	cmd.Env = []string{"AWS_REGION=eu-west-1", "PROMETHEUS_PASSWORD=secret",
		"HEARTBEAT_URL=https://hc.example.com/1"}
	for _, o := range all {
		env, _ := o.at("spec.jobTemplate.spec.template.spec.containers.0.env").([]any)
		for _, v := range env {
			v := v.(map[string]any)
			switch v["name"] {
			case "SLACK_WEBHOOK_URL":
				cmd.Env = append(cmd.Env,
					"SLACK_WEBHOOK_URL=https://hooks.slack.com/services/T0/B0/x")
			case "SLACK_BOT_TOKEN":
				cmd.Env = append(cmd.Env, "SLACK_BOT_TOKEN=xoxb-1")
			}
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promsnap check-config: %v, want no error\n%s\n%s", err, out, text)
	}
}

// writeDashboards writes the dashboards that the CronJobs mount beside promsnap.yaml into a
// directory.
func writeDashboards(t *testing.T, all objects, dir string) {
	t.Helper()
	for _, o := range all {
		sources, _ := o.at("spec.jobTemplate.spec.template.spec.volumes.0.projected.sources").([]any)
		for _, s := range sources {
			from := s.(map[string]any)["configMap"].(map[string]any)
			items, _ := from["items"].([]any)
			data := all.get(t, fmt.Sprint("ConfigMap/", from["name"])).at("data").(map[string]any)
			for _, i := range items {
				item := i.(map[string]any)
				path := filepath.Join(dir, item["path"].(string))
				err := os.MkdirAll(filepath.Dir(path), 0o755)
				if err == nil {
					err = os.WriteFile(path, []byte(data[item["key"].(string)].(string)), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestConform checks that a mistake is not accepted as a kind without a schema.
func TestConform(t *testing.T) {
	t.Parallel()
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
			t.Errorf("the manifest is\n%s\nwant %q in it", manifest, old)
		}
		cmd := kubeconform(t, dir, broken)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("kubeconform accepts %q, want an error:\n%s", wrong, out)
		}
	}
}
