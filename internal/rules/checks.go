package rules

import "time"

// Checks are consecutive slots, evenly spaced, whose data had the same quality. A week of checks
// without a failure is one Checks.
type Checks struct {
	From  time.Time     `json:"from"`
	Every time.Duration `json:"every"` // in nanoseconds; 0 where N is 1
	N     int           `json:"n"`
	// the data of the rule that had the most; DataFailed: nothing could be seen
	Data Quality `json:"data"`
}

// To returns the last slot.
func (c Checks) To() time.Time { return c.From.Add(time.Duration(c.N-1) * c.Every) }

const maxChecks = 100 // rows; the oldest are dropped

// checked adds a slot to the rows. If the slot was checked before, the better data counts. The
// newest row always stays, however old it is, because it shows whether the previous slot saw
// anything.
func checked(rows []Checks, slot time.Time, data Quality) []Checks {
	rows = append([]Checks(nil), rows...)
	if last := len(rows) - 1; last >= 0 && rows[last].To().Equal(slot) {
		data = max(data, rows[last].Data)
		if rows[last].N--; rows[last].N == 1 {
			rows[last].Every = 0
		}
		if rows[last].N == 0 {
			rows = rows[:last]
		}
	}
	for len(rows) >= maxChecks || len(rows) > 1 && slot.Sub(rows[0].To()) >= keepEnded {
		rows = rows[1:]
	}
	if last := len(rows) - 1; last >= 0 && rows[last].Data == data {
		row := &rows[last]
		if every := slot.Sub(row.To()); row.N == 1 || every == row.Every {
			row.N, row.Every = row.N+1, every
			return rows
		}
	}
	return append(rows, Checks{From: slot, N: 1, Data: data})
}

// best returns the quality of the rule with the most data, DataComplete if there are no rules. A
// server whose newest sample is old has answered in full.
func (e Evaluation) best() Quality {
	if len(e.Rules) == 0 {
		return DataComplete
	}
	best := DataFailed
	for i := range e.Rules {
		if e.Rules[i].Old {
			return DataComplete
		}
		best = max(best, e.Rules[i].Data)
	}
	return best
}

// KnownSince returns the time since which Checked has every slot that was evaluated and Alerts has
// every alert that ended, unless there were more of them than are remembered.
func (m Memory) KnownSince() time.Time {
	if len(m.Checks) >= maxChecks {
		return m.Checks[0].From
	}
	return m.Slot.Add(-keepEnded + 1)
}

// Checked returns the slots that were evaluated in [from, before), in order, with the quality of
// their data: DataFailed where nothing could be seen. It goes back at least two days, unless the
// quality kept changing from slot to slot.
func (m Memory) Checked(from, before time.Time) (slots []time.Time, data []Quality) {
	for _, row := range m.Checks {
		for i := range row.N {
			if slot := row.From.Add(time.Duration(i) * row.Every); !slot.Before(from) &&
				slot.Before(before) {
				slots, data = append(slots, slot), append(data, row.Data)
			}
		}
	}
	return slots, data
}
