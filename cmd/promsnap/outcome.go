package main

import (
	"encoding/json"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/notify"
)

// outcomeJSON is what -o json prints: enough for a pipeline to decide. report.json has the full
// report.
type outcomeJSON struct {
	Reports []reportJSON `json:"reports"`
}

type reportJSON struct {
	app.Brief
	Location      string        `json:"location,omitempty"`
	NodesMeasured int           `json:"nodes_measured"`
	NodesTotal    int           `json:"nodes_total"`
	Findings      []findingJSON `json:"findings"`
	Failures      []failureJSON `json:"failures"`
	Sent          []sentJSON    `json:"sent,omitempty"`
	Drafts        []draftJSON   `json:"drafts,omitempty"`
}

type findingJSON struct {
	Status   string `json:"status"`
	Severity string `json:"severity,omitempty"`
	Panel    string `json:"panel"`
	Name     string `json:"name"`
	Sentence string `json:"sentence"`
}

type sentJSON struct {
	Receiver string `json:"receiver"`
	Kind     string `json:"kind,omitempty"` // of a message
	Alerts   int    `json:"alerts,omitempty"`
	Location string `json:"location,omitempty"`
	ID       string `json:"id,omitempty"`
	Error    string `json:"error,omitempty"`
}

type draftJSON struct {
	Receiver string   `json:"receiver"`
	Kind     string   `json:"kind"`
	Step     string   `json:"step"`
	Text     string   `json:"text"`
	File     string   `json:"file"`
	Pictures []string `json:"pictures,omitempty"`
}

type failureJSON struct {
	Panel string `json:"panel"`
	Error string `json:"error"`
}

func (p *printer) finishJSON(o app.Outcome) error {
	out := outcomeJSON{Reports: []reportJSON{}}
	for _, res := range o.Results {
		r := res.Report
		j := reportJSON{
			Brief: res.Brief(), Location: res.Receipt.Location, NodesMeasured: r.NodesMeasured,
			NodesTotal: r.NodesTotal,
			Findings:   []findingJSON{}, Failures: []failureJSON{},
		}
		for _, f := range r.Findings {
			j.Findings = append(j.Findings, findingJSON{
				Status: f.Status.String(), Severity: f.Severity.String(), Panel: f.Panel,
				Name: f.Name, Sentence: f.Sentence,
			})
		}
		for _, f := range r.Failures {
			j.Failures = append(j.Failures, failureJSON{Panel: f.Panel, Error: f.Error})
		}
		for _, s := range res.Sent {
			j.Sent = append(j.Sent, sentOf(s))
		}
		for _, d := range res.Drafts {
			j.Drafts = append(j.Drafts, draftJSON{
				d.Receiver, d.Kind.String(), d.Step, d.Text, d.File, d.Pictures,
			})
		}
		out.Reports = append(out.Reports, j)
	}
	e := json.NewEncoder(p.c.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func sentOf(s notify.Sent) sentJSON {
	j := sentJSON{Receiver: s.Receiver, Location: s.Receipt.Location, ID: s.Receipt.ID}
	if s.Message != nil {
		j.Kind, j.Alerts = s.Message.Kind.String(), len(s.Message.Items)
	}
	if s.Err != nil {
		j.Error = s.Err.Error()
	}
	return j
}
