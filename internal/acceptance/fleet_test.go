//go:build acceptance

package acceptance

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// fleet is a Prometheus over nodes whose memory is above its limit at times.
type fleet map[string][]incident

// incident is a time in which a node is above its limit, from its first minute to its last.
type incident struct{ from, to time.Time }

func (f fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/v1/query_range":
		f.queryRange(w, r)
	case "/api/v1/status/buildinfo":
		always(`{"version":"3.15.0"}`)(w, r)
	default:
		always(`[]`)(w, r)
	}
}

func (f fleet) queryRange(w http.ResponseWriter, r *http.Request) {
	type line struct {
		Metric lbl      `json:"metric"`
		Values [][2]any `json:"values"`
	}
	lines := []line{}
	from, err1 := strconv.ParseFloat(r.FormValue("start"), 64)
	to, err2 := strconv.ParseFloat(r.FormValue("end"), 64)
	step, err3 := strconv.ParseFloat(r.FormValue("step"), 64)
	if err1 != nil || err2 != nil || err3 != nil || step < 1 {
		http.Error(w, "start, end and step are seconds here", http.StatusBadRequest)
		return
	}
	if r.FormValue("query") == fleetQuery {
		for node, incidents := range f {
			l := line{Metric: lbl{"node": node}}
			for at := from; at <= to; at += step {
				l.Values = append(l.Values, [2]any{at, used(incidents, time.Unix(int64(at), 0))})
			}
			lines = append(lines, l)
		}
	}
	body, err := json.Marshal(lines)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	always(`{"resultType":"matrix","result":`+string(body)+`}`)(w, r)
}

// fleetQuery is the one query that a fleet answers.
const fleetQuery = "node_memory_used_ratio"

func used(incidents []incident, at time.Time) string {
	for _, in := range incidents {
		if !at.Before(in.from) && !at.After(in.to) {
			return "0.95"
		}
	}
	return "0.5"
}
