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

// archiveName returns the name of the archive of a platform such as linux/amd64.
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

// TestReleaseBuilds checks that .goreleaser.yaml builds for the platforms whose licences are
// checked, with the flags of the Makefile. `goreleaser check` is part of `make release`.
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
		t.Errorf("the Makefile is\n%s\nwant it to install %s", makefile, c.SBOMs[0].Cmd)
	}
	if b.Main != "./cmd/promsnap" || b.ModTimestamp == "" {
		t.Errorf("got main %q and mod_timestamp %q, want ./cmd/promsnap and the commit's time",
			b.Main, b.ModTimestamp)
	}
	if !c.Krews[0].SkipUpload || !c.Changelog.Disable {
		t.Errorf("got skip_upload %v and a disabled changelog %v, want true: the workflow "+
			"publishes them",
			c.Krews[0].SkipUpload, c.Changelog.Disable)
	}
}

// workflow holds the tested parts of a file in .github/workflows.
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

// written lists every right to write that a job of a workflow has, with the reason.
var written = map[string][]string{
	"release.yml/build":   {"attestations", "id-token"},             // to sign what was built
	"release.yml/image":   {"attestations", "id-token", "packages"}, // to push and sign the image
	"release.yml/chart":   {"attestations", "id-token", "packages"}, // to push and sign the chart
	"release.yml/publish": {"contents"},                             // to make the release
}

// TestWorkflows checks that each job has the fewest rights and a timeout, and that actions are
// pinned. `make lint` runs actionlint on the same files.
func TestWorkflows(t *testing.T) {
	pinned := regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40}$`)
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("got workflows %q (%v), want two or more", files, err)
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
				t.Errorf("%s has no permissions, want its own", at)
				continue
			}
			for right, level := range *job.Permissions {
				if level != "read" {
					got[at] = append(got[at], right)
				}
			}
			slices.Sort(got[at])
			if job.Uses == "" && job.Timeout == 0 {
				t.Errorf("%s has no timeout-minutes, want one", at)
			}
			for _, s := range job.Steps {
				if s.Uses != "" && !pinned.MatchString(s.Uses) {
					t.Errorf("%s uses %q, want an action of GitHub's own, pinned by commit", at,
						s.Uses)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["ssh-key"] == nil &&
					s.With["persist-credentials"] != false {
					t.Errorf("%s keeps the token of its checkout, want persist-credentials: false",
						at)
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
		t.Errorf("without a checksum: got %v and %q, want an error that names the archive", err,
			out)
	}
}

// TestVersionInDocs checks that chart, docs and manifests have one version, that of the next tag.
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
		t.Errorf("got images in %v, want two files or more", slices.Sorted(maps.Keys(found)))
	}
}

// TestReleaseNamesInDocs checks that every file of a release that the docs name is made.
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
				t.Errorf("%s: got a link to %s, want one of %q", filepath.Base(doc), m[1], made)
			}
		}
	}
	if named == 0 {
		t.Error("no page links to a file of a release, want one or more")
	}
}
