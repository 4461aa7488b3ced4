package slack

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// slot is 03:10 in Seoul.
var slot = notifytest.Night

const (
	channel = "C0123456789"
	parent  = "1795305600.000001"
	token   = "xoxb-MARKED-0123456789"
)

// blindness returns a message of a kind about promsnap's own alert, for a report that got no answer
// for a quarter of an hour.
func blindness(t testing.TB, k notify.Kind, l words.Language) notify.Delivery {
	t.Helper()
	d := notifytest.NewCluster(0, l).Delivery(t, notify.KindSummary)
	specs := []panel.Spec{
		{
			Name: "node-memory", Title: "Node memory", Queries: []panel.Query{
				{Expr: "memory", Unit: units.PercentUnit},
			},
		}, {Name: "pvc", Title: "Persistent volumes", Queries: []panel.Query{{Expr: "pvc"}}},
	}
	in := d.Report.Info
	in.Nodes, in.ExternalURL = nil, ""
	d.Report = report.Build(in, snapshot.Failed(specs, &promapi.Error{
		Op: "query_range", URL: "http://prometheus-server.monitoring.svc",
		Message: "connection refused",
		Hint: "nothing listens there: check the address and the port, and whether Prometheus " +
			"runs",
	}))
	e := rules.Episode{
		Since: slot.Add(-15 * time.Minute), Last: slot, Worst: rules.Critical, Peak: 1,
		PeakAt: slot.Add(-15 * time.Minute), Found: slot.Add(-10 * time.Minute),
	}
	d.Message = &notify.Message{Kind: k, Items: []notify.Item{{Key: rules.BlindKey}}}
	d.History = nil
	switch k {
	case notify.KindResolved, notify.KindSeenLate:
		e.Ended, e.End = slot, rules.Recovered
		d.Report = notifytest.NewCluster(0, l).Report(t)
	}
	if k == notify.KindResolved || k == notify.KindStillFiring {
		d.Message.Thread = notify.Receipt{Channel: channel, ID: parent}
	}
	d.Message.Items[0].Episode = e
	d.Message.Items[0].Alert = rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: rules.Critical, Value: 1,
		Episodes: []rules.Episode{e},
	}
	return d
}

func kinds() []notify.Kind {
	var all []notify.Kind
	for k := notify.KindNew; k <= notify.KindTest; k++ {
		all = append(all, k)
	}
	return all
}

func options(t testing.TB) Options {
	t.Helper()
	team, err := ParseMention("S0123456789")
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Channel: channel, Token: secret.Inline(token),
		Mentions: map[rules.Severity][]Mention{rules.Critical: {team}},
	}
}

// nan is a missing value.
var nan = rules.Number(math.NaN())
