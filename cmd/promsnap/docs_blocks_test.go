package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/promsnap/promsnap/internal/acceptance/pages"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/testdata/race"
)

// The scripts that run the commands of the pages. Those in slowPages need more than Go: the
// acceptance tests run them.
const (
	quickPages = repository + "/testdata/docs"
	slowPages  = repository + "/testdata/docs/slow"
)

// notRun are the blocks of commands that no test runs, and why.
var notRun = map[string]string{
	"README.md#install": "it installs a release; TestDocumentedPackages checks the package",

	"CONTRIBUTING.md#build-and-test": "they run this test; TestDocumentedTargets checks them",

	"docs/releasing.md#make-a-release":   "it publishes a release",
	"docs/releasing.md#check-a-download": "it needs a release; TestReleaseIsComplete checks the sums",

	"docs/decisions/performance.md#speed-what-is-measured-and-what-the-profiles-showed": "it is slow",

	"docs/fleets.md#kubernetes":     "it installs a release; the chart's tests install the chart",
	"docs/fleets.md#argo-workflows": "it needs Argo; TestArgo checks the manifest",

	"docs/sizing.md#applying-it": "it changes a workload of a cluster",

	"docs/lambda.md#from-nothing-to-the-first-message":   "it writes into an account of AWS",
	"docs/lambda.md#from-nothing-to-the-first-message:4": "it invokes a function in an account of AWS",
}

// whyNotRun returns why no test runs a block of commands, "" if one must.
func whyNotRun(id string) string {
	if strings.HasPrefix(id, "docs/runbooks/") && strings.Contains(id, "#look") {
		return "it needs the object of an alert; TestRunbooksAreShortAndHaveCommands reads it"
	}
	return notRun[id]
}

// TestDocumentedBlocks runs the commands of the pages with the real program, against servers on
// loopback. With -short or the race detector only README's run: TestScripts runs the same commands.
func TestDocumentedBlocks(t *testing.T) {
	commands, err := pages.Commands(repository)
	if err != nil {
		t.Fatal(err)
	}
	commands["lab"] = newLabs(t).start
	commands["cluster"], commands["slack"] = startCluster, startSlack
	commands["said"], commands["grafana"] = printMessages, startGrafana
	commands["program"], commands["heard"] = startProgram, printRequests
	commands["opened"] = waitForPage
	commands["bucket"] = func(ts *testscript.TestScript, _ bool, _ []string) { startBucket(t, ts) }
	params := testscript.Params{Dir: quickPages, Cmds: commands, Setup: desktop}
	if testing.Short() || race.Enabled {
		params.Dir, params.Files = "", []string{filepath.Join(quickPages, "readme.txtar")}
	}
	testscript.Run(t, params)
}

// desktop gives a script what a reader has: promsnap as a checkout builds it, a browser, and the
// time at which the simulated cluster's samples end.
func desktop(env *testscript.Env) error {
	program, err := exec.LookPath("promsnap")
	if err != nil {
		return fmt.Errorf("finding promsnap: %w", err)
	}
	bin := filepath.Join(env.WorkDir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(program, filepath.Join(bin, "promsnap")); err != nil {
		return err
	}
	opened := filepath.Join(env.WorkDir, "opened")
	if out, err := exec.Command("mkfifo", opened).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfifo: %w: %s", err, out)
	}
	pipe, err := os.OpenFile(opened, os.O_RDWR, 0) // so that no side waits for the other to open it
	if err != nil {
		return err
	}
	env.Defer(func() { _ = pipe.Close() })
	env.Values[openedPages{}] = bufio.NewReader(deadlineReader{pipe})
	for _, browser := range []string{"xdg-open", "open"} {
		path, script := filepath.Join(bin, browser), "#!/bin/sh\necho \"$1\" >\"$WORK/opened\"\n"
		if err := os.WriteFile(path, []byte(script), 0o755); err != nil { //nolint:gosec // it is run
			return err
		}
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	env.Setenv("CLOCK", labNow.Format(time.RFC3339))
	env.Setenv("NO_PROXY", "127.0.0.1")
	return nil
}

// openedPages is the key of the pipe into which the browser of a script writes what it opens.
type openedPages struct{}

// deadlineReader reads from a pipe and waits at most a minute for each read.
type deadlineReader struct{ *os.File }

func (r deadlineReader) Read(p []byte) (int, error) {
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	return r.File.Read(p)
}

// waitForPage implements `opened REGEXP`: it waits until the browser has opened a page that matches.
// promsnap starts the browser and does not wait for it.
func waitForPage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: opened REGEXP")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	var got []string
	for {
		page, err := ts.Value(openedPages{}).(*bufio.Reader).ReadString('\n')
		if err != nil {
			ts.Fatalf("the browser opened %q, want a page that matches %s: %v", got, want, err)
		}
		if page = strings.TrimSpace(page); want.MatchString(page) {
			return
		}
		got = append(got, page)
	}
}

// startBucket is `bucket`: it starts an S3 with the bucket of the examples, which the environment
// makes the SDK use.
func startBucket(t *testing.T, ts *testscript.TestScript) {
	s := cloudtest.New(t)
	s.Name = "capacity-reports"
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": cloudtest.Secret,
	} {
		ts.Setenv(name, value)
	}
}

// TestEveryBlockIsRun fails if a page has a block of commands that no script runs and notRun does
// not list, and if a script or notRun names a block that no page has.
func TestEveryBlockIsRun(t *testing.T) {
	blocks, err := pages.All(repository)
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	for _, dir := range []string{quickPages, slowPages} {
		ids, err := pages.Scripts(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			run[id] = true
		}
	}
	there := map[string]bool{}
	for _, b := range blocks {
		switch b.Language {
		case "sh":
			there[b.ID] = true
			if reason := whyNotRun(b.ID); run[b.ID] == (reason != "") {
				t.Errorf("%s: run by a script: %v, reason not to run it: %q; want one of the two",
					b.ID, run[b.ID], reason)
			}
		case "text", "yaml", "json", "promql", "go":
		default:
			t.Errorf("%s: language %q, want sh for commands, text for output", b.ID, b.Language)
		}
	}
	for id := range notRun {
		run[id] = true
	}
	for id := range run {
		if !there[id] {
			t.Errorf("%s is run or listed: got no page with it, want one", id)
		}
	}
}

// shellBlocks returns the blocks of commands.
func shellBlocks(t *testing.T) []pages.Block {
	t.Helper()
	blocks, err := pages.All(repository)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(blocks, func(b pages.Block) bool { return b.Language != "sh" })
}

// TestDocumentedSyntax has the shell read every block, also those that nothing runs.
func TestDocumentedSyntax(t *testing.T) {
	for _, b := range shellBlocks(t) {
		if out, err := exec.Command("sh", "-n", "-c", b.Text).CombinedOutput(); err != nil {
			t.Errorf("%s: got %v, want correct syntax\n%s", b.ID, err, out)
		}
	}
}

// TestDocumentedTargets checks that every target of make in the pages is in the Makefile.
func TestDocumentedTargets(t *testing.T) {
	makefile := readPage(t, "Makefile")
	target := regexp.MustCompile(`(?m)(?:^|\x60)make ([a-z]+)`)
	for _, page := range documents(t) {
		if page == "CHANGELOG.md" {
			continue
		}
		for _, m := range target.FindAllStringSubmatch(readPage(t, page), -1) {
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
				t.Errorf("%s: got make %s, want a target of the Makefile", page, m[1])
			}
		}
	}
}

// TestDocumentedPackages checks that what the pages install is a command of this module.
func TestDocumentedPackages(t *testing.T) {
	installs := regexp.MustCompile(`go install github\.com/promsnap/promsnap/(\S+?)@latest`)
	for _, page := range documents(t) {
		for _, m := range installs.FindAllStringSubmatch(readPage(t, page), -1) {
			source, err := os.ReadFile(filepath.Join(repository, m[1], "main.go"))
			if err != nil || !strings.Contains(string(source), "\npackage main\n") {
				t.Errorf("%s installs: got %s (%v), want the package of a command", page, m[1], err)
			}
		}
	}
}
