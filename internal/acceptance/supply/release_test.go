//go:build release

package supply

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is a file of an archive.
type entry struct {
	mode os.FileMode
	body []byte
}

// released returns the path of a file that `make release` made.
func released(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PROMSNAP_RELEASE")
	if dir == "" {
		t.Fatal("PROMSNAP_RELEASE is not set: run make release")
	}
	return filepath.Join(dir, name)
}

func readReleased(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(released(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// releasedVersion returns the chart's version, without v.
func releasedVersion(t *testing.T) string {
	t.Helper()
	charts, err := filepath.Glob(released(t, "promsnap-*.tgz"))
	if err != nil || len(charts) != 1 {
		t.Fatalf("got charts %q (%v), want one", charts, err)
	}
	name := strings.TrimSuffix(filepath.Base(charts[0]), ".tgz")
	return strings.TrimPrefix(name, "promsnap-")
}

// TestReleaseIsComplete compares the files of a release with the expected ones, and their sums with
// checksums.txt.
func TestReleaseIsComplete(t *testing.T) {
	want := []string{
		"checksums.txt", "krew.yaml", "promsnap-" + releasedVersion(t) + ".tgz", "promsnap.rb",
	}
	for _, p := range shipped[0].platforms {
		stem := "promsnap_" + strings.ReplaceAll(p, "/", "_")
		want = append(want, archiveName(p), stem+".cdx.json")
		if strings.HasPrefix(p, "linux/") {
			want = append(want, stem+".deb", stem+".rpm")
		}
	}
	slices.Sort(want)
	files, err := os.ReadDir(released(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	var got, sums []string
	for _, f := range files {
		got = append(got, f.Name())
		if f.Name() != "checksums.txt" {
			sums = append(sums, fmt.Sprintf("%x  %s", sha256.Sum256(readReleased(t, f.Name())),
				f.Name()))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files of the release (-want +got):\n%s", diff)
	}
	listed := strings.Split(strings.TrimSpace(string(readReleased(t, "checksums.txt"))), "\n")
	slices.Sort(listed)
	slices.Sort(sums)
	if diff := cmp.Diff(sums, listed); diff != "" {
		t.Errorf("checksums.txt (-want +got):\n%s", diff)
	}
}

// TestReleaseArchives checks the files of every archive and how its program was built. It runs the
// program for this machine.
func TestReleaseArchives(t *testing.T) {
	for _, platform := range shipped[0].platforms {
		system, processor, _ := strings.Cut(platform, "/")
		files := unpack(t, archiveName(platform))
		program := programName(system)
		want := []string{
			"LICENSE", "README.md", "completions/promsnap.bash", "completions/promsnap.fish",
			"completions/promsnap.ps1", "completions/promsnap.zsh", "licenses.txt", program,
		}
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
			t.Errorf("%s: got files %q, want %q", platform, got, want)
			continue
		}
		for name, f := range files {
			mode := os.FileMode(0o644)
			if name == program {
				mode = 0o755
			}
			if f.mode.Perm() != mode || len(f.body) == 0 {
				t.Errorf("%s: %s has mode %v and %d bytes, want mode %v and content",
					platform, name, f.mode, len(f.body), mode)
			}
		}
		info := buildInfo(t, files[program].body)
		for key, value := range map[string]string{
			"GOOS": system, "GOARCH": processor, "CGO_ENABLED": "0", "-trimpath": "true",
		} {
			if got := setting(info, key); got != value {
				t.Errorf("%s: the program was built with %s=%s, want %s", platform, key, got, value)
			}
		}
		if platform == runtime.GOOS+"/"+runtime.GOARCH {
			runReleased(t, files[program].body)
		}
	}
}

func setting(info *buildinfo.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func runReleased(t *testing.T, program []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "promsnap")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "version").CombinedOutput()
	want := fmt.Sprintf("promsnap v%s (%s)\n", releasedVersion(t), runtime.Version())
	if err != nil || string(out) != want {
		t.Errorf("promsnap version: got %q (%v), want %q", out, err, want)
	}
}

// TestReleasePackages reads the deb and rpm packages with the systems' own programs.
func TestReleasePackages(t *testing.T) {
	common := []string{
		"/usr/bin/promsnap", "/usr/share/bash-completion/completions/promsnap",
		"/usr/share/doc/promsnap/README.md", "/usr/share/doc/promsnap/licenses.txt",
		"/usr/share/fish/vendor_completions.d/promsnap.fish",
	}
	version := strings.ReplaceAll(releasedVersion(t), "-", "~")
	for _, tt := range []struct {
		suffix string
		list   string // prints the name, the version, the architecture, and every file
		archs  map[string]string
		only   []string
	}{
		{
			suffix: ".deb",
			list: `dpkg-deb -f "$0" Package Version Architecture | cut -d' ' -f2
				dpkg-deb --fsys-tarfile "$0" | tar -t | sed -n 's/^\.\(.*[^/]\)$/\1/p'`,
			archs: map[string]string{"amd64": "amd64", "arm64": "arm64"},
			only: []string{
				"/usr/share/doc/promsnap/copyright", "/usr/share/zsh/vendor-completions/_promsnap",
			},
		},
		{
			suffix: ".rpm",
			list: `rpm -qp --qf '%{NAME} %{VERSION} %{ARCH} ' "$0"
				rpm -qlp "$0"`,
			archs: map[string]string{"amd64": "x86_64", "arm64": "aarch64"},
			only: []string{
				"/usr/share/licenses/promsnap/LICENSE", "/usr/share/zsh/site-functions/_promsnap",
			},
		},
	} {
		for arch, named := range tt.archs {
			path := released(t, "promsnap_linux_"+arch+tt.suffix)
			out, err := exec.Command("sh", "-ec", tt.list, path).Output()
			if err != nil {
				t.Errorf("%s: %v, want a list; install dpkg-deb and rpm", path, err)
				continue
			}
			got := strings.Fields(string(out))
			slices.Sort(got[min(3, len(got)):])
			want := append(slices.Clone(common), tt.only...)
			slices.Sort(want)
			want = append([]string{"promsnap", version, named}, want...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

// TestReleaseSBOMs compares each bill of materials with the modules in the program's build
// information.
func TestReleaseSBOMs(t *testing.T) {
	for _, platform := range shipped[0].platforms {
		system, _, _ := strings.Cut(platform, "/")
		var bom struct {
			BOMFormat string
			Metadata  struct {
				Component struct{ Name, Version, PURL string }
			}
			Components []struct{ Name, Version string }
		}
		name := "promsnap_" + strings.ReplaceAll(platform, "/", "_") + ".cdx.json"
		if err := json.Unmarshal(readReleased(t, name), &bom); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := map[string]string{}
		for _, c := range bom.Components {
			got[c.Name] = c.Version
		}
		info := buildInfo(t, unpack(t, archiveName(platform))[programName(system)].body)
		want := map[string]string{"std": info.GoVersion}
		for _, d := range info.Deps {
			want[d.Path] = d.Version
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 30 {
			t.Errorf("%s: %d modules (-want +got):\n%s", name, len(want), diff)
		}
		c := bom.Metadata.Component
		if bom.BOMFormat != "CycloneDX" || c.Name != module ||
			c.Version != "v"+releasedVersion(t) ||
			!strings.Contains(c.PURL, "goos="+system) {
			t.Errorf("%s: got a %s of %+v, want CycloneDX of %s v%s for %s",
				name, bom.BOMFormat, c, module, releasedVersion(t), system)
		}
	}
}

// TestReleaseManifests checks the archives and checksums in the manifests of krew and Homebrew.
func TestReleaseManifests(t *testing.T) {
	for name, tt := range map[string]struct {
		pair    *regexp.Regexp
		systems []string
	}{
		"krew.yaml": {
			regexp.MustCompile(`uri: (\S+)\s+sha256: (\S+)`), []string{"linux", "darwin", "windows"},
		},
		"promsnap.rb": {
			regexp.MustCompile(`url "(\S+)"\s+sha256 "(\S+)"`), []string{"linux", "darwin"},
		},
	} {
		got, want := map[string]string{}, map[string]string{}
		for _, m := range tt.pair.FindAllStringSubmatch(string(readReleased(t, name)), -1) {
			got[m[1]] = m[2]
		}
		for _, p := range shipped[0].platforms {
			if system, _, _ := strings.Cut(p, "/"); slices.Contains(tt.systems, system) {
				url := "https://" + module + "/releases/download/v" + releasedVersion(t) + "/" +
					archiveName(p)
				want[url] = fmt.Sprintf("%x", sha256.Sum256(readReleased(t, archiveName(p))))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestReleaseChart checks the chart's package: its version and that no file is missing.
func TestReleaseChart(t *testing.T) {
	version := releasedVersion(t)
	files := unpack(t, "promsnap-"+version+".tgz")
	chart := string(files["promsnap/Chart.yaml"].body)
	for _, line := range []string{"version: " + version, "appVersion: " + version} {
		if !strings.Contains("\n"+chart, "\n"+line+"\n") && !strings.HasSuffix(chart, "\n"+line) {
			t.Errorf("Chart.yaml is\n%s\nwant a line %q", chart, line)
		}
	}
	source := os.DirFS(filepath.Join(root, "deploy/helm/promsnap"))
	want := map[string]bool{}
	if err := walkFiles(source, func(path string) { want["promsnap/"+path] = true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)),
		slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("files of the chart (-want +got):\n%s", diff)
	}
}

func programName(system string) string {
	if system == "windows" {
		return "promsnap.exe"
	}
	return "promsnap"
}

func walkFiles(fsys fs.FS, visit func(path string)) error {
	return fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			visit(path)
		}
		return err
	})
}

func buildInfo(t *testing.T, program []byte) *buildinfo.BuildInfo {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// unpack reads a .tar.gz, .tgz or .zip of the release.
func unpack(t *testing.T, name string) map[string]entry {
	t.Helper()
	files := map[string]entry{}
	b := readReleased(t, name)
	if strings.HasSuffix(name, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			files[f.Name] = entry{f.Mode(), body}
		}
		return files
	}
	z, err := gzip.NewReader(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: %s belongs to %d:%d, want 0:0", name, h.Name, h.Uid, h.Gid)
		}
		files[h.Name] = entry{h.FileInfo().Mode(), body}
	}
}
