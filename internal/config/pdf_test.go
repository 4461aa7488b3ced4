package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

func TestPDF(t *testing.T) {
	for _, tt := range []struct {
		name, report string
		flag         bool
		want         *config.PDF
		problem      string
	}{
		{"by default", "", false, nil, ""},
		{"true", "pdf: true", false, &config.PDF{}, ""},
		{"no keys", "pdf: {}", false, &config.PDF{}, ""},
		{"all keys", "pdf: {paper: letter, full: true}", false, &config.PDF{
			Letter: true, Full: true,
		}, ""},
		{"A4", "pdf: {paper: a4}", false, &config.PDF{}, ""},
		{"by the flag", "", true, &config.PDF{}, ""},
		{"the flag and the key", "pdf: {paper: letter}", true, &config.PDF{Letter: true}, ""},
		{"false", "pdf: false", false, nil, "reports[0].pdf: must be true, or have keys and values"},
		{"a word", "pdf: yes please", false, nil, "reports[0].pdf: must be true"},
		{"text", `pdf: "true"`, false, nil, "reports[0].pdf: must be true"},
		{"a list", "pdf: [a4]", false, nil, "reports[0].pdf: must have keys and values"},
		{"other paper", "pdf: {paper: a5}", false, nil, "reports[0].pdf.paper: "},
		{"a slip", "pdf: {papper: a4}", false, nil, "did you mean paper?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options()
			o.Builtin, o.PDF = panels.In, tt.flag
			text := "version: 1\ncluster: c\nprometheus: {url: http://localhost:9090}\n" +
				"reports:\n- {name: r, " + tt.report + "}\n"
			c, err := config.Load("promsnap.yaml", []byte(text), o)
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("got error %v, want one with %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Reports[0].PDF); diff != "" {
				t.Error(diff)
			}
		})
	}
}
