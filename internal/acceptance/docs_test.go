//go:build acceptance

package acceptance

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/promsnap/promsnap/internal/acceptance/pages"
)

// TestDocumentedBlocks runs the commands of the pages that need a cluster or a build. The test of
// the same name in cmd/promsnap runs those that need only Go.
func TestDocumentedBlocks(t *testing.T) {
	commands, err := pages.Commands("../..")
	if err != nil {
		t.Fatal(err)
	}
	commands["cluster"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		p := startControlPlane(t)
		p.startControllers(t)
		p.runPods(t, "promsnap")
		ts.Setenv("KUBECONFIG", p.user(t, "reader", "system:masters"))
	}
	testscript.Run(t, testscript.Params{
		Dir:   "../../testdata/docs/slow",
		Cmds:  commands,
		Setup: func(env *testscript.Env) error { return workshop(t, env) },
	})
}

// workshop gives a script what the pages expect of a reader: a checkout, Go, kubectl, helm,
// promtool, and a sam that prints its arguments instead of deploying.
func workshop(t *testing.T, env *testscript.Env) error {
	checkout, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	deploy := filepath.Join(env.WorkDir, "deploy")
	if err := os.Symlink(filepath.Join(checkout, "deploy"), deploy); err != nil {
		return err
	}
	tools := filepath.Join(env.WorkDir, "tools")
	if err := os.Mkdir(tools, 0o755); err != nil {
		return err
	}
	for _, program := range []string{"kubectl", "helm", "promtool"} {
		if err := os.Symlink(installed(t, program), filepath.Join(tools, program)); err != nil {
			return err
		}
	}
	sam := []byte("#!/bin/sh\necho sam \"$@\"\n")
	if err := os.WriteFile(filepath.Join(tools, "sam"), sam, 0o755); err != nil {
		return err
	}
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	var caches map[string]string
	if err := json.Unmarshal(out, &caches); err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	for name, value := range caches {
		env.Setenv(name, value)
	}
	env.Setenv("HOME", env.WorkDir) // helm and git write there
	env.Setenv("CHECKOUT", checkout)
	env.Setenv("PATH", tools+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return nil
}

// TestDocumentedValues renders the chart with every value that the pages name as NAME=VALUE.
func TestDocumentedValues(t *testing.T) {
	setting := regexp.MustCompile("`([a-zA-Z]+(?:\\.[a-zA-Z]+)+=[a-z0-9.]+)`")
	seen := 0
	for _, page := range []string{"../../docs/kubernetes.md", chartDir + "/README.md"} {
		text := strings.ReplaceAll(readText(t, page), "NAME=", "check=") // NAME is that of a report
		for _, m := range setting.FindAllStringSubmatch(text, -1) {
			seen++
			flags := set(quickstart, "prometheus.url=http://prometheus", m[1])
			if m[1] == "state.store=s3" {
				flags = append(flags, set("s3.bucket=reports", "s3.region=eu-west-1")...)
			}
			if len(render(t, flags...)) == 0 {
				t.Errorf("%s: %s renders nothing, want some objects", page, m[1])
			}
		}
	}
	if seen < 5 {
		t.Errorf("found %d values in the pages, want 5 or more", seen)
	}
}

// runPods lets every Pod of a namespace run on the node "worker" and succeed. The Pod's log is "the
// log of NAMESPACE/POD".
func (p *controlPlane) runPods(t *testing.T, namespace string) {
	t.Helper()
	host := outwardIP(t)
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	subject := pkix.Name{CommonName: "system:node:worker"}
	pair, err := tls.X509KeyPair(p.authority.issue(t, subject, host))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pod, ok := strings.CutPrefix(r.URL.Path, "/containerLogs/")
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "the log of %s\n", pod[:strings.LastIndex(pod, "/")])
	}))
	s.Listener = l
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	p.apply(t, "{apiVersion: v1, kind: Node, metadata: {name: worker}}")
	port := l.Addr().(*net.TCPAddr).Port
	status := map[string]any{
		"addresses":       []any{map[string]string{"type": "InternalIP", "address": host}},
		"daemonEndpoints": map[string]any{"kubeletEndpoint": map[string]int{"Port": port}},
	}
	p.must(t, http.MethodPatch, "/api/v1/nodes/worker/status", map[string]any{"status": status})
	look := time.NewTicker(100 * time.Millisecond)
	go func() {
		defer look.Stop()
		for {
			select {
			case <-t.Context().Done():
				return
			case <-look.C:
				p.endPods(namespace)
			}
		}
	}()
}

// endPods binds every pending Pod of a namespace to the node "worker" and ends it.
func (p *controlPlane) endPods(namespace string) {
	path := "/api/v1/namespaces/" + namespace + "/pods"
	answer, err := p.do(http.MethodGet, path, nil)
	if err != nil {
		return // the namespace may not be there yet
	}
	var pods struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ Phase string }
		}
	}
	if json.Unmarshal(answer, &pods) != nil {
		return
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase != "Pending" {
			continue
		}
		name := pod.Metadata.Name
		// A request that fails is repeated at the next tick.
		_, _ = p.do(http.MethodPost, path+"/"+name+"/binding", map[string]any{
			"apiVersion": "v1", "kind": "Binding", "metadata": map[string]string{"name": name},
			"target": map[string]string{"apiVersion": "v1", "kind": "Node", "name": "worker"},
		})
		_, _ = p.do(http.MethodPatch, path+"/"+name+"/status", map[string]any{
			"status": map[string]any{"phase": "Succeeded"},
		})
	}
}
