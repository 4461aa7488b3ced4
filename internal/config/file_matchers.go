package config

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

// selector is label matchers, with or without the braces around them.
type selector []*labels.Matcher

// UnmarshalText parses the matchers as PromQL does, including regular expressions.
func (s *selector) UnmarshalText(b []byte) error {
	text := string(b)
	if !braced.MatchString(text) {
		text = "{" + text + "}"
	}
	if variables := foreignMatchers(text); len(variables) > 0 {
		return errors.New(adviceOnVariable(variables[0].text))
	}
	ms, err := panel.Parser().ParseMetricSelector(text)
	if err != nil { // and matchers that are nil in ms
		return fmt.Errorf("%s; write label matchers such as node=~\"kafka-.*\"",
			promqlMessage(err, text))
	}
	if len(ms) == 0 {
		return errors.New("no label matcher; write one such as node=~\"kafka-.*\"")
	}
	*s = ms
	return nil
}

// matchers are label matchers that choose alerts, with or without the braces around them.
type matchers rules.Matchers

const matcherExample = `'namespace=~"shop|pay"'`

// UnmarshalText parses the matchers as Alertmanager does.
func (m *matchers) UnmarshalText(b []byte) error {
	text := string(b)
	if variables := foreignMatchers("{" + text + "}"); len(variables) > 0 {
		return errors.New(adviceOnVariable(variables[0].text))
	}
	ms, err := rules.ParseMatchers(text)
	if errs, ok := errors.AsType[parser.ParseErrors](err); ok {
		return fmt.Errorf("%s; write label matchers such as %s", promqlMessage(errs, text),
			matcherExample)
	} else if err != nil {
		return err
	}
	if len(ms) == 0 {
		return fmt.Errorf("no label matcher; write one such as %s", matcherExample)
	}
	*m = matchers(ms)
	return nil
}

var braced = regexp.MustCompile(`^\s*\{`)
