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

// The bounds of an event. What promsnap is asked for takes some hundred bytes.
const (
	maxEvent   = 64 << 10
	maxReports = 100
)

// event is what the function is invoked with. EventBridge Scheduler sends its target's Input, in
// which <aws.scheduler.scheduled-time> stands for the time; a rule of EventBridge sends an event of
// its own, which has nothing of ours but the time.
type event struct {
	// where the configuration is, see handler.load; "": as the environment says
	Config  string   `json:"config"`
	Reports []string `json:"reports"` // their names; none: all
	Time    string   `json:"time"`    // as app.ParseSlot reads it; "": the minute that has begun
}

// order is an event that is understood.
type order struct {
	config  string
	reports []string
	slot    time.Time
	// slot is the very time that was asked for, and not one about which the schedules say more
	exact bool
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
			return order{},
				fmt.Errorf(
					`the event is not understood: %w; write {"config": "…", "reports": ["…"], "time": "<aws.scheduler.scheduled-time>"}, of which every key may be left out`, err)
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

// parseTime reads the time that a run is for as the command's --time does; "" is now.
func parseTime(s string, now time.Time) (time.Time, error) {
	t, err := app.ParseSlot(cmp.Or(s, "now"), now)
	if err != nil {
		return time.Time{}, fmt.Errorf("the event's time %w", err)
	}
	return t, nil
}
