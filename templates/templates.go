// Package templates holds the page of a report and its styles, as they are embedded in the program.
package templates

import _ "embed" // the files below

// ReportHTML is the page, for html/template; internal/report/html says what it is given.
//
//go:embed report.html
var ReportHTML string

// ReportCSS is the page's style. It stands in the page, whose Content-Security-Policy names it by
// its hash.
//
//go:embed report.css
var ReportCSS string

// ReportJS is the page's script. It stands in the page as it is, and the policy names it by its
// hash too.
//
//go:embed report.js
var ReportJS string

// ArchiveHTML is a page that lists reports, or days of them, for html/template; internal/notify/s3
// says what it is given.
//
//go:embed archive.html
var ArchiveHTML string

// ArchiveCSS is the style of these pages.
//
//go:embed archive.css
var ArchiveCSS string
