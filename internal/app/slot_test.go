package app

import (
	"strings"
	"testing"
	"time"
)

func TestParseSlot(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 45, 123, time.UTC)
	for _, tc := range []struct{ in, want, err string }{
		{"now", "2026-11-22T09:30:00Z", ""},
		{"now-2h", "2026-11-22T07:30:00Z", ""},
		{"now-1d", "2026-11-21T09:30:00Z", ""},
		{"2026-11-22T09:00:00+09:00", "2026-11-22T00:00:00Z", ""},
		{"2026-11-22T09:00:00.9Z", "2026-11-22T09:00:00Z", ""},
		{"now+2h", "", "now or now-2h"},
		{"now-", "", "now or now-2h"},
		{"yesterday", "", "now or now-2h"},
		{"", "", "now or now-2h"},
		{"2026-11-22T09:31:45Z", "2026-11-22T09:31:45Z", ""}, // two clocks
		{"2026-11-22T09:31:46Z", "", "is in the future"},
		{"1969-12-31T23:59:59Z", "", "from 1970 to 2200"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""},
		{"now-56y", "1970-12-06T09:30:00Z", ""},
		{"now-60y", "", "from 1970 to 2200"},
		{"2024-02-29T23:59:59-12:00", "2024-03-01T11:59:59Z", ""},
		{"2023-02-29T00:00:00Z", "", "is not a time"},
		{"2200-01-01T00:00:00Z", "", "is in the future"},
		{"99999-01-01T00:00:00Z", "", "is not a time"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			got, err := ParseSlot(tc.in, now)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil || got.Format(time.RFC3339) != tc.want {
				t.Fatalf("got %v, %v; want %s", got, err, tc.want)
			}
		})
	}
}
