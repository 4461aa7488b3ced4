package html

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// TestFired checks the section about what the server's own rules say.
func TestFired(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   *fired.Fired
		want []string // the lines of the section
	}{
		{"a day", reporttest.Fired(), []string{
			"What fired",
			"3 alerts fired, 4 h 10 min in all; noisiest KubePodCrashLooping 31×; 2 never fired in 15 d",
			"AlertFiredForFiring now",
			"KubePodCrashLooping warning31×2 h Firing now 2",
			"KubeNodeNotReady critical2×2 h 10 min Firing now 1",
			"<script>alert(1)</script>1×0 s",
			"a:b fails: many-to-many <b> /etc/r.yml · usage",
			"slo takes 41 s, every 30 s /etc/r.yml",
			"old not evaluated since 18:00, every 1 min /etc/r.yml",
			"slo left out 12 evaluations /etc/r.yml",
			"EtcdNoLeader", "KubeAPIDown",
		}},
		{"an Alertmanager", reporttest.FiringNow(), []string{
			"What fired", "4 alerts fire now (1 silenced or inhibited)", "AlertSinceFiring now",
			"DiskFull page18:00 Firing now 3", "Other warning Firing now 1",
		}},
		{"rules that work", &fired.Fired{Rules: &fired.Rules{Groups: 1, Alerting: 2}}, []string{
			"What fired", "no alert fired", "2 rules work",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := reporttest.Daily(t)
			info := r.Info
			info.Fired = tt.of
			root := pageOf(t, report.Build(info, r.Panels))
			section := classed(root, "own")[0]
			var got []string
			for _, tag := range []string{"h2", "p", "tr", "li"} {
				for _, n := range all(section, tag) {
					if s := strings.Join(strings.Fields(text(n)), " "); tag != "p" ||
						!strings.Contains(s, "more fault") && !strings.Contains(s, "recision") &&
							!strings.Contains(s, "Alertmanager only") {
						got = append(got, s)
					}
				}
			}
			if a, b := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); a != b {
				t.Errorf("got\n%s\nwant\n%s", a, b)
			}
			for _, d := range all(section, "details") {
				if isOpen(d) {
					t.Errorf("got %q open, want it closed", text(d))
				}
			}
		})
	}
	if n := len(classed(pageOf(t, reporttest.Daily(t)), "own")); n != 0 {
		t.Errorf("got %d sections where nobody looked, want none", n)
	}
}
