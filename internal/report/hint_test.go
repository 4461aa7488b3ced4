package report_test

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

func TestHintOf(t *testing.T) {
	lacks := []string{"node_zfs_arc_size", "node_memory_MemTotal_bytes"}
	for _, tt := range []struct {
		name, hint string
		missing    []string
		l          words.Language
		want       string // a part of it; "": no hint
	}{
		{"the panel's own", "Set x.", lacks, words.English, "Set x."},
		{"of the metric", "", lacks, words.English, "comes from node_exporter; set "},
		{"why it may be missing", "", lacks, words.English, "Only nodes with ZFS have it."},
		{"in Korean", "", lacks, words.Korean, ""},
		{"an unknown metric", "", []string{"shop_orders"}, words.English, ""},
		{"nothing is missing", "", nil, words.English, ""},
	} {
		p := snapshot.Panel{Spec: panel.Spec{Hint: tt.hint}, Missing: tt.missing}
		got := report.HintOf(&p, tt.l)
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want …%s…", tt.name, got, tt.want)
		}
	}
}
