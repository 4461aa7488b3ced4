package html

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// fleetOf returns the report of n clusters of four nodes, of which every 50th cannot be reached.
// The panels are those of the first 300, which have more rows than a fleet's report keeps.
func fleetOf(t testing.TB, n int, word string, l words.Language) *report.Report {
	t.Helper()
	a, nodes := reporttest.Fleet(4)
	panels := reporttest.Take(a, reporttest.Specs())
	info := reporttest.Info(t, nodes)
	info.Language = l
	own := report.Build(info, panels).AsCluster()
	var merged []snapshot.Panel
	var fleet report.Fleet
	var batch [][]snapshot.Panel
	for i := range n {
		c := own
		c.Name = fmt.Sprintf("%scluster-%04d", word, i)
		c.Page = "../../../" + c.Name + "/index.html"
		c.Labels = map[string]string{
			"region": []string{"ap", "eu", "us"}[i%3], "stage": []string{"dev", "prod" + word}[i%2],
		}
		switch {
		case i%50 == 7:
			c = report.Cluster{
				Name: c.Name, Labels: c.Labels, Verdict: report.VerdictNoData,
				Failure: &snapshot.Failure{Message: "connection refused " + word},
			}
		case i%10 == 3:
			c.Missing = []string{"kube-state-metrics" + word}
		}
		fleet.Clusters = append(fleet.Clusters, c)
		if i >= 300 || c.Failure != nil {
			continue
		}
		var part []snapshot.Panel
		for j := range panels {
			of := panels[j].OfCluster(c.Name, panels[j].Grid)
			of.Slim(1000)
			part = append(part, of)
		}
		if batch = append(batch, part); len(batch) == 16 || i == min(n, 300)-1 {
			if merged != nil {
				batch = append(batch, merged)
			}
			merged, batch = snapshot.MergeAll(batch...), nil
			for j := range merged {
				merged[j].Slim(1000)
			}
		}
	}
	info.Cluster, info.Nodes, info.Fleet = "acme", nil, &fleet
	return report.Build(info, merged)
}

// A page of a thousand clusters has at most 3 MB.
func TestFleetOfAThousand(t *testing.T) {
	r := fleetOf(t, 1000, "", words.English)
	page, _, err := Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("PROMSNAP_FLEET_PAGE"); path != "" {
		if err := os.WriteFile(path, page.Body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes", len(page.Body))
	if len(page.Body) > 3_000_000 {
		t.Errorf("got a page of %d bytes, want at most 3 MB", len(page.Body))
	}
	const missing = "kube-state-metrics is missing in 100 of 1,000 clusters: cluster-0003, "
	if len(r.Blind) != 1 || !strings.HasPrefix(r.Blind[0], missing) {
		t.Errorf("got the missing data %q, want %q and so on", r.Blind, missing)
	}
}

// The page has the clusters in both languages, a button for each value of a label, and words of a
// part only as text.
func TestFleetPage(t *testing.T) {
	const word = `<img src=x onerror="alert(1)">`
	for _, tc := range []struct {
		language words.Language
		missing  string
	}{
		{words.English, "is missing in 4 of 40 clusters: "},
		{words.Korean, "클러스터 40개 중 4개에 "},
	} {
		root := pageOf(t, fleetOf(t, 40, word, tc.language))
		var chips []string
		for _, n := range all(root, "button") {
			if q := attribute(n, "data-query"); q != "" {
				chips = append(chips, q)
			}
		}
		want := "region=ap region=eu region=us stage=dev stage=prod" + word
		if got := strings.Join(chips, " "); got != want {
			t.Errorf("%s: got the buttons %s, want %s", tc.language, got, want)
		}
		if got := text(root); !strings.Contains(got, tc.missing) || !strings.Contains(got, word) {
			t.Errorf("%s: got no %q, or not the name as text", tc.language, tc.missing)
		}
		for _, n := range all(root, "img") {
			if attribute(n, "onerror") != "" {
				t.Errorf("%s: got a name as an element", tc.language)
			}
		}
	}
}
