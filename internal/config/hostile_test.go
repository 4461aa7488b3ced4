package config_test

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

// Files that are made to overload a reader soon end in problems.
func TestHostileFiles(t *testing.T) {
	const head = "version: 1\nprometheus:\n  url: http://p\n"
	const query = head + "reports:\n- name: a\n  panels:\n  - name: p\n    query: "
	for name, text := range map[string]string{
		"deep flow":     strings.Repeat("[", 100_000),
		"deep blocks":   strings.Repeat("- ", 100_000),
		"deep mappings": strings.Repeat("{a: ", 50_000),
		"deep claims": head + "  http_config: {oauth2: {claims: {a: " +
			strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}, nonsense: 1}}",
		"many comments":   strings.Repeat("# a\n\n", 20_000) + "a: b",
		"many keys":       head + "a:\n" + strings.Repeat("  b: 1\n", 10_000),
		"many unknown":    head + manyKeys(5_000),
		"long key":        head + strings.Repeat("k", 150_000) + ": 1",
		"long text":       head + "cluster: " + strings.Repeat("k", 150_000),
		"long list":       head + "  matchers: [" + strings.Repeat("a, ", 10_000) + "]",
		"own anchor":      "&a [*a]",
		"own claims":      head + "  http_config: {oauth2: {claims: &a {a: *a}}}",
		"doubling claims": head + "  http_config: {oauth2: {claims: {" + doubling() + "}}}",
		"long query":      query + strings.Repeat("(", 60_000),
		"deep query":      query + strings.Repeat("(", 16_000),
		"minus query":     query + "'" + strings.Repeat("-", 16_000) + "'",
		"wide regex":      query + "'{a=~\"" + strings.Repeat("(a|b)?", 2500) + "(\"}'",
		"large regex":     query + "'{a=~\"((a{100}){100}){100}\"}'",
		"variables":       query + "'" + strings.Repeat("$__range ", 1700) + "'",
		"many anchors":    head + "x:\n" + strings.Repeat("- &a b\n- *a\n", 5_000),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load("promsnap.yaml", []byte(text), options())
			if c != nil || err == nil {
				t.Fatalf("got %v, %v, want an error", c, err)
			}
			if len(err.Error()) > 1<<20 {
				t.Errorf("got an error of %d bytes, want at most 1 MiB", len(err.Error()))
			}
		})
	}
}

// manyKeys writes n mappings of unknown keys.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("k")
		b.WriteString(strings.Repeat("x", i%9))
		b.WriteString(string(rune('a'+i%26)) + string(rune('a'+i/26%26)) +
			string(rune('a'+i/676%26)) + ": 1\n")
	}
	return b.String()
}

// doubling writes aliases of aliases. Each has ten of the one before.
func doubling() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]")
	for i := range 12 {
		prev := string(rune('a' + i))
		next := string(rune('a' + i + 1))
		b.WriteString(", " + next + "0: &" + next + "0 [" +
			strings.TrimSuffix(strings.Repeat("*"+prev+"0, ", 10), ", ") + "]")
	}
	return b.String()
}
