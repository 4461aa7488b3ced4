package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/config"
)

// managed is Amazon Managed Prometheus over a simulated cluster: it answers whoever signs, queries alone.
func managed(t *testing.T) (url string, asked func() int64) {
	t.Helper()
	lab := newLab(t)
	var n atomic.Int64 // the panels ask at the same time
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		body, _ := io.ReadAll(r.Body)
		if err := cloudtest.CheckSignature(r, body, cloudtest.Region, cloud.ManagedPrometheus); err != nil {
			code, message, _ := strings.Cut(err.Error(), ": ")
			w.Header().Set("X-Amzn-Errortype", code)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		lab.ServeHTTP(w, r)
	})), n.Load
}

func TestSigV4(t *testing.T) {
	url, asked := managed(t)
	run := func(key string, file string) app.Result {
		t.Helper()
		cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, file, url, key), app.Reading(func(string) string { return "" }, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.New(context.Background(), cfg, app.Options{Slot: slot, Timeout: time.Minute, OutputDir: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return a.Run(context.Background()).Results[0]
	}
	const signed = `version: 1
prometheus: {url: '%s', sigv4: {region: us-east-1, access_key: AKIDEXAMPLE, secret_key: '%s'}}
reports: [{name: check, range: 1h, panels: [{use: node-memory}, {use: node-cpu}, {use: pvc}]}]
`
	if r := run(cloudtest.Secret, signed); r.Err != nil || len(r.Report.Failures) > 0 || r.Report.NodesMeasured == 0 {
		t.Errorf("signed: %v, %+v", r.Err, r.Report.Failures)
	}
	before := asked()
	r := run("another-MARKED", signed)
	if len(r.Report.Failures) != 3 {
		t.Fatalf("%+v", r.Report.Failures)
	}
	for _, f := range r.Report.Failures {
		if !strings.Contains(f.Error, "HTTP 403") || !strings.Contains(f.Error, "the secret key does not belong to the access key, or the region is not the server's") || strings.Contains(f.Error, "MARKED") {
			t.Errorf("%s says %s", f.Panel, f.Error)
		}
	}
	if n := asked() - before; n > 4 {
		t.Errorf("it was asked %d times with a key that it does not take", n)
	}
}

// The secrets of http_config that lie in AWS are read at each request, and what is wrong with them is said.
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
	for place, says := range map[string]string{"aws-ssm:/prometheus": "", "aws-ssm:/none": "there is none of that name in us-east-1"} {
		text := fmt.Sprintf("version: 1\nprometheus: {url: '%s', http_config: {basic_auth: {username: a, password_from: '%s'}}}\nreports: [{name: check, range: 1h, panels: [{use: node-memory}]}]\n", url, place)
		cfg, err := config.Load("promsnap.yaml", []byte(text), app.Reading(func(string) string { return "" }, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		a, err := app.New(context.Background(), cfg, app.Options{Slot: slot, Timeout: time.Minute, OutputDir: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		failures := a.Run(context.Background()).Results[0].Report.Failures
		switch {
		case says == "" && len(failures) > 0, says != "" && (len(failures) != 1 || !strings.Contains(failures[0].Error, says)):
			t.Errorf("%s: %+v", place, failures)
		}
	}
}
