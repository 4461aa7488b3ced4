package json

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

func TestDashboardInTheDocument(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.EveryKind(t, "word"))
	d := DocumentOf(r).Dashboard
	if d == nil || len(d.Panels) != len(r.Info.Board.Panels) {
		t.Fatalf("got dashboard %+v, want one with %d panels", d, len(r.Info.Board.Panels))
	}
	if len(d.LeftOut) != 1 || d.LeftOut[0].Title != "logs word" || d.LeftOut[0].Reason == "" {
		t.Errorf("got left out %+v, want the logs with a reason", d.LeftOut)
	}
	if len(d.Beyond) != 5 || d.Beyond[0].Level != "red" || d.Beyond[4].Level != "yellow" {
		t.Errorf("got beyond thresholds %+v, want four red and one yellow", d.Beyond)
	}
	panels := map[string]DocBoardPanel{}
	for _, p := range d.Panels {
		if len(p.Queries) > 0 {
			panels[p.Title+" "+p.Queries[0].Query] = p
		}
	}
	stat := panels["stat word a"]
	if len(stat.Figures) != 1 || stat.Figures[0].Level != "red" ||
		stat.Figures[0].Text != d.Beyond[0].Text || stat.Row != nil || stat.Kind != "tiles" {
		t.Errorf("got stat %+v, want one red figure above all rows", stat)
	}
	table := panels["table word rows"]
	if len(table.Columns) < 5 || len(table.Table) == 0 ||
		len(table.Table[0]) != len(table.Columns) {
		t.Errorf("got table %+v, want cells for each column", table)
	}
	graph := panels["timeseries word e"]
	if len(graph.Figures) == 0 || graph.Figures[0].Name != "word name-0" ||
		graph.Figures[0].Value < 1 {
		t.Errorf("got graph %+v, want the last value of each series", graph.Figures)
	}
	if q := graph.Queries[0]; q.Ref != "A" || q.Step <= 0 {
		t.Errorf("got query %+v, want a range query A", q)
	}
	if q := table.Queries[0]; q.Step != 0 {
		t.Errorf("got query %+v, want an instant query", q)
	}
	failed := panels["timeseries word broken"]
	if !failed.Empty || len(failed.Failures) != 1 || !failed.Failures[0].Sent ||
		failed.Row == nil || *failed.Row != 0 {
		t.Errorf("got %+v, want an empty panel of the first row with a failure", failed)
	}
	if doc := DocumentOf(r); doc.Counts.Failed != 1 || len(doc.Failures) != 1 {
		t.Errorf("got counts %+v and failures %v, want one failure", doc.Counts, doc.Failures)
	}
}

// An archive finds the pictures of a report again.
func TestPicturesOfADashboard(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.ManyPanels(t, 2))
	file, err := Render(r)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := ReadFiles(bytes.NewReader(file.Body))
	want := []string{
		report.BoardPicture, report.BoardLargePicture, report.BoardPhonePicture,
		r.Info.Board.Panels[0].Name + ".png", r.Info.Board.Panels[1].Name + ".png",
	}
	if !ok || !slices.Equal(got, want) {
		t.Errorf("got pictures %q, %v, want %q", got, ok, want)
	}
}

// An archive finds the CSV files of a report again, and takes nothing else for one of them.
func TestReadCSVFiles(t *testing.T) {
	r := reporttest.Daily(t)
	r.Info.CSV = &report.CSV{Panels: []string{"pvc"}}
	file, err := Render(r)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := ReadFiles(bytes.NewReader(file.Body))
	want := []string{report.FindingsTable, report.NodesTable, report.PanelTable("pvc")}
	if !ok || !slices.Equal(got[:len(want)], want) {
		t.Errorf("got files %q, %v, want %q first", got, ok, want)
	}
	got, ok = ReadFiles(strings.NewReader(`{"csv": ["notes.txt", "x.csv"], "panels": []}`))
	if want := []string{"x.csv"}; !ok || !slices.Equal(got, want) {
		t.Errorf("a document with another file: got files %q, %v, want %q", got, ok, want)
	}
}

func TestDashboardOfHostileWords(t *testing.T) {
	race.SkipSerial(t)
	for _, w := range corpus.Words() {
		file, err := Render(reporttest.HostileDashboard(t, w.Text))
		if err != nil {
			t.Fatalf("%s: %v", w.Name, err)
		}
		var doc Document
		d := json.NewDecoder(bytes.NewReader(file.Body))
		d.DisallowUnknownFields()
		if err := d.Decode(&doc); err != nil || doc.Dashboard == nil {
			t.Errorf("%s: got error %v, want a document with a dashboard", w.Name, err)
		}
		if strings.Contains(string(file.Body), "</script") {
			t.Errorf("%s: got the end of a script element in report.json, want it escaped", w.Name)
		}
	}
}
