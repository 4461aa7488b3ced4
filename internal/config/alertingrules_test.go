package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

// TestManyRules counts only the rules that match, and refuses more than 5,000 of them.
func TestManyRules(t *testing.T) {
	var text strings.Builder
	text.WriteString("groups:\n- name: g\n  rules:\n")
	for i := range 5001 {
		fmt.Fprintf(&text, "  - {alert: R%d, expr: up}\n", i)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	const inFile = "version: 1\nprometheus: {url: http://p}\nreports: [{name: rules, " +
		"alerting_rules: {files: [%q], match: ['alertname=~\"%s\"']}}]\n"
	for match, want := range map[string]string{
		"R1.*": "", ".*": "5001 alerting rules, more than 5000; ",
	} {
		_, flags := config.OfRules(t.Context(), []string{file}, nil,
			[]string{`alertname=~"` + match + `"`}, config.Options{})
		_, loaded := config.Load("promsnap.yaml", fmt.Appendf(nil, inFile, file, match),
			config.Options{})
		for from, err := range map[string]error{"flags": flags, "a file": loaded} {
			if got := fmt.Sprint(errors.Join(err)); want == "" && err != nil ||
				!strings.Contains(got, want) {
				t.Errorf("%s with %s: got %s, want %q", from, match, got, want)
			}
		}
	}
}
