package html

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/sizing"
)

// TestSizing checks the section of requests against use.
func TestSizing(t *testing.T) {
	root := pageOf(t, reporttest.Sizing(t))
	section := classed(root, "sizing")[0]
	if got := text(all(section, "h2")[0]); got != "Requests against use" {
		t.Errorf("got the heading %q", got)
	}
	var sums []string
	for _, p := range classed(section, "sum") {
		sums = append(sums, text(p))
	}
	want := "CPU: 12 workloads request 355 cores more than needed (8,038 a month)\n" +
		"memory: 1 workload requests 768 MiB too little (2.19 a month)"
	if got := strings.Join(sums, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	tables := classed(section, "sized")
	if len(tables) != 2 {
		t.Fatalf("got %d tables, want 2", len(tables))
	}
	less := all(all(tables[0], "tbody")[0], "tr")
	if len(less) != 10 {
		t.Errorf("got %d rows, want 10", len(less))
	}
	for _, tt := range []struct{ got, want string }{
		{text(less[0]), "−38.4 cores shop/service-1/app CPU · 24 pods Used 0.31 cores 2 (limit 4) " +
			"→ 400m 869"},
		{text(all(all(tables[1], "tbody")[0], "tr")[0]), "+768 MiB shop/cart/cart memory · 3 " +
			"pods · OOM-killed Used 1004 MiB 1Gi (limit 1Gi) → 1280Mi (limit 1280Mi) 2.19"},
		{text(classed(section, "note")[0]), "2 more"},
	} {
		if strings.Join(strings.Fields(tt.got), " ") != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	for _, d := range all(section, "details") {
		if isOpen(d) || !strings.Contains(text(d), "apiVersion: apps/v1") {
			t.Errorf("got %q, want closed YAML", text(d))
		}
	}
	if note := text(classed(section, "note")[1]); !strings.Contains(note, "No advice about "+
		"the memory of 1 container with gaps in its data.") {
		t.Errorf("got the note %q", note)
	}
	if n := len(classed(pageOf(t, reporttest.Daily(t)), "sizing")); n != 0 {
		t.Errorf("got %d sections without advice, want none", n)
	}
}

// TestSizingOfHostileNames checks that names stay text.
func TestSizingOfHostileNames(t *testing.T) {
	a := reporttest.Advice()
	for i := range a.Rows {
		for _, s := range []*string{
			&a.Rows[i].Namespace, &a.Rows[i].Workload, &a.Rows[i].Container, &a.Rows[i].Name,
		} {
			*s = "</code><script>alert(1)</script>"
		}
	}
	in := reporttest.Info(t, nil)
	in.Sizing = a
	page := string(files(t, report.Build(in, nil))["index.html"])
	if strings.Contains(page, "<script>alert") {
		t.Error("got a script of a name from outside, want text")
	}
	in.Sizing = &sizing.Advice{}
	if root := pageOf(t, report.Build(in, nil)); len(classed(root, "sized")) > 0 ||
		len(classed(root, "sum")) != 2 {
		t.Error("got tables without advice, want only the sums")
	}
}
