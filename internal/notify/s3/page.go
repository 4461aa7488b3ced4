package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"path"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
)

// listView is the data of templates/archive.html.
type listView struct {
	W                          *words.Words
	CSP                        string
	Style                      template.CSS
	Cluster, Title, Day, Total string
	Zone                       string // the name of the zone, valid in summer and winter
	Way                        way    // a link to the newest report, or back to the list of days
	Groups                     []group
	Full                       bool
}

type way struct{ Path, Text string }

// group has the rows of a month, or all rows of a day without a heading.
type group struct {
	Heading string
	Rows    []row
}

type row struct {
	Path, When, Class, Headline string
	Counts                      []count
}

type count struct{ Class, Text string }

// zone returns the time zone of the page, or UTC if the list names none that is known.
func (l *list) zone() *time.Location {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// page returns the list's index.html.
func (l *list) page() ([]byte, error) {
	w, sum := words.In(l.Language), sha256.Sum256([]byte(templates.ArchiveCSS))
	zone := l.zone()
	v := listView{
		W: w, Style: template.CSS(templates.ArchiveCSS), //nolint:gosec // no word from outside
		CSP: "default-src 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Cluster: l.Cluster, Title: l.Title, Day: l.Day, Full: len(l.Entries) == maxEntries,
		Way: way{"latest/" + pageName, w.NewestReport},
	}
	if l.Day != "" {
		v.Day += " UTC"
		v.Way = way{"../../../" + pageName, w.AllDays}
	}
	reports := 0
	for i := range l.Entries {
		e := &l.Entries[i]
		reports += max(e.Reports, 1)
		heading := ""
		if l.Day == "" {
			heading = e.Name[:min(len(e.Name), len("2026/11"))]
		}
		if len(v.Groups) == 0 || v.Groups[len(v.Groups)-1].Heading != heading {
			v.Groups = append(v.Groups, group{Heading: heading})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Rows = append(g.Rows, e.row(w, zone))
	}
	v.Total, v.Zone = w.Reports.Of(reports), zone.String()
	t, err := template.New("archive").Parse(templates.ArchiveHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the template of the archive's pages: %w", err)
	}
	var page bytes.Buffer
	if err := t.Execute(&page, v); err != nil {
		return nil, fmt.Errorf("writing the archive's page: %w", err)
	}
	return page.Bytes(), nil
}

func (e *entry) row(w *words.Words, zone *time.Location) row {
	r := row{
		Path: e.Path + "/" + pageName, When: e.when(w, zone), Class: e.verdict(),
		Headline: e.Headline,
	}
	if e.Reports > 1 {
		r.Counts = append(r.Counts, count{"", w.Reports.Of(e.Reports)})
	}
	for _, c := range []struct {
		n          int
		class, has string
	}{
		{e.Critical, "critical", w.Critical}, {e.Warning, "warning", w.Warning},
		{e.NoData, "nodata", w.NoData}, {e.Pending, "pending", w.Pending},
		{e.OK, "ok", w.OK},
	} {
		if c.n > 0 {
			r.Counts = append(r.Counts, count{
				c.class, fmt.Sprintf(w.Count, words.Thousands(c.n), c.has),
			})
		}
	}
	if e.Unseen && e.NoData == 0 {
		r.Counts = append(r.Counts, count{"nodata", w.NoData})
	}
	return r
}

// when returns the time of a report in the zone, or the day of several. A name of another form is
// returned unchanged.
func (e *entry) when(w *words.Words, zone *time.Location) string {
	if t, err := time.Parse(report.SlotLayout, path.Base(e.Path)); err == nil {
		return w.Date(t.In(zone)) + " " + w.Clock(t.In(zone))
	}
	t, err := time.Parse(dayLayout, e.Name)
	if err != nil {
		return e.Name
	}
	return w.Date(t)
}
