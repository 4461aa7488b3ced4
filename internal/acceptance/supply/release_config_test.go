package supply

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// archiveName is the archive of a platform such as linux/amd64.
func archiveName(platform string) string {
	name := "promsnap_" + strings.ReplaceAll(platform, "/", "_")
	if strings.HasPrefix(platform, "windows/") {
		return name + ".zip"
	}
	return name + ".tar.gz"
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readRoot(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func readRoot(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReleaseBuilds wants .goreleaser.yaml to build for the platforms whose licences are checked,
// as the Makefile builds. `goreleaser check` is part of `make release`.
func TestReleaseBuilds(t *testing.T) {
	var c struct {
		Builds []struct {
			Main, Ldflags string
			Env, Flags    []string
			Goos, Goarch  []string
			ModTimestamp  string `yaml:"mod_timestamp"`
		}
		SBOMs []struct{ Cmd string }
		Krews []struct {
			SkipUpload bool `yaml:"skip_upload"`
		}
		Changelog struct{ Disable bool }
	}
	readYAML(t, ".goreleaser.yaml", &c)
	if len(c.Builds) != 1 || len(c.SBOMs) != 1 || len(c.Krews) != 1 {
		t.Fatalf("got %d builds, %d SBOMs, %d krew manifests, want one each",
			len(c.Builds), len(c.SBOMs), len(c.Krews))
	}
	b := c.Builds[0]
	var platforms []string
	for _, system := range b.Goos {
		for _, processor := range b.Goarch {
			platforms = append(platforms, system+"/"+processor)
		}
	}
	slices.Sort(platforms)
	if want := slices.Sorted(slices.Values(shipped[0].platforms)); !slices.Equal(platforms, want) {
		t.Errorf("got platforms %q, want %q", platforms, want)
	}
	built := strings.Join(b.Env, " ") + " go build " + strings.Join(b.Flags, " ") +
		" -ldflags '" + strings.ReplaceAll(b.Ldflags, "v{{ .Version }}", "$(VERSION)") + "'"
	if makefile := readRoot(t, "Makefile"); !strings.Contains(makefile, ":= "+built+"\n") {
		t.Errorf("got %q, want what the Makefile's BUILD says", built)
	} else if !strings.Contains(makefile, "/"+c.SBOMs[0].Cmd+"\n") {
		t.Errorf("the Makefile installs no %s", c.SBOMs[0].Cmd)
	}
	if b.Main != "./cmd/promsnap" || b.ModTimestamp == "" {
		t.Errorf("got main %q and mod_timestamp %q, want ./cmd/promsnap and the commit's time",
			b.Main, b.ModTimestamp)
	}
	if !c.Krews[0].SkipUpload || !c.Changelog.Disable {
		t.Error("goreleaser publishes the krew manifest or a changelog: the workflow does that")
	}
}

// workflow is what the tests read of a file in .github/workflows.
type workflow struct {
	Permissions *map[string]string
	Jobs        map[string]struct {
		Uses        string
		Permissions *map[string]string
		Timeout     int `yaml:"timeout-minutes"`
		Steps       []struct {
			Uses string
			With map[string]any
		}
	}
}

// written lists every right to write that a job of a workflow has. Whoever adds one says why here.
var written = map[string][]string{
	"release.yml/build":   {"attestations", "id-token"},             // to sign what was built
	"release.yml/image":   {"attestations", "id-token", "packages"}, // to push and sign the image
	"release.yml/chart":   {"attestations", "id-token", "packages"}, // to push and sign the chart
	"release.yml/publish": {"contents"},                             // to make the release
}

// TestWorkflows wants the fewest rights for each job, an end for each, and actions that nobody can
// change afterwards. `make lint` runs actionlint over the same files.
func TestWorkflows(t *testing.T) {
	pinned := regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40}$`)
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("got workflows %q (%v)", files, err)
	}
	got := map[string][]string{}
	for _, file := range files {
		var w workflow
		base := filepath.Base(file)
		readYAML(t, ".github/workflows/"+base, &w)
		if w.Permissions == nil || len(*w.Permissions) != 0 {
			t.Errorf("%s: the workflow has permissions %v, want {}", base, w.Permissions)
		}
		for name, job := range w.Jobs {
			at := base + "/" + name
			if job.Permissions == nil {
				t.Errorf("%s has no permissions of its own", at)
				continue
			}
			for right, level := range *job.Permissions {
				if level != "read" {
					got[at] = append(got[at], right)
				}
			}
			slices.Sort(got[at])
			if job.Uses == "" && job.Timeout == 0 {
				t.Errorf("%s has no timeout-minutes", at)
			}
			for _, s := range job.Steps {
				if s.Uses != "" && !pinned.MatchString(s.Uses) {
					t.Errorf("%s uses %q, want an action of GitHub's own, pinned by commit", at, s.Uses)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["ssh-key"] == nil &&
					s.With["persist-credentials"] != false {
					t.Errorf("%s leaves the token of its checkout behind", at)
				}
			}
		}
	}
	if diff := cmp.Diff(written, got); diff != "" {
		t.Errorf("rights to write (-want +got):\n%s", diff)
	}
}

// TestFormula runs the script that writes the Homebrew formula.
func TestFormula(t *testing.T) {
	sums := map[string]string{}
	var list strings.Builder
	for i, p := range shipped[0].platforms {
		sum := strings.Repeat(fmt.Sprint(i), 64)
		sums[archiveName(p)] = sum
		fmt.Fprintf(&list, "%s  %s\n", sum, archiveName(p))
	}
	checksums := filepath.Join(t.TempDir(), "checksums.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(checksums, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(list.String())
	out, err := exec.Command(root+"deploy/homebrew/formula.sh", "1.2.3", checksums).CombinedOutput()
	if err != nil {
		t.Fatalf("formula.sh: %v\n%s", err, out)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, p := range []struct{ system, processor, platform string }{
		{"macos", "arm", "darwin/arm64"}, {"macos", "intel", "darwin/amd64"},
		{"linux", "arm", "linux/arm64"}, {"linux", "intel", "linux/amd64"},
	} {
		_, block, _ := strings.Cut(text, "on_"+p.system+" do ")
		_, block, _ = strings.Cut(block, "on_"+p.processor+" do ")
		want := `url "https://` + module + `/releases/download/v1.2.3/` + archiveName(p.platform) +
			`" sha256 "` + sums[archiveName(p.platform)] + `" end`
		if !strings.HasPrefix(block, want) {
			t.Errorf("%s: got %.200q, want %q", p.platform, block, want)
		}
	}
	write(strings.ReplaceAll(list.String(), "darwin_arm64", "darwin_arm65"))
	out, err = exec.Command(root+"deploy/homebrew/formula.sh", "1.2.3", checksums).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no SHA-256 of promsnap_darwin_arm64.tar.gz") {
		t.Errorf("without a checksum: got %v and %q, want an error that names the archive", err, out)
	}
}

// TestVersionInDocs wants one version: the chart's, which the next tag has.
func TestVersionInDocs(t *testing.T) {
	var chart struct {
		Version    string
		AppVersion string `yaml:"appVersion"`
	}
	readYAML(t, "deploy/helm/promsnap/Chart.yaml", &chart)
	if chart.Version == "" || chart.AppVersion != chart.Version {
		t.Errorf("got chart %s of promsnap %s, want one version", chart.Version, chart.AppVersion)
	}
	image := regexp.MustCompile(`ghcr\.io/promsnap/promsnap:([0-9][^\s"'` + "`" + `]*)`)
	found := map[string]bool{}
	for _, file := range []string{
		"README.md", "docs/kubernetes.md", "deploy/kustomize/base/check.yaml",
		"deploy/kustomize/base/daily.yaml",
	} {
		for _, m := range image.FindAllStringSubmatch(readRoot(t, file), -1) {
			found[file] = true
			if m[1] != chart.Version {
				t.Errorf("%s: got image version %s, want %s", file, m[1], chart.Version)
			}
		}
	}
	if len(found) < 2 {
		t.Errorf("got images in %v only", slices.Sorted(maps.Keys(found)))
	}
}

// TestReleaseNamesInDocs wants every file of a release that the docs name to be made.
func TestReleaseNamesInDocs(t *testing.T) {
	made := []string{"checksums.txt", "krew.yaml", "promsnap.rb"}
	for _, p := range shipped[0].platforms {
		stem := "promsnap_" + strings.ReplaceAll(p, "/", "_")
		made = append(made, archiveName(p), stem+".cdx.json", stem+".deb", stem+".rpm")
	}
	link := regexp.MustCompile(`releases/(?:latest/download|download/v[^/\s]+)/([\w.-]+)`)
	docs, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, doc := range append(docs, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			named++
			if !slices.Contains(made, m[1]) {
				t.Errorf("%s: no release has a file %s", filepath.Base(doc), m[1])
			}
		}
	}
	if named == 0 {
		t.Error("no page names a file of a release")
	}
}
