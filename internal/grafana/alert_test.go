package grafana

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/rules"
)

func TestAlertRules(t *testing.T) {
	condition := func(ref, kind, reducer, operator string, params ...float64) AlertCondition {
		return AlertCondition{
			RefID: ref, From: "5m", To: "now", Reducer: reducer, Type: kind, Params: params,
			Operator: operator,
		}
	}
	for _, tt := range []struct {
		name    string
		alert   *Alert
		want    []rules.Rule
		differs []string
	}{
		{name: "none"},
		{
			name: "above",
			alert: &Alert{Name: "High", For: "5m", NoData: "no_data", Conditions: []AlertCondition{
				condition("A", "gt", "last", "and", 90)}},
			want: []rules.Rule{
				{Name: "High", Ref: "A", Warning: rules.At(90), For: 5 * time.Minute},
			},
		},
		{
			name: "below, of a mean",
			alert: &Alert{
				NoData: "keep_state", Conditions: []AlertCondition{
					condition("A", "lt", "avg", "and", 1),
				},
			},
			want: []rules.Rule{{
				Name: "Panel", Ref: "A", Direction: rules.Below, Warning: rules.At(1),
				NoData: rules.ResolveOnNoData,
			}},
			differs: []string{"its alert judges every sample, and not the avg of 5m"},
		},
		{
			name: "outside of a range, or above",
			alert: &Alert{Name: "Odd", Conditions: []AlertCondition{
				condition("A", "outside_range", "last", "and", 9, 1),
				condition("A", "gt", "last", "or", 5)}},
			want: []rules.Rule{
				{Name: "Odd", Ref: "A", Direction: rules.Below, Warning: rules.At(1)},
				{Name: "Odd (2)", Ref: "A", Warning: rules.At(9)},
				{Name: "Odd (3)", Ref: "A", Warning: rules.At(5)},
			},
		},
		{
			name: "both of two",
			alert: &Alert{Conditions: []AlertCondition{
				condition("A", "gt", "last", "and", 1), condition("A", "gt", "last", "and", 1)}},
			differs: []string{"its alert is left out, because all of several conditions must hold"},
		},
		{
			name: "conditions that are not known",
			alert: &Alert{Conditions: []AlertCondition{
				condition("A", "no_value", "last", "and"), condition("B", "gt", "last", "or", 1),
				condition("A", "gt", "last", "or")}},
			differs: []string{
				"a condition of its alert is left out: no_value is not known",
				"a condition of its alert is left out: query B is not sent",
				"a condition of its alert is left out: it has no limit",
			},
		},
	} {
		p := Panel{Title: "Panel", Alert: tt.alert, Targets: []Target{
			{RefID: "A", Expr: "up"}, {RefID: "B", Expr: "up", Hide: true}}}
		got, differs := p.AlertRules()
		if diff := cmp.Diff(tt.want, got); diff != "" || !cmp.Equal(differs, tt.differs) {
			t.Errorf("%s: got differences %q, want %q; rules (-want +got):\n%s", tt.name, differs,
				tt.differs, diff)
		}
	}
}
