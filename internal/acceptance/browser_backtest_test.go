//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/words"
)

// TestBrowserBacktest opens the page of back-tests in Chromium, in both languages, with words that
// try to break out.
func TestBrowserBacktest(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	for _, l := range words.Languages() {
		t.Run(string(l), func(t *testing.T) {
			body, err := tuning.Page(tuning.Info{
				Cluster: "prod", Report: "check", Language: l, Version: "1.0.0",
				Server: "Prometheus 3.15.0", Command: "promsnap backtest check --since 30d",
			}, []backtest.Result{
				backtesttest.Memory(), backtesttest.Disk(), backtesttest.Calm(),
				backtesttest.Short(), backtesttest.Hostile(evil),
			})
			if err != nil {
				t.Fatal(err)
			}
			page := filepath.Join(t.TempDir(), "index.html")
			if err := os.WriteFile(page, body, 0o600); err != nil {
				t.Fatal(err)
			}
			saw := browse(t, "plain", page, t.ArtifactDir())
			checkQuiet(t, saw)
			for what, broken := range map[string][]string{
				"axe-core, light": saw.AxeLight, "axe-core, dark": saw.AxeDark,
				"axe-core, phone": saw.AxePhone, "html-validate": saw.Invalid,
			} {
				if len(broken) > 0 {
					t.Errorf("%s: %d violations, want none:\n%s", what, len(broken),
						strings.Join(broken[:min(len(broken), 10)], "\n"))
				}
			}
			if saw.WideOverflow > 0 || saw.PhoneOverflow > 0 {
				t.Errorf("the page overflows by %v px on a desktop and by %v px on a phone, want 0",
					saw.WideOverflow, saw.PhoneOverflow)
			}
			if want := "warning: 84%, critical: 90%"; !strings.Contains(saw.Text, want) {
				t.Errorf("got %q, want %q in it", saw.Text, want)
			}
		})
	}
}
