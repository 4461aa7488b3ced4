package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/app"
)

// The limits of an event. A normal event has some hundred bytes.
const (
	maxEvent   = 64 << 10
	maxReports = 100
)

// event is the input of the function. EventBridge Scheduler sends the Input of its target, in which
// <aws.scheduler.scheduled-time> stands for the time. A rule of EventBridge sends an event of its
// own, of which only the time is used.
type event struct {
	// Config is where the configuration is, see handler.load; "": the environment says it.
	Config  string   `json:"config"`
	Reports []string `json:"reports"` // their names; none: all
	Time    string   `json:"time"`    // in the form of app.ParseSlot; "": the current minute
	// Step is the step of a fleet's report: plan, map or reduce. "" is a run of one cluster, or of
	// each report of the configuration.
	Step    string `json:"step"`
	Cluster string `json:"cluster"` // of the step map
}

// order is a parsed event.
type order struct {
	config  string
	reports []string
	slot    time.Time
	// exact says that slot is the requested time, and schedules do not change it
	exact bool
	// step and cluster are those of a fleet's report
	step, cluster string
}

// The steps of a fleet's report.
const (
	stepPlan   = "plan"
	stepMap    = "map"
	stepReduce = "reduce"
)

// parseEvent parses an event that arrives at now.
func parseEvent(raw []byte, now time.Time) (order, error) {
	if len(raw) > maxEvent {
		return order{}, fmt.Errorf("the event has more than %d KiB", maxEvent>>10)
	}
	var rule struct {
		Kind *string `json:"detail-type"`
		Time string  `json:"time"`
	}
	if json.Unmarshal(raw, &rule) == nil && rule.Kind != nil {
		at, err := parseTime(rule.Time, now)
		return order{slot: at.Truncate(time.Minute)}, err
	}
	var e event
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && string(raw) != "null" {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			return order{},
				fmt.Errorf(
					`the event cannot be read: %w; write {"config": "…", "reports": ["…"], `+
						`"time": "<aws.scheduler.scheduled-time>"}; every key is optional`, err)
		}
		if d.More() {
			return order{}, errors.New("the event has more than one JSON value; write one object")
		}
	}
	if len(e.Reports) > maxReports {
		return order{}, fmt.Errorf("the event names more than %d reports", maxReports)
	}
	if err := e.checkStep(); err != nil {
		return order{}, err
	}
	at, err := parseTime(e.Time, now)
	return order{
		config: e.Config, reports: e.Reports, slot: at, exact: e.Time != "", step: e.Step,
		cluster: e.Cluster,
	}, err
}

// checkStep returns an error if the event does not say what its step needs.
func (e *event) checkStep() error {
	switch {
	case e.Step == "" && e.Cluster == "":
		return nil
	case e.Step != stepPlan && e.Step != stepMap && e.Step != stepReduce:
		return fmt.Errorf("the event has the step %.40q; write plan, map or reduce", e.Step)
	case len(e.Reports) != 1:
		return fmt.Errorf("the event names %d reports; the step %s needs one, such as "+
			`"reports": ["daily"]`, len(e.Reports), e.Step)
	case (e.Step == stepMap) != (e.Cluster != ""):
		return errors.New("the event must name a cluster for the step map, and for no other")
	case e.Step != stepPlan && e.Time == "":
		return fmt.Errorf("the event has no time; the step %s needs the time of its plan", e.Step)
	}
	return nil
}

// parseTime parses the time that a run is for, as --time does; "" is now.
func parseTime(s string, now time.Time) (time.Time, error) {
	t, err := app.ParseSlot(cmp.Or(s, "now"), now)
	if err != nil {
		return time.Time{}, fmt.Errorf("the event's time %w", err)
	}
	return t, nil
}
