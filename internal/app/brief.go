package app

import "time"

// Brief is the result of one report in the words that the command and the Lambda function share.
type Brief struct {
	Name      string    `json:"name"`
	Slot      time.Time `json:"slot"`
	Critical  int       `json:"critical"`
	Warning   int       `json:"warning"`
	NoData    int       `json:"no_data"`
	OK        int       `json:"ok"`
	ClaimedBy string    `json:"stood_back,omitempty"` // the run that is sending instead
	Notes     []string  `json:"notes,omitempty"`
	Error     string    `json:"error,omitempty"`
}

// Brief returns a short form of the result.
func (r *Result) Brief() Brief {
	of := r.Report
	b := Brief{
		Name: of.Info.Name, Slot: of.Info.Slot.UTC(), Notes: r.Notes,
		Critical: of.Critical, Warning: of.Warning, NoData: of.NoData, OK: of.OK,
	}
	if r.ClaimedBy != nil {
		b.ClaimedBy = r.ClaimedBy.Run
	}
	if r.Err != nil {
		b.Error = r.Err.Error()
	}
	return b
}
