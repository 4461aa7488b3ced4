package html

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// rowsOf returns the texts of the rows below an element.
func rowsOf(n *html.Node) []string {
	var out []string
	for _, row := range all(n, "tr") {
		out = append(out, strings.Join(strings.Fields(text(row)), " "))
	}
	return out
}

// TestRules checks the section of alerting rules: the worst first, those that only inform last. It
// says why a rule failed, so the section about the run does not say it again.
func TestRules(t *testing.T) {
	root := pageOf(t, reporttest.Rules(t))
	section := classed(root, "rules")[0]
	var got []string
	for _, name := range all(classed(section, "fired")[0], "th") {
		if attribute(name, "scope") == "rowgroup" {
			got = append(got, strings.Fields(text(name))[0])
		}
	}
	want := []string{
		"NodeFilesystemAlmostOutOfSpace", "응답이느림", "KubePodCrashLooping", "Watchdog",
		"PrometheusTemplate",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the rules %q, want %q", got, want)
	}
	rows := strings.Join(rowsOf(section), "\n")
	for _, row := range []string{
		"critical NodeFilesystemAlmostOutOfSpace Runbook node-exporter · node-exporter.yml 7 times " +
			"3 d 16 h",
		"10.0.1.16:9100 Filesystem on nvme0n1p1, mounted on /var/lib/containerd, at " +
			"10.0.1.16:9100 has less than 93% space left. since 14:30",
		"and 2 more alerts",
		"api API 응답이 느립니다: 99번째 백분위수가 930ms입니다. 담당자는 대시보드를 확인하세요. since 08:48",
		"lacks_a_metricPrometheusLacksAMetric",
	} {
		if !strings.Contains(rows, row) {
			t.Errorf("got the rows\n%s\nwant %q", rows, row)
		}
	}
	if n := len(classed(root, "run")); n != 0 {
		t.Errorf("got %d sections about the run, want none", n)
	}
}

// TestManyRules checks that the worst rules have charts, and that the page names the others.
func TestManyRules(t *testing.T) {
	r := reporttest.ManyRules(t, 130)
	root := pageOf(t, r)
	section := classed(root, "rules")[0]
	rest := all(classed(section, "others")[0], "li")
	if n := len(all(section, "tbody")); n != 100 || len(rest) != 30 {
		t.Errorf("got %d rules and %d others, want 100 and 30", n, len(rest))
	}
	if first := rowsOf(section)[1]; !strings.HasPrefix(first, "critical Rule0129 ") {
		t.Errorf("got the first rule %q, want Rule0129", first)
	}
	const want = "warning Rule0128 1 time 4 h"
	if got := strings.Join(strings.Fields(text(rest[29])), " "); got != want {
		t.Errorf("got the last rule %q, want %q", got, want)
	}
	pictures := 0
	for name := range files(t, r) {
		if strings.HasSuffix(name, ".png") {
			pictures++
		}
	}
	if pictures != 100 {
		t.Errorf("got %d pictures, want 100", pictures)
	}
}
