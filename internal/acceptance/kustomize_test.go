//go:build acceptance

package acceptance

import (
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// kustomize builds a directory of deploy/kustomize with kubectl.
func kustomize(t testing.TB, dir string) []byte {
	t.Helper()
	cmd := exec.Command(installed(t, "kubectl"), "kustomize", "../../deploy/kustomize/"+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kubectl kustomize %s: %v\n%s", dir, err, stderr.String())
	}
	return out
}

// TestKustomize checks base and overlay against the schemas and compares them with the chart's
// output for the same values.
func TestKustomize(t *testing.T) {
	t.Parallel()
	for dir, values := range map[string][]string{
		"base": set(
			"cluster=unnamed,slack.channel=C0123456789,slack.existingSecret=promsnap-slack"),
		"overlays/prod-seoul": set("cluster=prod-seoul,timeZone=Asia/Seoul,"+
			"slack.channel=C0123456789,"+
			"slack.existingSecret=promsnap-slack",
			"kubernetes.service=monitoring/prometheus-server:80", "reports.daily.language=ko"),
	} {
		t.Run(dir, func(t *testing.T) {
			manifest := kustomize(t, dir)
			conform(t, manifest)
			ours := named(t, parseObjects(t, manifest))
			chart := named(t,
				parseObjects(t,
					render(t, append(values, "--namespace", "promsnap", "--skip-tests")...)))
			for id := range chart {
				if ours[id] == nil {
					t.Errorf("kustomize has no %s, want one as in the chart", id)
				}
			}
			for id, o := range ours {
				if chart[id] == nil {
					t.Errorf("kustomize has a %s, want none as in the chart", id)
					continue
				}
				for key, want := range chart[id] {
					if key != "metadata" {
						o.is(t, key, want)
					}
				}
				o.is(t, "metadata.namespace", chart[id].at("metadata.namespace"))
			}
			checkConfig(t, parseObjects(t, manifest), generated(t, manifest))
		})
	}
}

// generated returns the name of the ConfigMap that kustomize makes of promsnap.yaml, with a hash at
// its end.
func generated(t *testing.T, manifest []byte) string {
	t.Helper()
	for id := range parseObjects(t, manifest) {
		if name, ok := strings.CutPrefix(id, "ConfigMap/"); ok &&
			strings.HasPrefix(name, "promsnap-config-") {
			return name
		}
	}
	t.Fatalf("kustomize made\n%s\nwant a ConfigMap promsnap-config-…", manifest)
	return ""
}

// named gives objects the names that chart and kustomize share. It removes what they write
// differently: labels, the hash of the configuration, its layout and the keys that only repeat
// defaults.
func named(t *testing.T, all objects) objects {
	t.Helper()
	out := objects{}
	for id, o := range all {
		text := asJSON(t, o)
		if strings.HasPrefix(id, "ClusterRole") {
			// The chart adds the namespace to these names, which is promsnap here.
			text, id = strings.ReplaceAll(text, "promsnap-promsnap", "promsnap"),
				strings.ReplaceAll(id, "promsnap-promsnap", "promsnap")
		}
		var same object
		if err := yaml.Unmarshal([]byte(text), (*map[string]any)(&same)); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(id, "ConfigMap/promsnap-config") {
			same["data"] = map[string]any{
				"promsnap.yaml": parsedConfig(t,
					same.at("data").(map[string]any)["promsnap.yaml"].(string)),
			}
			out["ConfigMap/promsnap-config"] = same
			continue
		}
		if pod, ok := same.at("spec.jobTemplate.spec.template").(map[string]any); ok {
			delete(pod, "metadata")
			delete(same.at("spec.jobTemplate").(map[string]any), "metadata")
			for _, v := range same.at("spec.jobTemplate.spec.template.spec.volumes").([]any) {
				v.(map[string]any)["configMap"] = "promsnap-config"
			}
		}
		out[id] = same
	}
	return out
}

// parsedConfig reads a promsnap.yaml without the defaults that the chart writes out.
func parsedConfig(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	for _, r := range out["reports"].([]any) {
		r := r.(map[string]any)
		for key, value := range map[string]string{"timezone": "UTC", "language": "en"} {
			if r[key] == value {
				delete(r, key)
			}
		}
	}
	return out
}
