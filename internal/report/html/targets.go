package html

import (
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// targetsView is the section about what Prometheus scrapes.
type targetsView struct {
	*report.Targets
	W *words.Targets
	// how many are left out of each table; "" if none are
	DownMore, VanishedMore, JobsMore string
}

// targets returns the section about what Prometheus scrapes, nil if nobody looked.
func (l layout) targets() *targetsView {
	if l.Targets == nil {
		return nil
	}
	more := func(n int) string {
		if n == 0 {
			return ""
		}
		return l.words.Targets.More.Of(n)
	}
	return &targetsView{
		Targets: l.Targets, W: &l.words.Targets, DownMore: more(l.Targets.DownLeft),
		VanishedMore: more(l.Targets.VanishedLeft), JobsMore: more(l.Targets.JobsLeft),
	}
}
