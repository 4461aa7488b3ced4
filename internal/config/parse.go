package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest configuration, in bytes.
const maxFile = 1 << 20

// parse reads the source as one YAML document and returns its root, or nil if it is not YAML.
func (d *decoder) parse() *yaml.Node {
	if len(d.source) > maxFile {
		d.problemAt(1, 1, "",
			fmt.Sprintf("larger than %d KiB, the limit for a configuration", maxFile>>10))
		return nil
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(d.source))
	if err := decodeNode(dec, &doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		d.problemAt(1, 1, "", `empty; begin with "version: 1"`)
		return nil
	} else if err != nil {
		d.syntax(err)
		return nil
	}
	switch err := decodeNode(dec, &more); {
	case err == nil:
		d.problemAt(more.Line, more.Column, "", "a second YAML document; a configuration is a "+
			"single document, so remove the ---")
	case !errors.Is(err, io.EOF):
		d.syntax(err)
	}
	return doc.Content[0]
}

// decodeNode decodes a document. It turns a panic of the YAML parser, which has had some, into an
// error.
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: the parser gave up")
		}
	}()
	return dec.Decode(n)
}

var (
	syntaxError   = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntax records an error of the YAML parser. The parser's messages contain nothing of the file but
// the name of an unknown anchor, which may be a password that begins with an asterisk. Its line is
// that of the construct that it could not finish.
func (d *decoder) syntax(err error) {
	line, what := 1, "not YAML"
	if m := syntaxError.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " ")); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			// the parser also counts other line breaks, and may point past the end
			line = min(n, bytes.Count(d.source, []byte("\n"))+1)
		}
		what = m[2]
	}
	if m := unknownAnchor.FindStringSubmatch(what); m != nil {
		line, column := d.find("*" + m[1])
		d.problemAt(line, column, "", "an alias (*name) without its anchor (&name); put text "+
			"that begins with * in quotes")
		return
	}
	d.problemAt(line, d.indent(line), "", what+"; look on this line and above it for a missing "+
		"colon, quote or bracket, or a wrong indent")
}

// find returns the first position of text in the source, or its beginning.
func (d *decoder) find(text string) (line, column int) {
	i := bytes.Index(d.source, []byte(text))
	if i < 0 {
		return 1, 1
	}
	before := d.source[:i]
	return bytes.Count(before, []byte("\n")) + 1, i - bytes.LastIndexByte(before, '\n')
}

// line returns line n of the source, counted from 1, or "" past the end.
func (d *decoder) line(n int) string {
	if d.lines == nil {
		d.lines = strings.Split(string(d.source), "\n")
	}
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// indent returns the column of the first character of a line that is not blank.
func (d *decoder) indent(line int) int {
	text := d.line(line)
	return len(text) - len(strings.TrimLeft(text, " \t")) + 1
}
