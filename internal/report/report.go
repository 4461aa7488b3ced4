// Package report turns a snapshot into what people read: the verdict, the findings worst first, and the files.
package report

// File is one file of a report.
type File struct {
	Name        string // relative, of [a-z0-9.-] only: "index.html", "node-memory.png"
	ContentType string
	Body        []byte
}

// Report is what is drawn of one slot: pure data, made by Build.
type Report struct{}
