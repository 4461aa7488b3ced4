package json

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// DocForecast says when a series reaches the limit of its panel's forecasts, or in Why that this
// cannot be said. Level is its newest daily high; Days is how many days are left, between Lo and
// Hi, and SureDays how many at a growth that seven in ten weeks exceeded. Sure means that SureDays
// is within the horizon of the panel. Rate is the growth a day. Grew of the Weeks pairs of days a
// week apart show growth. Since is when the history that counts begins.
type DocForecast struct {
	Panel     string            `json:"panel"`
	Name      string            `json:"name"`
	Node      string            `json:"node,omitempty"`
	Ref       string            `json:"ref,omitempty"`
	Labels    map[string]string `json:"labels"`
	Why       string            `json:"why,omitempty"`
	Level     Number            `json:"level"`
	Limit     Number            `json:"limit"`
	Capacity  Number            `json:"capacity"`
	Days      Number            `json:"days"`
	Lo        Number            `json:"lo_days"`
	Hi        Number            `json:"hi_days"`
	SureDays  Number            `json:"sure_days"`
	Sure      bool              `json:"sure,omitempty"`
	Rate      Number            `json:"rate"`
	Grew      int               `json:"grew" jsonschema:"minimum=0"`
	Weeks     int               `json:"weeks" jsonschema:"minimum=0"`
	Since     *time.Time        `json:"since,omitempty"`
	At        *time.Time        `json:"at,omitempty"` // when the limit is reached
	Sentence  string            `json:"sentence,omitempty"`
	Explained string            `json:"explained,omitempty"`
}

// DocMoved is what changed since last week: the series that a reader sees, the most important
// first, and how many more there are.
type DocMoved struct {
	Up       []DocMove `json:"up"`
	Down     []DocMove `json:"down"`
	UpMore   int       `json:"up_more" jsonschema:"minimum=0"`
	DownMore int       `json:"down_more" jsonschema:"minimum=0"`
}

// DocMove is a series whose level changed. From is the usual level of this weekday and To that of
// the last 24 hours; Low and High are the lowest and the highest level of this weekday in the Weeks
// that were compared. With 0 weeks it is compared with yesterday. A new series has none of these
// but To. Amount is the change in the unit of the panel's capacity, else in that of the panel.
type DocMove struct {
	Panel    string            `json:"panel"`
	Name     string            `json:"name"`
	Node     string            `json:"node,omitempty"`
	Labels   map[string]string `json:"labels"`
	New      bool              `json:"new,omitempty"`
	From     Number            `json:"from"`
	To       Number            `json:"to"`
	Low      Number            `json:"low"`
	High     Number            `json:"high"`
	Weeks    int               `json:"weeks" jsonschema:"minimum=0"`
	Amount   Number            `json:"amount"`
	Capacity Number            `json:"capacity"`
	Since    time.Time         `json:"since"`
	Sentence string            `json:"sentence"`
	Changes  []string          `json:"changes,omitempty"`
}

// docForecasts returns forecasts, of which there are few.
func docForecasts(fills []report.Fill) []DocForecast {
	var out []DocForecast
	for i := range fills {
		f, of := &fills[i], fills[i].Of
		d := DocForecast{
			Panel: f.Panel, Name: f.Name, Node: f.Node, Ref: f.Ref, Labels: labelMap(of.Labels),
			Why: string(of.Why), Level: Number(of.Level), Limit: Number(of.Limit),
			Capacity: Number(of.Capacity), Days: Number(of.Days), Lo: Number(of.Lo),
			Hi: Number(of.Hi), SureDays: Number(of.Sure), Sure: f.Sure, Rate: Number(of.Rate),
			Grew: of.Grew, Weeks: of.Weeks, Since: known(of.Since), Sentence: f.Sentence,
			Explained: f.Explained,
		}
		if of.Why == "" {
			d.At = known(f.At)
		}
		out = append(out, d)
	}
	return out
}

// docMoved returns what changed, or nil if no panel was compared with the weeks before.
func docMoved(r *report.Report) *DocMoved {
	if !slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
		return p.History != nil && p.Spec.Change != nil
	}) {
		return nil
	}
	return &DocMoved{docMoves(r.Up), docMoves(r.Down), r.UpMore, r.DownMore}
}

func docMoves(moves []report.Move) []DocMove {
	out := []DocMove{}
	for i := range moves {
		m, of := &moves[i], moves[i].Of
		out = append(out, DocMove{
			m.Panel, m.Name, m.Node, labelMap(of.Labels), of.New, Number(of.From), Number(of.To),
			Number(of.Low), Number(of.High), of.Weeks, Number(m.Amount.Value), Number(of.Capacity),
			of.Begin.UTC(), m.Sentence, m.Changes,
		})
	}
	return out
}
