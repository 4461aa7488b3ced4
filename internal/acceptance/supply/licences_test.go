package supply

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/licenses.md and docs/licenses.txt; review "+
	"the diff")

const (
	root   = "../../../"
	module = "github.com/promsnap/promsnap"
	goName = "Go's standard library" // of the toolchain that builds; its version is not in go.mod
)

// shipped are the released programs with the platforms that they are built for.
var shipped = []struct {
	name, main string
	platforms  []string
}{
	{"promsnap", "./cmd/promsnap", []string{
		"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64",
		"windows/arm64",
	}},
	{"Lambda function", "./functions/report", []string{"linux/amd64", "linux/arm64"}},
}

// allowed are the licences of code and fonts that may be linked. They require only their notice.
// Read a licence before you add it.
var allowed = []string{
	"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "FTL", "ISC", "MIT", "MIT-0", "OFL-1.1",
}

// chosen names the licence file of a module that offers a choice, or whose LICENSE only refers to
// it.
var chosen = map[string]string{
	"github.com/golang/freetype": "licenses/ftl.txt", // the other one is the GPL
}

// part is a module, a font or the standard library: something linked under its own licences.
type part struct {
	name, version string
	dir           string
	files         map[string]bool // licences and notices, relative to dir
	in            map[string]bool // names of shipped programs
}

// TestLicences fails if something is linked whose licence is unknown or not allowed, or if the list
// in docs/ is stale.
func TestLicences(t *testing.T) {
	parts := linkedParts(t)
	for _, p := range parts {
		for _, l := range p.licences(t) {
			if !slices.Contains(allowed, l) {
				t.Errorf("%s is under %s, want one of %v: read the licence, then add it "+
					"there or remove the dependency", p.name, l, allowed)
			}
		}
	}
	for name, content := range map[string][]byte{
		"licenses.md": table(t, parts), "licenses.txt": texts(t, parts),
	} {
		path := filepath.Join(root, "docs", name)
		if *update {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(was, content) {
			t.Errorf("docs/%s is stale, want the output of make licenses", name)
		}
	}
}

// linkedParts returns the parts of all shipped programs, sorted by name.
func linkedParts(t *testing.T) []*part {
	t.Helper()
	found := map[string]*part{}
	add := func(name, version, dir, program string) *part {
		p := found[name]
		if p == nil {
			p = &part{
				name: name, version: version, dir: dir, files: map[string]bool{},
				in: map[string]bool{},
			}
			found[name] = p
		}
		p.in[program] = true
		return p
	}
	for _, program := range shipped {
		for _, platform := range program.platforms {
			for _, pkg := range deps(t, program.main, platform) {
				switch {
				case pkg.Standard:
					add(goName, "", goroot(t), program.name).files["LICENSE"] = true
				case pkg.Module.Path == module:
					for _, f := range fonts(t, pkg) {
						add(f.name, "", f.dir, program.name).files[f.file] = true
					}
				default:
					add(pkg.Module.Path, pkg.Module.Version, pkg.Module.Dir,
						program.name).collect(t, pkg.Dir)
				}
			}
		}
	}
	parts := slices.Collect(maps.Values(found))
	slices.SortFunc(parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	if len(parts) < 30 {
		t.Fatalf("found %d parts, want 30 or more", len(parts))
	}
	return parts
}

// pkg is a package as `go list -json` prints it.
type pkg struct {
	Dir        string
	Standard   bool
	Module     struct{ Path, Version, Dir string }
	EmbedFiles []string
}

// deps returns the packages that are linked into main on a platform.
func deps(t *testing.T, main, platform string) []pkg {
	t.Helper()
	system, processor, _ := strings.Cut(platform, "/")
	cmd := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc",
		"-json=Dir,Standard,Module,EmbedFiles", main)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", platform, err, stderr.Bytes())
	}
	var ps []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// collect adds the licences and notices in the directories from a package up to the module's root,
// because a module may contain code of others.
func (p *part) collect(t *testing.T, dir string) {
	t.Helper()
	for {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Type().IsRegular() && licenceFile.MatchString(f.Name()) &&
				!strings.HasSuffix(f.Name(), ".go") {
				name, err := filepath.Rel(p.dir, filepath.Join(dir, f.Name()))
				if err != nil {
					t.Fatal(err)
				}
				p.files[filepath.ToSlash(name)] = true
			}
		}
		if dir == p.dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	if file, ok := chosen[p.name]; ok {
		delete(p.files, "LICENSE")
		p.files[file] = true
	}
}

type font struct{ name, dir, file string }

// fonts returns the fonts that a package embeds, each with the licence next to it:
// Roboto-Regular.ttf.gz has Roboto-LICENSE.txt.
func fonts(t *testing.T, p pkg) []font {
	t.Helper()
	var found []font
	for _, embedded := range p.EmbedFiles {
		if !strings.Contains(embedded, ".ttf") {
			continue
		}
		dir, file := filepath.Split(filepath.Join(p.Dir, embedded))
		licences, err := filepath.Glob(filepath.Join(dir, "*-LICENSE.txt"))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(licences, func(l string) bool {
			return strings.HasPrefix(file, strings.TrimSuffix(filepath.Base(l), "-LICENSE.txt"))
		})
		if i < 0 {
			t.Errorf("the font %s has no licence next to it, want one", embedded)
			continue
		}
		base := filepath.Base(licences[i])
		found = append(found, font{strings.TrimSuffix(base, "-LICENSE.txt") + " (font)", dir, base})
	}
	return found
}

// licences returns the SPDX names of all licences of a part.
func (p *part) licences(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	for file := range p.files {
		if base := strings.ToUpper(filepath.Base(file)); strings.HasPrefix(base, "NOTICE") ||
			strings.HasPrefix(base, "PATENTS") {
			continue
		}
		is := classify(p.read(t, file))
		if len(is) == 0 {
			t.Errorf("%s: no known licence in %s, want one", p.name, file)
		}
		for _, l := range is {
			names[l] = true
		}
	}
	if len(names) == 0 {
		t.Errorf("%s has no licence, want one: without a licence it may not be linked", p.name)
	}
	return slices.Sorted(maps.Keys(names))
}

func (p *part) read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// classify returns the names of the licences whose text it recognises.
func classify(text string) []string {
	s := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	has := func(phrases ...string) bool {
		return slices.ContainsFunc(phrases, func(phrase string) bool {
			return strings.Contains(s, phrase)
		})
	}
	var is []string
	for _, l := range []struct {
		name string
		here bool
	}{
		{"AGPL", has("gnu affero general public license")},
		{"Apache-2.0", has("apache license version 2.0", "apache license, version 2.0")},
		{"FTL", has("the freetype project license")},
		{"GPL", has("gnu general public license")},
		{
			"ISC",
			has("permission to use, copy, modify, and/or distribute this software for any purpose",
				"permission to use, copy, modify, and distribute this software for any purpose"),
		},
		{"LGPL", has("gnu lesser general public license", "gnu library general public license")},
		{"MPL", has("mozilla public license")},
		{"OFL-1.1", has("sil open font license")},
	} {
		if l.here {
			is = append(is, l.name)
		}
	}
	if has("permission is hereby granted, free of charge, to any person obtaining a copy of this " +
		"software") {
		if has("permission notice shall be included in all copies") {
			is = append(is, "MIT")
		} else {
			is = append(is, "MIT-0")
		}
	}
	if has("redistribution and use in source and binary forms, with or without modification") {
		switch {
		case has("all advertising materials mentioning"):
			is = append(is, "BSD-4-Clause")
		case has("neither the name", "names of its contributors",
			"name of the author may not be used", "endorse or promote products derived"):
			is = append(is, "BSD-3-Clause")
		default:
			is = append(is, "BSD-2-Clause")
		}
	}
	return is
}

const tableHead = `# Licences of what is linked

This page lists everything in a shipped program besides promsnap's own code: modules, the standard
library and the fonts of the charts. "make licenses" writes it from "go list -deps" and the licence
files of the modules. A test fails if the page is stale, or if a licence is not one of
%s.
If a module contains code of others, their licences are listed too.

[licenses.txt](licenses.txt) has the full texts, copyright lines and notices. It must accompany
every binary that you pass on. [Dependencies](decisions/dependencies.md) says why each module is
there.

promsnap is based in part on the work of the FreeType Team (https://www.freetype.org). Their licence
asks for this sentence.

| part | version | licence |`

// table returns the content of docs/licenses.md.
func table(t *testing.T, parts []*part) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, tableHead, strings.Join(allowed, ", "))
	for _, program := range shipped {
		fmt.Fprintf(&b, " %s |", program.name)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(shipped)) + "\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "| %s | %s | %s |", p.name, p.version, strings.Join(p.licences(t), ", "))
		for _, program := range shipped {
			mark := ""
			if p.in[program.name] {
				mark = "✓"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// texts returns the content of docs/licenses.txt: every text once, under the names of its parts.
func texts(t *testing.T, parts []*part) []byte {
	t.Helper()
	type text struct {
		body string
		of   []string
	}
	var all []*text
	known := map[string]*text{}
	for _, p := range parts {
		for _, file := range slices.Sorted(maps.Keys(p.files)) {
			body := strings.ReplaceAll(p.read(t, file), "\r\n", "\n")
			// Copies of one licence differ in their margins.
			same := strings.Join(strings.Fields(body), " ")
			if known[same] == nil {
				known[same] = &text{body: strings.Trim(body, "\n")}
				all = append(all, known[same])
			}
			known[same].of = append(known[same].of, strings.TrimSpace(p.name+" "+p.version)+", "+
				file)
		}
	}
	var b bytes.Buffer
	b.WriteString("Licences and notices of everything that is linked into promsnap's programs. " +
		"`make licenses` writes this file.\n")
	rule := strings.Repeat("=", 100)
	for _, x := range all {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(x.of, "\n"), rule, x.body)
	}
	return b.Bytes()
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
	}{
		{"nothing", "All rights reserved.", ""},
		{
			"apache, as a reference",
			"Licensed under the Apache License,\n Version 2.0 (the \"License\")", "Apache-2.0",
		},
		{
			"mit", "Permission is hereby granted, free of charge, to any person\nobtaining a " +
				"copy of this software ... The above copyright notice and this\npermission " +
				"notice shall be included in all copies", "MIT",
		},
		{
			"mit without its notice", "Permission is hereby granted, free of charge, to any " +
				"person obtaining a copy of this software", "MIT-0",
		},
		{
			"bsd of two", "Redistribution and use in source and binary forms, with or " +
				"without\nmodification, are permitted", "BSD-2-Clause",
		},
		{
			"bsd of three", "Redistribution and use in source and binary forms, with or without " +
				"modification ... * Neither the name of Google", "BSD-3-Clause",
		},
		{
			"bsd that wants advertising", "Redistribution and use in source and binary forms, " +
				"with or without modification. All advertising materials mentioning features",
			"BSD-4-Clause",
		},
		{
			"a choice with the gpl", "your choice of Apache License, Version 2.0, or the GNU " +
				"General Public License", "Apache-2.0 GPL",
		},
	} {
		if got := strings.Join(classify(tt.text), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
