package report

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestFamily(t *testing.T) {
	for want, list := range map[string][]string{
		"node_load1": {"node_load1"},
		"kubelet_volume_stats_*": {
			"kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes",
		},
		"up and 1 more":             {"up", "node_load1"},
		"node_load1 and 2 more":     {"node_load1", "node_memory_x", "node_memory_y"},
		"kube_pod_container_info_*": {"kube_pod_container_info_a", "kube_pod_container_info_ab"},
	} {
		if got := wordingIn("").family(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := printable(rapid.String().Draw(t, "s"))
		for _, c := range got {
			if unicode.IsControl(c) || c == '\u202e' {
				t.Fatalf("got %q with %U, want only printable characters", got, c)
			}
		}
	})
	if got := printable(strings.Repeat("가", 10_000)); len([]rune(got)) != printableRunes {
		t.Errorf("got %d characters, want %d", len([]rune(got)), printableRunes)
	}
	if got := printable("a\u202eb\u200bc\x07"); got != "abc" {
		t.Errorf("got %q, want abc", got)
	}
}
