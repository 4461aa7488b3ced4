package snapshot_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// podExporters is a server whose node_exporters are pods with their own addresses.
type podExporters []podExporter

// podExporter exists from one time before the slot to another.
type podExporter struct {
	node, pod, ip string
	from, to      time.Duration
	used          float64 // what its disk would be at the slot; it grows by a percent a day
}

func (e podExporters) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	meta := promapi.Meta{Expr: q.Expr, Grid: q.Grid}
	for _, one := range e {
		var ls series.Labels
		value := func(time.Duration) float64 { return 1 }
		switch {
		case strings.Contains(q.Expr, "kube_pod_info"):
			ls = series.FromPairs("namespace", "mon", "node", one.node, "pod", one.pod, "pod_ip",
				one.ip)
		case strings.Contains(q.Expr, "node_uname_info"):
			ls = series.FromPairs("instance", one.ip+":9100", "namespace", "mon", "nodename",
				one.pod, "pod", one.pod)
		case strings.Contains(q.Expr, "internal_ip"):
			ls = series.FromPairs("internal_ip", "10.0.0."+one.node[1:], "node", one.node)
		case strings.HasPrefix(q.Expr, "node_used"):
			ls = series.FromPairs("instance", one.ip+":9100")
			value = grows(one.used)
		default:
			continue
		}
		values := make([]float64, q.Grid.Len)
		for i := range values {
			ago := slot.Add(-time.Minute).Sub(q.Grid.At(i))
			if values[i] = math.NaN(); ago < one.from && ago >= one.to {
				values[i] = value(ago)
			}
		}
		if series.Newest(values) < 0 {
			continue
		}
		if err := each(series.Series{Labels: ls, Values: values}); err != nil {
			return meta, err
		}
	}
	return meta, nil
}

func (podExporters) Present(context.Context, []string, time.Time,
	time.Time) (map[string]bool, error) {
	return nil, nil
}

// An exporter with the address of its pod has another one after each restart. The history of the
// node goes on.
func TestTakeHistoryOfRestartedExporters(t *testing.T) {
	const days = 24 * time.Hour
	server := podExporters{
		{"n1", "exporter-a", "10.1.1.5", 90 * days, 20 * days, 0.7},
		{"n1", "exporter-b", "10.1.1.6", 20 * days, 3 * days, 0.7},
		{"n1", "exporter-c", "10.1.1.7", 3 * days, 0, 0.7},
		// it got the address that n1 had
		{"n2", "exporter-d", "10.1.2.5", 90 * days, 2 * days, 0.5},
		{"n2", "exporter-e", "10.1.1.5", 2 * days, 0, 0.5},
	}
	o := options(time.Hour)
	var err error
	if o.Nodes, _, err = snapshot.LoadNodes(t.Context(), server, o.End(), o.Range); err != nil {
		t.Fatal(err)
	}
	spec := disk
	spec.Builtin = true
	panels := snapshot.Take(t.Context(), server, []panel.Spec{spec}, o)
	snapshot.TakeHistory(t.Context(), server, panels, o, nil)
	h := panels[0].History
	if h == nil || len(panels[0].Rows) != 2 {
		t.Fatalf("got %d rows, the history %v and the notes %v; want two rows with a history",
			len(panels[0].Rows), h, panels[0].Notes)
	}
	if len(h.Up) > 0 {
		t.Errorf("got %+v as new or risen, want nothing", h.Up)
	}
	n1 := panels[0].ForecastOf("", series.FromPairs("node", "n1"))
	if n1 == nil || n1.Why != "" || math.Abs(n1.Days-15) > 1 {
		t.Errorf("n1: got %+v, want a forecast of about 15 days", n1)
	}
	n2 := panels[0].ForecastOf("", series.FromPairs("node", "n2"))
	if n2 == nil || n2.Why != forecast.TooFar {
		t.Errorf("n2: got %+v, want no forecast because 35 days are too far", n2)
	}
}
