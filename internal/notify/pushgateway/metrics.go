package pushgateway

import (
	"bytes"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

// text returns the metrics of a run: gauges in Prometheus' text format. They hold what is known at
// the push, which is after messages were sent and before later receivers are called.
func text(d notify.Delivery) ([]byte, error) {
	var out bytes.Buffer
	for _, family := range families(d) {
		if _, err := expfmt.MetricFamilyToText(&out, family); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func families(d notify.Delivery) []*dto.MetricFamily {
	r := d.Report
	series := 0
	for i := range r.Panels {
		series += r.Panels[i].Total
	}
	slot := seconds(r.Info.Slot)
	out := []*dto.MetricFamily{
		gauge("promsnap_run_slot_timestamp_seconds", "The slot of the newest run, in seconds "+
			"since 1970.", sample(slot)),
		gauge("promsnap_run_panels", "Panels of the report.", sample(float64(len(r.Panels)))),
		gauge("promsnap_run_panels_failed", "Panels whose query failed.",
			sample(float64(len(r.Failures)))),
		gauge("promsnap_run_series", "Series in the answers of all panels.",
			sample(float64(series))),
		gauge("promsnap_run_findings", "Checks with a finding, by severity; a check is a series "+
			"of a panel that has rules.",
			sample(float64(r.Critical), "severity", rules.Critical.String()),
			sample(float64(r.Warning), "severity", rules.Warning.String())),
		gauge("promsnap_run_deliveries", "Messages and files sent to receivers before this push, "+
			"by result.",
			sample(float64(d.Run.Failed), "result", "failed"),
			sample(float64(d.Run.Delivered), "result", "ok")),
	}
	if d.Run.Took > 0 {
		out = append(out, gauge("promsnap_run_duration_seconds", "How long the run took up to "+
			"this push, in seconds.", sample(d.Run.Took.Seconds())))
	}
	if succeeded(d) {
		out = append(out, gauge("promsnap_last_success_timestamp_seconds",
			"The slot of the newest run without a failure, in seconds since 1970.", sample(slot)))
	}
	return out
}

// succeeded reports whether nothing in the run has failed so far.
func succeeded(d notify.Delivery) bool {
	return d.Run.Failed == 0 && len(d.Report.Failures) == 0 && d.Report.Info.Incomplete.IsZero() &&
		d.MemoryLost == "" && !d.Unwritten
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func gauge(name, help string, samples ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{
		Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: samples,
	}
}

func sample(v float64, labels ...string) *dto.Metric {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &v}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	return m
}
