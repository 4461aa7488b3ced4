package app

import (
	"strings"
	"testing"
)

func TestCheckQuestion(t *testing.T) {
	for expr, want := range map[string]string{
		"up": "", "1": "", "sum(rate(a_total[5m]))": "", "metricsql default 0": "",
		"":                   "the query is empty",
		"a_total[5m]":        "such as rate(a_total[5m])",
		"a_bytes[5m]":        "such as max_over_time(a_bytes[5m])",
		`"text"`:             "the query is a text",
		"rate(a[$interval])": "the variable $interval, which has no value here",
	} {
		err := checkQuestion(expr)
		if got := errorText(err); !strings.Contains(got, want) || (want == "") != (err == nil) {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
