// Package templates embeds the templates, styles and scripts of the pages.
package templates

import _ "embed" // the files below

// ReportHTML is the page of a report, for html/template. Its data is in internal/report/html.
//
//go:embed report.html
var ReportHTML string

// ReportCSS is the style of the page. The page contains it, and the page's Content-Security-Policy
// names it by its hash.
//
//go:embed report.css
var ReportCSS string

// DashboardHTML has the blocks of ReportHTML that show a Grafana dashboard.
//
//go:embed dashboard.html
var DashboardHTML string

// DashboardCSS is the style of a dashboard. Only pages that show one contain it.
//
//go:embed dashboard.css
var DashboardCSS string

// SizingHTML has the block of ReportHTML that compares requests with use.
//
//go:embed sizing.html
var SizingHTML string

// SizingCSS is the style of that block. Only pages with the block contain it.
//
//go:embed sizing.css
var SizingCSS string

// RulesHTML has the block of ReportHTML with the alerting rules.
//
//go:embed rules.html
var RulesHTML string

// RulesCSS is the style of that block. Only pages with the block contain it.
//
//go:embed rules.css
var RulesCSS string

// TargetsHTML has the block of ReportHTML about what Prometheus scrapes.
//
//go:embed targets.html
var TargetsHTML string

// TargetsCSS is the style of that block. Only pages with the block contain it.
//
//go:embed targets.css
var TargetsCSS string

// FiredHTML has the block of ReportHTML about the alerts of the server's own rules.
//
//go:embed fired.html
var FiredHTML string

// FiredCSS is the style of that block. Only pages with the block contain it.
//
//go:embed fired.css
var FiredCSS string

// FleetHTML has the block of ReportHTML with the clusters of a fleet.
//
//go:embed fleet.html
var FleetHTML string

// FleetCSS is the style of that block. Only pages with the block contain it.
//
//go:embed fleet.css
var FleetCSS string

// ReportJS is the script of the page. The page contains it, and the policy names it by its hash.
//
//go:embed report.js
var ReportJS string

// ArchiveHTML is a page that lists reports or days of reports, for html/template. Its data is in
// internal/notify/s3.
//
//go:embed archive.html
var ArchiveHTML string

// ArchiveCSS is the style of these pages.
//
//go:embed archive.css
var ArchiveCSS string

// BacktestHTML is the page of back-tests, for html/template. Its data is in internal/report/tuning.
//
//go:embed backtest.html
var BacktestHTML string

// BacktestCSS is the style of this page.
//
//go:embed backtest.css
var BacktestCSS string

// EmailHTML is the HTML part of an e-mail, for html/template. Its data is in internal/notify/email.
// Mail programs ignore much of HTML: it has tables and inline styles only.
//
//go:embed email.html
var EmailHTML string
