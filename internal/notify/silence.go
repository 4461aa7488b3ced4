package notify

import "time"

// Silence keeps alerts that match from being told until a time. The end of what was told before is told.
type Silence struct {
	ID      string    `json:"id"`
	Match   string    `json:"match"` // matchers as PromQL has them, all of which must hold: node=~"kafka-.*", alertname="NodeMemoryHigh"
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Comment string    `json:"comment,omitempty"`
	By      string    `json:"by,omitempty"`
}
