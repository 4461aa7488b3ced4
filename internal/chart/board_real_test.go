package chart_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/testdata/dashboards"
	"github.com/promsnap/promsnap/testdata/race"
)

// realBoards returns real dashboards with made-up answers, by their files' names.
func realBoards(t testing.TB) map[string]*board.Board {
	t.Helper()
	boards := map[string]*board.Board{}
	for name, file := range dashboards.Files(t) {
		boards[strings.TrimSuffix(name, ".json")] = reporttest.Board(t, file)
	}
	return boards
}

// opened returns a board with every row open.
func opened(b *board.Board) *board.Board {
	open := *b
	open.Rows = append([]board.Row(nil), b.Rows...)
	for i := range open.Rows {
		open.Rows[i].Collapsed = false
	}
	return &open
}

// Each real dashboard becomes a picture of a limited size, the same every time. PROMSNAP_PICTURES
// names a directory for the pictures.
func TestPicturesOfRealDashboards(t *testing.T) {
	race.SkipSerial(t)
	for name, b := range realBoards(t) {
		for kind, o := range map[string]chart.BoardOptions{
			"": {}, "@2x": {Scale: 2}, "-dark": {Dark: true}, "-phone": {Phone: true, Scale: 2},
			"-open": {Scale: 1},
		} {
			shown := b
			if kind == "-open" {
				shown = opened(b)
			}
			file, err := chart.BoardPNG(shown, o)
			if err != nil {
				t.Fatalf("%s%s: got %v, want a picture", name, kind, err)
			}
			if kind == "-phone" {
				again, err := chart.BoardPNG(shown, o)
				if err != nil || !bytes.Equal(file, again) {
					t.Errorf("%s: got other bytes the second time, want the same: %v", name, err)
				}
			}
			size, err := png.DecodeConfig(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if pixels := size.Width * size.Height; pixels > 30_000_000 {
				t.Errorf("%s%s: got %d pixels, want at most 30 million", name, kind, pixels)
			}
			t.Logf("%s%s: %d × %d, %d kB", name, kind, size.Width, size.Height, len(file)/1000)
			if out := os.Getenv("PROMSNAP_PICTURES"); out != "" {
				path := filepath.Join(out, fmt.Sprintf("%s%s.png", name, kind))
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
