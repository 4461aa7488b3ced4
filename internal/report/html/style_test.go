package html

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// TestTextCanBeRead checks the contrast of every text colour on every background: WCAG 2.2 requires
// 4.5.
func TestTextCanBeRead(t *testing.T) {
	style := all(pageOf(t, report.Build(reporttest.Info(t, nil), nil)), "style")[0].FirstChild.Data
	themes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, 2)
	if len(themes) != 2 {
		t.Fatalf("got %d themes in the style, want light and dark", len(themes))
	}
	for i, name := range []string{"light", "dark"} {
		colour := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(
			themes[i][1], -1) {
			colour[m[1]] = m[2]
		}
		for _, text := range []string{
			"ink", "muted", "link", "critical", "warning", "nodata", "ok",
		} {
			for _, ground := range []string{
				"paper", "soft", "critical-soft", "warning-soft", "nodata-soft", "ok-soft",
			} {
				if c := contrast(t, colour[text], colour[ground]); c < 4.5 {
					t.Errorf("%s: %s on %s: got a contrast of %.2f, want at least 4.5", name, text,
						ground, c)
				}
			}
		}
		if c := contrast(t, "ffffff", colour["critical-fill"]); c < 4.5 {
			t.Errorf("%s: pill of a critical finding: got a contrast of %.2f, want at least 4.5",
				name, c)
		}
	}
}

// contrast returns the contrast ratio of two sRGB colours by WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		rgb, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			t.Fatalf("colour %q: %v", hex, err)
		}
		linear := func(channel uint64) float64 {
			c := float64(channel&0xff) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8) + 0.0722*linear(rgb)
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
