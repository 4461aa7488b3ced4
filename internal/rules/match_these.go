package rules

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// fewValues is how many values of a label a person reads in a matcher.
const fewValues = 5

// MatchersFor returns short matchers that match all of these alerts and none of the others, or nil
// if there are none.
func MatchersFor(these, others []Alert) Matchers {
	for _, most := range []int{fewValues, 1, len(these)} {
		for _, labelsOf := range []func(Alert) map[string]string{byName, ownLabels, andPanel} {
			ms := matchersFor(these, labelsOf, most)
			if len(ms.String()) <= maxMatchers && ms.separate(these, others) {
				return ms
			}
		}
	}
	return nil
}

// separate reports whether matchers match all of these alerts and none of the others.
func (ms Matchers) separate(these, others []Alert) bool {
	matched := func(a Alert) bool { return ms.Match(a.Label) }
	return len(ms) > 0 && !slices.ContainsFunc(others, matched) &&
		!slices.ContainsFunc(these, func(a Alert) bool { return !matched(a) })
}

// matchersFor returns a matcher for each label that all of these alerts have with at most so many
// values, alertname first.
func matchersFor(these []Alert, labelsOf func(Alert) map[string]string, most int) Matchers {
	values, has := map[string]map[string]bool{}, map[string]int{}
	for _, a := range these {
		for name, value := range labelsOf(a) {
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
			has[name]++
		}
	}
	var ms Matchers
	for _, name := range slices.SortedFunc(maps.Keys(values), alertnameFirst) {
		if has[name] < len(these) || len(values[name]) > most {
			continue
		}
		m, err := matcherOf(name, slices.Sorted(maps.Keys(values[name])))
		if err != nil {
			return nil
		}
		ms = append(ms, m)
	}
	return ms
}

func alertnameFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == labels.AlertName:
		return -1
	case b == labels.AlertName:
		return 1
	}
	return strings.Compare(a, b)
}

// matcherOf returns a matcher of a label for any of its values.
func matcherOf(name string, values []string) (*labels.Matcher, error) {
	if len(values) == 1 {
		return labels.NewMatcher(labels.MatchEqual, name, values[0])
	}
	for i, v := range values {
		values[i] = regexp.QuoteMeta(v)
	}
	return labels.NewMatcher(labels.MatchRegexp, name, strings.Join(values, "|"))
}

// ownLabels returns what identifies an alert.
func ownLabels(a Alert) map[string]string {
	out := map[string]string{}
	if a.Rule != "" {
		out[labels.AlertName] = a.Rule
	}
	for name, value := range a.Identity {
		if name != labels.AlertName && name != "severity" && name != "panel" && value != "" {
			out[name] = value
		}
	}
	return out
}

// byName is ownLabels for a person: it has the name of the node instead of the address of its
// exporter, and not how a workload is scraped.
func byName(a Alert) map[string]string {
	out := ownLabels(a)
	if out["workload"] != "" {
		for _, name := range []string{"job", "service", "endpoint", "metrics_path", "prometheus"} {
			delete(out, name)
		}
	} else if node := a.Labels["node"]; node != "" && out["instance"] != "" {
		delete(out, "instance")
		out["node"] = node
	}
	return out
}

// andPanel is ownLabels for rules of one name in several panels.
func andPanel(a Alert) map[string]string {
	out := ownLabels(a)
	if a.Panel != "" {
		out["panel"] = a.Panel
	}
	return out
}
