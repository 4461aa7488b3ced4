package promapi

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
)

// The limits of the answer about rules. A server with 5,000 rules has about 300 groups.
const (
	maxGroups     = 20_000
	maxGroupRules = 20_000  // of all groups together
	maxRuleName   = 1 << 10 // bytes of a name of a rule, a group or a file
	maxRuleWord   = 100     // characters of a type, a state or a severity
	maxRuleError  = 300     // characters of the error of a rule
)

// RuleGroup is a group of rules that the server evaluates, as it was at the time of the request.
type RuleGroup struct {
	Name, File string
	Interval   time.Duration // how often the group is evaluated; 0: unknown
	// how long its last evaluation took, and when that was; zero: it was not evaluated yet
	Took      time.Duration
	Evaluated time.Time
	Rules     []RuleState
}

// RuleState is one rule of a group.
type RuleState struct {
	Name      string // of the alert, or of the recorded metric
	Alerting  bool   // rather than recording
	Severity  string // its label severity; "": it has none
	LastError string // why its last evaluation failed; "": it did not fail
}

// RuleGroups calls each with every group of rules that the server evaluates, in the server's order.
// A group is valid only during the call, but its strings may be kept. RuleGroups calls begin before
// each try, and the groups of earlier tries do not count. found is false if the server does not
// have the endpoint; that is no error.
func (c *Client) RuleGroups(ctx context.Context, begin func(),
	each func(RuleGroup)) (found bool, err error) {
	const op = "reading the rules"
	if err := c.enter(ctx); err != nil {
		return false, c.explain(ctx, op, err)
	}
	defer c.leave()
	form := c.params()
	form.Set("exclude_alerts", "true") // Prometheus before 2.52 sends them, and they are skipped
	err = c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) error {
		begin()
		return c.readRules(ctx, form, each)
	})
	if lacksEndpoint(err) {
		return false, nil
	}
	return err == nil, err
}

// readRules reads the answer about rules.
func (c *Client) readRules(ctx context.Context, form url.Values, each func(RuleGroup)) error {
	resp, err := c.get(ctx, "api/v1/rules", form)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	d := newRulesDecoder(resp.Body, func(g RuleGroup) {
		for i := range g.Rules {
			e := &g.Rules[i].LastError
			*e = outside.Said(c.sent.Scrub(*e), maxRuleError)
		}
		each(g)
	})
	return d.decode()
}

// A rulesDecoder reads the answer about rules
// (https://prometheus.io/docs/prometheus/latest/querying/api/#rules), one group at a time.
type rulesDecoder struct {
	answerReader
	each          func(RuleGroup)
	group         RuleGroup
	groups, rules int // so far
	hasGroups     bool
}

func newRulesDecoder(body io.Reader, each func(RuleGroup)) *rulesDecoder {
	return &rulesDecoder{answerReader: newAnswer(body, 0), each: each}
}

// decode reads the whole answer.
func (d *rulesDecoder) decode() error {
	err := d.read(func() error {
		return d.object("the data", func(key []byte) error {
			if string(key) != "groups" {
				return d.skip(0)
			}
			if d.hasGroups {
				return d.wrong("the answer has groups twice")
			}
			d.hasGroups = true
			return d.array("the groups", d.oneGroup)
		})
	})
	if err == nil && !d.hasGroups {
		return d.wrong("the answer has no groups")
	}
	return err
}

func (d *rulesDecoder) oneGroup() error {
	if d.groups++; d.groups > maxGroups {
		return errMany("the server", "groups of rules", maxGroups)
	}
	d.group = RuleGroup{Rules: d.group.Rules[:0]}
	if err := d.object("a group", d.groupField); err != nil {
		return err
	}
	d.each(d.group)
	return nil
}

// errMany returns the error of an answer that has more of something than is read.
func errMany(who, what string, most int) error {
	return &Error{
		Kind: KindTooMuch, Message: fmt.Sprintf("%s has more than %d %s", who, most, what),
	}
}

func (d *rulesDecoder) groupField(key []byte) (err error) {
	switch string(key) {
	case "name":
		d.group.Name, err = d.name("the name of a group")
	case "file":
		d.group.File, err = d.name("the file of a group")
	case "interval":
		d.group.Interval, err = d.duration("the interval of a group")
	case "evaluationTime":
		d.group.Took, err = d.duration("the duration of an evaluation")
	case "lastEvaluation":
		d.group.Evaluated, err = d.time("the time of an evaluation")
	case "rules":
		err = d.array("the rules of a group", d.rule)
	default:
		err = d.skip(0)
	}
	return err
}

func (d *rulesDecoder) rule() error {
	if d.rules++; d.rules > maxGroupRules {
		return errMany("the server", "rules", maxGroupRules)
	}
	var r RuleState
	failed := false
	err := d.object("a rule", func(key []byte) (err error) {
		switch string(key) {
		case "name":
			r.Name, err = d.name("the name of a rule")
		case "type":
			var kind string
			kind, err = d.short("the type of a rule", maxRuleWord)
			r.Alerting = kind == "alerting"
		case "health":
			var health string
			health, err = d.short("the health of a rule", maxRuleWord)
			failed = health == "err"
		case "lastError":
			r.LastError, err = d.short("the error of a rule", maxText)
		case "labels":
			err = d.ruleLabels(&r)
		default: // the expression and annotations may be long
			err = d.skip(0)
		}
		return err
	})
	if failed && r.LastError == "" {
		r.LastError = "err"
	}
	d.group.Rules = append(d.group.Rules, r)
	return err
}

// ruleLabels reads the labels of a rule and keeps its severity.
func (d *rulesDecoder) ruleLabels(r *RuleState) error {
	return d.object("the labels of a rule", func(key []byte) (err error) {
		if string(key) != "severity" {
			return d.skip(0)
		}
		r.Severity, err = d.short("the severity of a rule", maxRuleWord)
		return err
	})
}

// name reads a name as it is, at most the first maxRuleName bytes. null is an empty name.
func (a *answerReader) name(what string) (string, error) {
	if none, err := a.null(what); none || err != nil {
		return "", err
	}
	b, err := a.string(what, maxLabelBytes)
	return outside.Head(string(b), maxRuleName), err
}

// short reads a text and returns the first most characters of its first line, without control
// characters. null is an empty text.
func (a *answerReader) short(what string, most int) (string, error) {
	if none, err := a.null(what); none || err != nil {
		return "", err
	}
	b, err := a.string(what, maxLabelBytes)
	return outside.Middle(outside.Line(string(b)), most), err
}

// duration reads a number of seconds. null is 0, and so is what is no duration.
func (a *answerReader) duration(what string) (time.Duration, error) {
	if none, err := a.null(what); none || err != nil {
		return 0, err
	}
	text, err := a.number(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(v >= 0 && v <= maxDuration.Seconds()) {
		return 0, nil
	}
	return time.Duration(v * float64(time.Second)), nil
}

// maxDuration bounds the intervals and durations that are believed.
const maxDuration = 366 * 24 * time.Hour

// time reads a time as RFC 3339 has it. null, the year 1 and what is no time are the zero time.
func (a *answerReader) time(what string) (time.Time, error) {
	text, err := a.short(what, maxNumber)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, nil
	}
	return t.UTC(), nil
}
