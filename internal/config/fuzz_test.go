package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/config"
)

// For any file there is no panic. The result is either a configuration or problems, and every
// problem has a position in the file.
func FuzzLoad(f *testing.F) {
	for _, dir := range []string{"bad", "good"} {
		files, err := filepath.Glob("testdata/" + dir + "/*.yaml")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 8<<10 {
				f.Add(data)
			}
		}
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("prometheus: {http_config: {oauth2: {claims: &a {b: *a}}}}"))
	f.Add([]byte("\xff\xfe"))
	f.Add([]byte("? [a, b]\n: c"))
	position := regexp.MustCompile(`^promsnap\.yaml:\d+:\d+: `)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Load("promsnap.yaml", data, options())
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v, %v, want either", c, err)
		}
		if err == nil {
			if len(c.Reports) == 0 || (c.Prometheus.URL == "" && c.Kubernetes == nil) ||
				c.Prometheus.Timeout <= 0 || c.Prometheus.Concurrency < 1 {
				t.Errorf("got %+v, want a complete configuration", c)
			}
			for _, r := range c.Reports {
				if r.Name == "" || r.Zone == nil || r.Range <= 0 ||
					len(r.Panels) == 0 && (r.Dashboard == nil || r.Dashboard.Board == nil) {
					t.Errorf("got %+v, want a complete report", r)
				}
				for _, p := range r.Panels {
					if p.Name == "" || p.Queries[0].Expr == "" || p.Title == "" {
						t.Errorf("got %+v, want a complete panel", p)
					}
				}
			}
			return
		}
		lines := 2 // YAML has more line breaks than the line feed
		for _, br := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			lines += strings.Count(string(data), br)
		}
		var problems config.Errors
		if !errors.As(err, &problems) {
			t.Fatalf("got %T %v, want config.Errors", err, err)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" ||
				!position.MatchString(p.String()) {
				t.Errorf("got %+v, want a position in %d lines", p, lines)
			}
			if utf8.Valid(data) && !utf8.ValidString(p.String()) {
				t.Errorf("got %q, want UTF-8", p)
			}
		}
	})
}
