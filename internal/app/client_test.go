package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/config"
)

// managedPrometheus is Amazon Managed Prometheus with a simulated cluster. It answers signed
// requests for allowed actions.
type managedPrometheus struct {
	url string
	lab http.Handler

	mu      sync.Mutex
	asked   []string        // the action of each request; "" if AWS does not know it
	allowed map[string]bool // nil: all
}

func managed(t *testing.T) *managedPrometheus {
	t.Helper()
	m := &managedPrometheus{lab: newLab(t)}
	m.url = serve(t, m)
	return m
}

// ServeHTTP implements http.Handler.
func (m *managedPrometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	err := cloudtest.CheckSignature(r, body, cloudtest.Region, cloud.ManagedPrometheus)
	m.mu.Lock()
	action := cloudtest.ManagedAction(r)
	m.asked = append(m.asked, action)
	switch {
	case err != nil:
	case action == "":
		err = errors.New("AccessDeniedException: Unable to determine service/operation name to " +
			"be authorized")
	case m.allowed != nil && !m.allowed[action]:
		err = fmt.Errorf("AccessDeniedException: User: arn:aws:sts::1:assumed-role/x is not "+
			"authorized to perform: %s", action)
	}
	m.mu.Unlock()
	if err != nil {
		code, message, _ := strings.Cut(err.Error(), ": ")
		w.Header().Set("X-Amzn-Errortype", code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	m.lab.ServeHTTP(w, r)
}

// allow sets the allowed actions and forgets the requests so far.
func (m *managedPrometheus) allow(actions []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked, m.allowed = nil, map[string]bool{}
	for _, a := range actions {
		m.allowed[a] = true
	}
}

// calls returns the actions of the requests so far.
func (m *managedPrometheus) calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// roleActions returns the actions on a workspace that the role in the Lambda template allows.
func roleActions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/lambda/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	actions := regexp.MustCompile(`aps:[A-Za-z]+`).FindAllString(string(text), -1)
	slices.Sort(actions)
	return slices.Compact(actions)
}

// A run needs exactly the actions that the Lambda's role allows: one panel has data, and the other
// has none, so that the run also lists metrics. If an action is denied, the error names all of
// them.
func TestManagedPrometheusActions(t *testing.T) {
	m := managed(t)
	run := func(allowed []string) app.Result {
		t.Helper()
		m.allow(allowed)
		text := fmt.Sprintf("version: 1\nprometheus: {url: '%s', sigv4: {region: us-east-1, "+
			"access_key: AKIDEXAMPLE, secret_key: '%s'}}\n"+
			"reports: [{name: check, range: 1h, panels: [{use: node-memory}, {name: gpu, query: "+
			"DCGM_FI_DEV_GPU_UTIL}]}]\n", m.url, cloudtest.Secret)
		cfg, err := config.Load("promsnap.yaml", []byte(text), app.ConfigOptions(
			func(string) string { return "" }, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.New(t.Context(), cfg, app.Options{
			Slot: slot, Timeout: time.Minute, To: app.Files{Dir: t.TempDir()}, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return a.Run(t.Context()).Results[0]
	}
	role := roleActions(t)
	if r := run(role); r.Err != nil || len(r.Report.Failures) > 0 || r.Report.NodesMeasured == 0 {
		t.Errorf("with %v: got %v, %+v; want data", role, r.Err, r.Report.Failures)
	}
	asked := m.calls()
	slices.Sort(asked)
	if asked = slices.DeleteFunc(slices.Compact(asked), func(a string) bool {
		return a == ""
	}); !slices.Equal(asked, role) {
		t.Errorf("got the actions %v, want those of the role: %v", asked, role)
	}
	for _, file := range []string{"lambda.md", "configuration.md"} {
		text, err := os.ReadFile("../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range asked {
			if !strings.Contains(string(text), "`"+action+"`") {
				t.Errorf("docs/%s: got no `%s`, want it among the permissions", file, action)
			}
		}
	}
	for i, missing := range role {
		r := run(slices.Delete(slices.Clone(role), i, i+1))
		if len(r.Report.Failures) == 0 {
			t.Fatalf("without %s: got no failure, want one that names it", missing)
		}
		for _, f := range r.Report.Failures {
			if !strings.Contains(f.Error, "not authorized to perform: "+missing) ||
				!strings.Contains(f.Error,
					"allow this identity aps:QueryMetrics and aps:GetLabels on the workspace") {
				t.Errorf("without %s: got %s for %s, want all actions named", missing, f.Error,
					f.Panel)
			}
		}
	}
}

func TestSigV4(t *testing.T) {
	m := managed(t)
	run := func(key string, file string) app.Result {
		t.Helper()
		cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, file, m.url, key),
			app.ConfigOptions(func(string) string { return "" }, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.New(context.Background(), cfg, app.Options{
			Slot: slot, Timeout: time.Minute, To: app.Files{Dir: t.TempDir()}, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return a.Run(context.Background()).Results[0]
	}
	const signed = `version: 1
prometheus: {url: '%s', sigv4: {region: us-east-1, access_key: AKIDEXAMPLE, secret_key: '%s'}}
reports: [{name: check, range: 1h, panels: [{use: node-memory}, {use: node-cpu}, {use: pvc}]}]
`
	if r := run(cloudtest.Secret, signed); r.Err != nil || len(r.Report.Failures) > 0 ||
		r.Report.NodesMeasured == 0 {
		t.Errorf("signed: got %v, %+v; want data", r.Err, r.Report.Failures)
	}
	before := len(m.calls())
	r := run("another-MARKED", signed)
	if len(r.Report.Failures) != 3 {
		t.Fatalf("got %+v, want three failures", r.Report.Failures)
	}
	for _, f := range r.Report.Failures {
		if !strings.Contains(f.Error, "HTTP 403") ||
			!strings.Contains(f.Error, "the secret key does not belong to the access key, or the "+
				"region is not that of the server") || strings.Contains(f.Error, "MARKED") {
			t.Errorf("%s: got error %s, want HTTP 403, its cause and no secret", f.Panel, f.Error)
		}
	}
	if n := len(m.calls()) - before; n > 4 {
		t.Errorf("got %d requests with a refused key, want at most 4", n)
	}
}

// Secrets of http_config that are stored in AWS are read at each request, and their errors are
// reported.
func TestSecretOfHTTPConfig(t *testing.T) {
	store := cloudtest.NewStore(t, map[string]string{"/prometheus": "right"})
	for name, value := range store.Env() {
		t.Setenv(name, value)
	}
	lab := newLab(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		lab.ServeHTTP(w, r)
	}))
	for place, says := range map[string]string{
		"aws-ssm:/prometheus": "", "aws-ssm:/none": "it does not exist in us-east-1",
	} {
		text := fmt.Sprintf("version: 1\nprometheus: {url: '%s', http_config: {basic_auth: "+
			"{username: a, password_from: '%s'}}}\nreports: [{name: check, range: 1h, panels: "+
			"[{use: node-memory}]}]\n", url, place)
		cfg, err := config.Load("promsnap.yaml", []byte(text), app.ConfigOptions(
			func(string) string { return "" }, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.New(context.Background(), cfg, app.Options{
			Slot: slot, Timeout: time.Minute, To: app.Files{Dir: t.TempDir()}, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		failures := a.Run(context.Background()).Results[0].Report.Failures
		switch {
		case says == "" && len(failures) > 0, says != "" &&
			(len(failures) != 1 || !strings.Contains(failures[0].Error, says)):
			t.Errorf("%s: got %+v, want %q", place, failures, says)
		}
	}
}
