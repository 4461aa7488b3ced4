//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChartFromARegistry packages the chart as a release does, pushes it to a real registry and
// renders it from there. The same commit must give the same package with any umask.
func TestChartFromARegistry(t *testing.T) {
	t.Parallel()
	const version = "9.9.9"
	chart := "../../bin/chart/promsnap-" + version + ".tgz"
	var packages [][]byte
	for _, umask := range []string{"022", "077"} {
		pack := exec.Command("sh", "-ec", "umask "+umask+
			`; exec make -C ../.. chart HELM="$0" CHART_TIME=1700000000 CHART_VERSION=`+version,
			installed(t, "helm"))
		if out, err := pack.CombinedOutput(); err != nil {
			t.Fatalf("make chart: %v\n%s", err, out)
		}
		b, err := os.ReadFile(chart)
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, b)
	}
	if !bytes.Equal(packages[0], packages[1]) {
		t.Errorf("got packages of %d and %d bytes that differ, want the same bytes",
			len(packages[0]), len(packages[1]))
	}

	registry := startRegistry(t)
	if stdout, stderr, err := helm(t, "push", "--plain-http", chart, registry); err != nil {
		t.Fatalf("helm push: %v\n%s%s", err, stdout, stderr)
	}
	args := append([]string{"template", "promsnap", registry + "/promsnap", "--version", version,
		"--plain-http", "--namespace", "monitoring-tools"}, set(quickstart)...)
	got, stderr, err := helm(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	if image := "image: \"ghcr.io/promsnap/promsnap:" + version + `"`; !strings.Contains(got, image) {
		t.Errorf("the chart is\n%s\nwant %s in it", got, image)
	}
	want := strings.ReplaceAll(string(render(t, set(quickstart)...)), "0.1.0", version)
	if got != want {
		t.Errorf("got another manifest from the registry than from the checkout:\n%s\nwant:\n%s",
			got, want)
	}
}

// startRegistry runs a registry of OCI artefacts and returns the address of charts in it.
func startRegistry(t *testing.T) string {
	t.Helper()
	dir, address := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\n"+
		"storage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", dir, address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, nil, "/usr/bin/docker-registry", "serve", config)
	await(t, "the registry to be ready", func() error {
		resp, err := http.Get("http://" + address + "/v2/")
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	})
	return "oci://" + address + "/charts"
}
