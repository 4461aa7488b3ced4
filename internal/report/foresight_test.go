package report_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// equalLines compares lines.
func equalLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "),
			strings.Join(want, "\n     "))
	}
}

func inKorean(r *report.Report) *report.Report {
	in := r.Info
	in.Language = words.Korean
	return report.Build(in, r.Panels)
}

func TestFills(t *testing.T) {
	english := reporttest.Foresight(t)
	for _, c := range []struct {
		report *report.Report
		want   []string
	}{
		{english, []string{
			"ip-10-0-1-19 /dev/nvme0n1p1 86.3 %, 173 of 200 GiB: already above 85 %, where the " +
				"kubelet deletes images",
			"ip-10-0-1-16 96 %: full tomorrow: 4.4 % a day since it changed on Fri 13 Nov",
			"ip-10-0-1-13 /dev/nvme0n1p1 81.5 %, 163 of 200 GiB: reaches 85 % in about 5 days " +
				"(3–8): 1.43 GiB a day, higher than a week before on 21 of 21 days",
			"ip-10-0-1-24 /dev/nvme0n1p1 76.2 %, 152 of 200 GiB: may reach 85 % in about 2 weeks " +
				"(1–5): 1.04 GiB a day, higher than a week before on 19 of 21 days",
		}},
		{inKorean(english), []string{
			"ip-10-0-1-19 /dev/nvme0n1p1 86.3%, 173 / 200 GiB: 이미 85% 초과 (kubelet이 이미지를 " +
				"지우는 수준)",
			"ip-10-0-1-16 96%: 내일 가득 참: 하루 4.4% (11월 13일 (금)에 변화한 이후)",
			"ip-10-0-1-13 /dev/nvme0n1p1 81.5%, 163 / 200 GiB: 약 5일 후(3~8일) 85% 도달: " +
				"하루 1.43 GiB, 21일 중 21일 1주 전보다 높음",
			"ip-10-0-1-24 /dev/nvme0n1p1 76.2%, 152 / 200 GiB: 약 2주 후(1~5주) 85% 도달 가능: " +
				"하루 1.04 GiB, 21일 중 19일 1주 전보다 높음",
		}},
	} {
		var got []string
		for _, f := range c.report.Fills {
			level := f.Level
			if f.Used != "" {
				level += ", " + f.Used
			}
			got = append(got, f.Name+" "+level+": "+f.Sentence)
		}
		equalLines(t, "fills", got, c.want)
	}
	if english.FillsMore != 0 {
		t.Errorf("more fills: got %d, want 0", english.FillsMore)
	}
}

func TestFillsAreExplained(t *testing.T) {
	var got []string
	for _, f := range reporttest.Foresight(t).Fills[1:] {
		got = append(got, f.Explained)
	}
	equalLines(t, "explanations", got, []string{
		"It changed on Fri 13 Nov, and only the days since then count. It grows 4.4 % a day, and " +
			"4 % is left to 100 %. promsnap had only 15 days of data.",
		"On 21 of 21 days, the highest value was above that of a week before. It grows 1.43 GiB " +
			"a day, and 7 GiB is left to 85 %. At the growth that seven in ten of its weeks " +
			"exceeded, that is in about 6 days. The range of 3–8 days is at least 0.6 to 1.6 " +
			"times the days, and wider if its weeks differ more. It held for 92 % of the " +
			"forecasts of disks that simply grew. At 85 % the kubelet begins to delete images, and later pods.",
		"On 19 of 21 days, the highest value was above that of a week before. It grows 1.04 GiB " +
			"a day, and 17.6 GiB is left to 85 %. At the growth that seven in ten of its weeks " +
			"exceeded, that is in about 5 weeks. The range of 10–33 days is at least 0.6 to 1.6 " +
			"times the days, and wider if its weeks differ more. It held for 92 % of the " +
			"forecasts of disks that simply grew. At 85 % the kubelet begins to delete images, and later pods.",
	})
}

func TestReasonsOfSeriesWithoutForecast(t *testing.T) {
	r := reporttest.Foresight(t)
	for i := range r.Panels {
		if r.Panels[i].Spec.Name != "node-disk" {
			continue
		}
		var got []string
		for _, f := range r.Forecasts(&r.Panels[i])[2:] {
			got = append(got, f.Node+" "+f.Level+": "+f.Sentence)
		}
		equalLines(t, "reasons", got, []string{
			"ip-10-0-1-19 86.3 %: already above 85 %, where the kubelet deletes images",
			"ip-10-0-1-18 74 %: no forecast: it has come down by itself from this level, last on " +
				"Tuesday",
			"ip-10-0-1-20 70 %: no forecast: it changed yesterday, so it is too early to say",
			"ip-10-0-1-25 66 %: at 1.04 GiB a day, its limit is further away than the 15 days of " +
				"data that count",
		})
	}
}

func TestMoves(t *testing.T) {
	english := reporttest.Foresight(t)
	for _, c := range []struct {
		report *report.Report
		want   []string
	}{
		{english, []string{
			"+29.7 MB/s: network traffic of ip-10-0-1-17 rose from 12 to 41.7 MB/s since Fri 13 " +
				"Nov 09:00 (usual Saturdays: 11–14 MB/s)",
			"+3.5 GiB: memory of shop/checkout/app rose from 41 to 63 % since Wednesday 11:00 (usual " +
				"Saturdays: 40–43 %)",
			"14 min before: image of shop/checkout 1.41 → 1.42",
			"+2.1 GiB: shop/search/app is new since yesterday 20:00: memory 13.1 %",
			"−1.2 GiB: memory of shop/cart/app fell from 30 to 23 % since 02:00 (compared with " +
				"yesterday only)",
		}},
		{inKorean(english), []string{
			"+29.7 MB/s: ip-10-0-1-17 network traffic: 11월 13일 (금) 09:00부터 12 → 41.7 MB/s " +
				"증가 (평소 토요일: 11~14 MB/s)",
			"+3.5 GiB: shop/checkout/app memory: 수요일 11:00부터 41 → 63% 증가 (평소 토요일: 40~43%)",
			"시작 14분 전: shop/checkout 이미지 1.41 → 1.42",
			"+2.1 GiB: shop/search/app: 어제 20:00부터 새로 생김, memory 13.1%",
			"−1.2 GiB: shop/cart/app memory: 02:00부터 30 → 23% 감소 (어제하고만 비교)",
		}},
	} {
		var got []string
		for _, m := range slices.Concat(c.report.Up, c.report.Down) {
			got = append(append(got, m.Amount.Text+": "+m.Sentence), m.Changes...)
		}
		equalLines(t, "moves", got, c.want)
	}
	if english.UpMore != 2 || english.DownMore != 0 {
		t.Errorf("more moves: got %d up and %d down, want 2 and 0", english.UpMore,
			english.DownMore)
	}
}

func TestSummarySaysWhatFillsAndWhatChanged(t *testing.T) {
	lines := reporttest.Foresight(t).Summary()
	equalLines(t, "last lines", lines[len(lines)-6:], []string{
		"Fills next: ip-10-0-1-19 /dev/nvme0n1p1 disk already above 85 %, where the kubelet " +
			"deletes images",
		"Fills next: ip-10-0-1-16 memory requests full tomorrow: 4.4 % a day since it changed on " +
			"Fri 13 Nov; 2 more fill later",
		"Changed since last week: ip-10-0-1-17 network traffic 12 → 41.7 MB/s (+29.7 MB/s), " +
			"since Fri 13 Nov 09:00",
		"Changed since last week: shop/checkout/app memory 41 → 63 % (+3.5 GiB), since Wednesday 11:00; " +
			"14 min before: image of shop/checkout 1.41 → 1.42",
		"Changed since last week: shop/search/app memory 13.1 % (new), since yesterday 20:00",
		"3 critical, 2 warning, 2 no data, 1 failed; 40/42 nodes",
	})
}

// A series with many gaps has no forecast either, and it is not said to have little data.
func TestReasonOfTooLittleHistory(t *testing.T) {
	r := reporttest.Foresight(t)
	i := slices.IndexFunc(r.Panels, func(p snapshot.Panel) bool {
		return p.Spec.Name == "node-disk"
	})
	f := &r.Panels[i].History.Forecasts[2]
	f.Why, f.Days = forecast.TooShort, math.NaN()
	for _, tc := range []struct {
		days    time.Duration
		stepped bool
		want    string
	}{
		{13, false, "no forecast: less than 14 days of data"},
		{27, false, "no forecast: too many gaps in its data"},
		{9, true, "no forecast: too many gaps in its data"},
	} {
		f.Since, f.Stepped = r.Info.Slot.Add(-tc.days*24*time.Hour), tc.stepped
		if got := r.Forecasts(&r.Panels[i])[2].Sentence; got != tc.want {
			t.Errorf("%d days: got %q, want %q", tc.days, got, tc.want)
		}
	}
}
