package report_test

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

const dayOf = 86400.0

// fullIn returns a finding of a rule that waits for disks to be full: value days until then, below
// limit days since 30 hours before the slot.
func fullIn(node int, value, limit float64) snapshot.Finding {
	from := reporttest.Slot.Add(-30 * time.Hour)
	name := reporttest.NodeName(node)
	return snapshot.Finding{
		Name: name + " /dev/nvme0n1p1", Node: name, Capacity: 200 << 30,
		Finding: rules.Finding{
			Rule:   "NodeDiskFills",
			Labels: series.FromPairs("node", name, "device", "/dev/nvme0n1p1"),
			Status: rules.Breach, Severity: rules.Warning, Value: value * dayOf,
			Limit: limit * dayOf,
			Streak: &rules.Streak{
				From: from, To: reporttest.Slot, Peak: (value - 1) * dayOf,
				PeakAt: from, Limit: limit * dayOf, Severity: rules.Warning, Seen: 31,
				Expected: 31,
			},
			Cause: rules.Cause{Kind: rules.CauseRule, Name: "NodeDiskFills"},
		},
	}
}

// ofFillingDisks returns a report with a panel of disks and its findings.
func ofFillingDisks(l words.Language, limit float64, h *snapshot.History,
	found ...snapshot.Finding) *report.Report {
	a, nodes := reporttest.Fleet(20)
	panels := reporttest.Take(a, reporttest.Specs()[2:3])
	p := &panels[0]
	p.Spec.Forecast = &panel.Forecast{Limit: limit, Horizon: 30 * 24 * time.Hour}
	p.Spec.Rules = []rules.Rule{{
		Name: "NodeDiskFills", FullIn: true, Direction: rules.Below, Warning: rules.At(7 * dayOf),
		Critical: rules.At(2 * dayOf), For: 24 * time.Hour,
	}}
	p.Findings, p.History = found, h
	return report.Build(report.Info{
		Cluster: "prod-seoul", Name: "daily", Slot: reporttest.Slot, Range: 24 * time.Hour,
		Nodes: nodes, Language: l,
	}, panels)
}

func TestFullIn(t *testing.T) {
	one, two := fullIn(3, 5.6, 7), fullIn(9, 1.2, 2)
	two.Severity = rules.Critical
	pending, ended, silent, hidden := one, one, one, one
	pending.Status = rules.Pending
	ended.Status, ended.Earlier, ended.Streak = rules.OK, one.Streak, nil
	ended.Value = math.Inf(1)
	silent.Status, silent.Newest = rules.NoData, reporttest.Slot.Add(-time.Hour)
	reached := one
	reached.Value = 0
	open := *one.Streak
	open.Open = true
	hidden.Streak = &open
	history := reporttest.WithHistory(reporttest.Foresight(t).Panels)[2].History
	for _, c := range []struct {
		name, english, korean string
		limit                 float64
		history               *snapshot.History
		of                    snapshot.Finding
	}{
		{
			"share", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % within 6 days; forecast since " +
				"Fri 20 Nov 18:00",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 6일 이내 85% 도달 (11월 20일 (금) 18:00부터 예측)",
			0.85, nil, one,
		},
		{
			"full", "ip-10-0-1-19 /dev/nvme0n1p1 disk full within 2 days; forecast since Fri 20 " +
				"Nov 18:00",
			"ip-10-0-1-19 /dev/nvme0n1p1 disk 2일 이내 가득 참 (11월 20일 (금) 18:00부터 예측)",
			1, nil, two,
		},
		{
			"with its history", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % in about 5 days " +
				"(3–8): 1.43 GiB a day, higher than a week before on 21 of 21 days; forecast " +
				"since Fri 20 Nov 18:00",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 약 5일 후(3~8일) 85% 도달: 하루 1.43 GiB, 21일 중 21일 " +
				"1주 전보다 높음 (11월 20일 (금) 18:00부터 예측)",
			0.85, history, one,
		},
		{
			"pending", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % within 6 days; forecast " +
				"since Fri 20 Nov 18:00; an alert if it lasts 24 h",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 6일 이내 85% 도달 (11월 20일 (금) 18:00부터 예측) " +
				"(24시간 지속되면 알림)",
			0.85, nil, pending,
		},
		{
			"open", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % within 6 days; forecast for at " +
				"least 30 h",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 6일 이내 85% 도달 (30시간 이상 예측 지속)",
			0.85, nil, hidden,
		},
		{
			"reached", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % now; forecast since Fri 20 " +
				"Nov 18:00",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 현재 85% 도달 (11월 20일 (금) 18:00부터 예측)",
			0.85, nil, reached,
		},
		{
			"ended", "ip-10-0-1-13 /dev/nvme0n1p1 disk was forecast from Fri 20 Nov 18:00 to " +
				"00:00 to reach 85 % within 7 days, the soonest forecast was within 5 days",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk: 11월 20일 (금) 18:00~00:00 7일 이내 85% 도달 예측, " +
				"가장 이른 예측 5일 이내",
			0.85, nil, ended,
		},
		{
			"without data", "ip-10-0-1-13 /dev/nvme0n1p1 disk reaches 85 % within 6 days; " +
				"forecast since Fri 20 Nov 18:00; no data since 23:00",
			"ip-10-0-1-13 /dev/nvme0n1p1 disk 6일 이내 85% 도달 (11월 20일 (금) 18:00부터 예측). " +
				"23:00부터 데이터 없음",
			0.85, nil, silent,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ofFillingDisks(words.English, c.limit, c.history, c.of)
			if got := r.Findings[0].Sentence; got != c.english {
				t.Errorf("sentence:\n got %s\nwant %s", got, c.english)
			}
			if got := r.InFull(&r.Findings[0]); got != c.english {
				t.Errorf("in full:\n got %s\nwant %s", got, c.english)
			}
			r = ofFillingDisks(words.Korean, c.limit, c.history, c.of)
			if got := r.Findings[0].Sentence; got != c.korean {
				t.Errorf("sentence in Korean:\n got %s\nwant %s", got, c.korean)
			}
		})
	}
}

func TestFullInOfManyThings(t *testing.T) {
	r := ofFillingDisks(words.English, 0.85, nil, fullIn(3, 2.4, 7), fullIn(9, 5.6, 7))
	want := "disk reaches 85 % within 7 days on 2 of 19 nodes; worst ip-10-0-1-13 " +
		"/dev/nvme0n1p1 within 3 days"
	if got := r.Groups[0].Sentence; got != want {
		t.Errorf("group:\n got %s\nwant %s", got, want)
	}
	f := &r.Findings[0]
	row := r.FindingRow(f)
	got := []string{f.Value, f.Limit, f.Beyond(), f.Peak, f.Reaches, row.Value, row.Limit}
	equalLines(t, "figures", got, []string{
		"within 3 days", "7 days", "", "within 2 days", "reaches 85 % within 3 days",
		"within 3 days", "7 days",
	})
	if row.Course.Limit != 0.85 || row.Course.Below {
		t.Errorf("limit of the course: got %v, below %v, want 0.85, above", row.Course.Limit,
			row.Course.Below)
	}
	if g := r.Sections()[0].Panels[0].Glance; !math.IsNaN(g.Course.Limit) {
		t.Errorf("limit of the glance: got %v, want none", g.Course.Limit)
	}
}

func TestFindingSaysWhenItsSeriesIsFull(t *testing.T) {
	a, nodes := reporttest.Fleet(20)
	panels := reporttest.WithHistory(reporttest.Take(a, reporttest.Specs()[2:3]))
	f := &panels[0].History.Forecasts[0]
	f.Labels = panels[0].Findings[0].Labels
	build := func() report.Finding {
		return report.Build(reporttest.Info(t, nodes), panels).Findings[0]
	}
	got := []string{build().Sentence}
	f.Why, f.Since = forecast.TooEarly, reporttest.Slot.Add(-50*time.Hour)
	got = append(got, build().Sentence)
	f.Why = forecast.Reached
	got = append(got, build().Sentence)
	equalLines(t, "sentences", got, []string{
		"ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % (172 of 200 GiB) since 03:02; reaches 85 % in " +
			"about 5 days (3–8)",
		"ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % (172 of 200 GiB) since 03:02; no forecast: it " +
			"changed on Friday, so it is too early to say",
		"ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % (172 of 200 GiB) since 03:02; already above 85 %, " +
			"where the kubelet deletes images",
	})
}
