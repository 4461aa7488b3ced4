package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// PartVersion is the version of a part's head. What follows has snapshot.Version.
const PartVersion = 1

// The bounds of a part.
const (
	// MaxPart is how many bytes a part has at most.
	MaxPart = 1 << 20
	maxHead = 64 << 10 // bytes of its head
	// maxUnpacked is how many bytes its panels have unpacked. Those of a hundred panels with a
	// thousand rows have less.
	maxUnpacked = 64 << 20
	maxRows     = 1000 // of a panel
	maxText     = 600  // characters of a name or a message
	maxHour     = 800  // letters of Cluster.Hours
	maxMissing  = 10   // of Cluster.Missing
)

const partFormat = "promsnap fleet part"

// Part is the share of one cluster in the report of a fleet. It is stored as a line of JSON, the
// head, and then the panels as a snapshot.Snapshot. The head is enough for the cluster's row in the
// report, so a part whose panels a program cannot read still counts.
type Part struct {
	Head
	// Panels are those of the cluster as Reduce merges them; see NewPart. Nil if it has no data, or
	// if they could not be read.
	Panels []snapshot.Panel
}

// Head is the head of a part.
type Head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Report, Slot, and the cluster's name say where the part belongs.
	Report string    `json:"report"`
	Slot   time.Time `json:"slot"`
	// Config is the SHA-256 of the configuration file of the run, as in Plan.
	Config  string         `json:"config,omitempty"`
	Cluster report.Cluster `json:"cluster"`
}

// hasData reports whether any query of the cluster had an answer.
func (p *Part) hasData() bool { return p.Panels != nil && p.Cluster.Failure == nil }

// isSeen reports whether the cluster had data, also if its panels cannot be read.
func (p *Part) isSeen() bool {
	return p.hasData() || p.Format != "" && p.Cluster.Failure == nil && p.Cluster.NodesTotal > 0
}

// NewPart returns the part of a cluster in a plan. Its panels are those of an ordinary run of the
// cluster over this range, and are not changed: the part has copies with the label and the name of
// the cluster.
func NewPart(p Plan, config string, row report.Cluster, rng time.Duration,
	panels []snapshot.Panel) Part {
	out := Part{
		Head: Head{
			Format: partFormat, Version: PartVersion, Report: p.Report, Slot: p.Slot.UTC(),
			Config: config, Cluster: row,
		},
	}
	for i := range panels {
		of := panels[i].OfCluster(row.Name, p.grid(&panels[i].Spec, rng))
		of.Slim(maxRows)
		out.Panels = append(out.Panels, of)
	}
	return out
}

// mostSamples is how many samples a line of a fleet's report has at most.
const mostSamples = 300

// grid returns the grid that a panel of a fleet's report has in every cluster. rng is the range of
// panels without their own.
func (p *Plan) grid(spec *panel.Spec, rng time.Duration) series.Grid {
	rng = cmp.Or(spec.Range, rng)
	return panel.PlanGrid(p.Slot, rng, panel.StepWithin(rng, time.Minute, mostSamples))
}

// slimmer are the steps by which a part that is too large loses rows. The last one has no lines.
var slimmer = []int{maxRows, 300, 100, 30, 0}

// Encode returns the stored form of a part, at most MaxPart bytes. The same part always gives the
// same bytes. If there are too many rows and findings, only the worst are kept.
func (p *Part) Encode() ([]byte, error) {
	head, err := json.Marshal(p.Head)
	if err != nil {
		return nil, fmt.Errorf("encoding the head: %w", err)
	}
	for _, rows := range slimmer {
		s := snapshot.Snapshot{Cluster: p.Cluster.Name, Report: p.Report, Slot: p.Slot}
		for _, of := range p.Panels {
			of.Slim(rows)
			if rows == 0 {
				of.Lines, of.Rest = nil, nil
			}
			s.Panels = append(s.Panels, of)
		}
		var out bytes.Buffer
		out.Write(head)
		out.WriteByte('\n')
		if err := s.Encode(&out); err != nil {
			return nil, err
		}
		if out.Len() <= MaxPart && len(head) <= maxHead {
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("%w: more than %d KiB", ErrTooLarge, MaxPart>>10)
}

// The errors of DecodePart. A NewerPartError is one too.
var (
	ErrDamaged = errors.New("the part is damaged or not a part of promsnap")
	ErrForeign = errors.New("the part is of another report, slot or cluster")
)

// NewerPartError means that another promsnap wrote the part, whose head or panels this one cannot
// read.
type NewerPartError struct{ Promsnap string }

func (e *NewerPartError) Error() string {
	return fmt.Sprintf("the part was written by promsnap %s, which is newer; update this promsnap",
		e.Promsnap)
}

// DecodePart reads the part of a cluster of a plan. The data may come from anybody: everything has
// a bound, and names are printable. If the panels cannot be read, it returns the head with the
// error, so that the cluster still has a row; otherwise the head of an error is empty.
func DecodePart(p Plan, cluster string, data []byte) (Part, error) {
	line, body, found := bytes.Cut(data[:min(len(data), MaxPart+1)], []byte("\n"))
	if !found || len(line) > maxHead || len(data) > MaxPart {
		return Part{}, ErrDamaged
	}
	var first struct { // what every version has
		Format  string `json:"format"`
		Version int    `json:"version"`
		Cluster struct {
			Version string `json:"version"`
		} `json:"cluster"`
	}
	if err := json.Unmarshal(line, &first); err != nil || first.Format != partFormat ||
		first.Version < 1 {
		return Part{}, ErrDamaged
	}
	if first.Version > PartVersion {
		return Part{}, &NewerPartError{outside.Clip(outside.Line(first.Cluster.Version), maxText)}
	}
	var out Part
	if err := json.Unmarshal(line, &out.Head); err != nil {
		return Part{}, ErrDamaged
	}
	row := &out.Cluster
	bound(row)
	if out.Report != p.Report || !out.Slot.Equal(p.Slot) || row.Name != cluster {
		return Part{}, ErrForeign
	}
	s, err := snapshot.Decode(bytes.NewReader(body), maxUnpacked)
	var newer *snapshot.NewerError
	switch {
	case errors.As(err, &newer):
		return Part{Head: out.Head}, &NewerPartError{row.Version}
	case err != nil:
		return Part{Head: out.Head}, fmt.Errorf("%w: %w", ErrDamaged, err)
	case s.Report != p.Report || !s.Slot.Equal(p.Slot) || s.Cluster != cluster:
		return Part{}, ErrForeign
	}
	for i := range s.Panels {
		if err := s.Panels[i].CheckCluster(cluster); err != nil {
			return Part{}, fmt.Errorf("%w: %w", ErrForeign, err)
		}
		s.Panels[i] = s.Panels[i].Bounded()
		s.Panels[i].Slim(maxRows)
	}
	out.Panels = s.Panels
	return out, nil
}

// bound limits what the head of a part says about its cluster.
func bound(c *report.Cluster) {
	text := func(s *string) { *s = outside.Clip(outside.Line(*s), maxText) }
	ratio := func(v *float64) {
		if !(math.Abs(*v) <= math.MaxFloat64) {
			*v = 0
		}
	}
	text(&c.Version)
	switch c.Verdict {
	case report.VerdictCritical, report.VerdictWarning, report.VerdictNoData,
		report.VerdictPending, report.VerdictOK:
	default:
		c.Verdict = report.VerdictNoData
	}
	for _, n := range []*int{
		&c.Critical, &c.Warning, &c.NoData, &c.Pending, &c.OK, &c.NodesMeasured, &c.NodesTotal,
	} {
		*n = max(0, min(*n, 1<<30))
	}
	c.Shares = c.Shares[:min(len(c.Shares), report.MaxShares)]
	for i := range c.Shares {
		of := &c.Shares[i]
		text(&of.Panel)
		ratio(&of.Value)
		ratio(&of.Ratio)
	}
	if f := c.Fullest; f != nil {
		text(&f.Name)
		text(&f.Text)
	}
	text(&c.Headline)
	text(&c.Fills)
	c.Missing = c.Missing[:min(len(c.Missing), maxMissing)]
	for i := range c.Missing {
		text(&c.Missing[i])
	}
	c.Hours = strings.Map(func(r rune) rune {
		switch r {
		case report.HourOK, report.HourWarning, report.HourCritical:
			return r
		}
		return report.HourUnknown
	}, c.Hours[max(0, len(c.Hours)-maxHour):])
	if f := c.Failure; f != nil {
		text(&f.Message)
		text(&f.Hint)
	}
}

func partKey(p Plan, cluster string) string {
	return path.Join(home(p.Report, p.Slot), "parts", report.Slug(cluster)+".part")
}

// SavePart writes the part of a cluster of a plan. A part that is stored already is only replaced
// by one that has data where it had none, so a repeated run of a slot changes nothing.
func SavePart(ctx context.Context, s Store, p Plan, part *Part) error {
	data, err := part.Encode()
	if err != nil {
		return err
	}
	key := partKey(p, part.Cluster.Name)
	// Another run of the same slot may write in between, once.
	for range 3 {
		old, version, err := s.Get(ctx, key, MaxPart)
		if err != nil && !errors.Is(err, ErrTooLarge) {
			return err
		}
		if version != "" {
			stored, err := DecodePart(p, part.Cluster.Name, old)
			if err == nil && (stored.hasData() || !part.hasData()) {
				return nil
			}
		}
		if err = s.Swap(ctx, key, data, version); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%s: %w", key, ErrConflict)
}
