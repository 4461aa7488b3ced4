package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The bounds of an event. What promsnap is asked for takes some hundred bytes.
const (
	maxEvent   = 64 << 10
	maxReports = 100
)

// event is what the function is invoked with. EventBridge Scheduler sends its target's Input, in which <aws.scheduler.scheduled-time>
// stands for the time; a rule of EventBridge sends an event of its own, which has nothing of ours but the time.
type event struct {
	Config  string   `json:"config"`  // where the configuration is, see handler.load; "": as the environment says
	Reports []string `json:"reports"` // their names; none: all
	Time    string   `json:"time"`    // RFC 3339; "": the minute that has begun
}

// order is an event that is understood.
type order struct {
	config  string
	reports []string
	slot    time.Time
	exact   bool // slot is the very time that was asked for, and not one about which the schedules say more
}

// parseEvent reads an event that arrives at now.
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
			return order{}, fmt.Errorf(`the event is not understood: %w; write {"config": "…", "reports": ["…"], "time": "<aws.scheduler.scheduled-time>"}, of which every key may be left out`, err)
		}
		if d.More() {
			return order{}, errors.New("the event goes on behind its end; write one JSON object")
		}
	}
	if len(e.Reports) > maxReports {
		return order{}, fmt.Errorf("the event names more than %d reports", maxReports)
	}
	at, err := parseTime(e.Time, now)
	return order{config: e.Config, reports: e.Reports, slot: at, exact: e.Time != ""}, err
}

// parseTime reads the time that a run is for, as the command's --time does.
func parseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now.UTC().Truncate(time.Minute), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("the event's time %.40q is not a time; write 2026-11-22T09:00:00Z, or <aws.scheduler.scheduled-time> in a schedule's input", s)
	case t.Year() < 1970 || t.Year() > 2200:
		return time.Time{}, fmt.Errorf("the event's time %q is out of reach; Prometheus keeps times from 1970 on", s)
	case t.After(now.Add(time.Minute)): // schedules and this machine go by two clocks
		return time.Time{}, fmt.Errorf("the event's time %q lies in the future, of which Prometheus has no samples", s)
	}
	return t.UTC().Truncate(time.Second), nil
}
