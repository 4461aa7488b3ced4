package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

var update = flag.Bool("update", false, "rewrite the expected errors and the JSON Schema")

// builtin stands for the built-in panels.
func builtin() []snapshot.Spec {
	return []snapshot.Spec{
		{
			Name: "node-memory", Title: "Node memory", Section: "Nodes", Unit: units.PercentUnit, Subject: "memory",
			Query: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
			Rules: []rules.Rule{{Name: "NodeMemoryHigh", Warning: rules.At(.8), Critical: rules.At(.9), For: 15 * time.Minute}},
		},
		{
			Name: "node-cpu", Title: "Node CPU", Section: "Nodes", Unit: units.PercentUnit, Subject: "CPU",
			Query: "1 - avg by (instance) (rate(node_cpu_seconds_total[$__rate_interval]))",
		},
	}
}

func options() config.Options {
	return config.Options{
		Builtin: builtin(),
		Env: func(name string) string {
			return map[string]string{"PROMETHEUS_PASSWORD": " hunter2\n", "CA": "-----BEGIN CERTIFICATE-----"}[name]
		},
	}
}

func load(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Load("dir/promsnap.yaml", []byte(text), options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each file under testdata/bad holds one mistake; the .txt beside it is what promsnap says to it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 90 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Load("promsnap.yaml", data, options())
			if c != nil || err == nil {
				t.Fatalf("loaded: %v, %v", c, err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("shows a secret: %s", got)
			}
			expected := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(expected, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorsAreProblems(t *testing.T) {
	_, err := config.Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: 'http://p', timeout: 5}\n"), options())
	var errs config.Errors
	if !errors.As(err, &errs) || len(errs) != 1 {
		t.Fatalf("%T %v", err, err)
	}
	want := config.Problem{File: "promsnap.yaml", Line: 2, Column: 40, Path: "prometheus.timeout", Message: errs[0].Message}
	if errs[0] != want || !strings.Contains(want.Message, `"5" is not a duration`) {
		t.Errorf("got %+v", errs[0])
	}
}
