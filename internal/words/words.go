// Package words holds every text of promsnap that a reader of a report or message sees. Each
// language has one catalogue file (en.go, ko.go). Texts from outside, such as names of nodes and
// errors of servers, are not translated. The package imports no other package of promsnap.
package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Language is the language of a report, by its ISO 639 code. The zero value is English.
type Language string

// The languages.
const (
	English Language = "en"
	Korean  Language = "ko"
)

// Languages returns every language that has a catalogue.
func Languages() []Language { return []Language{English, Korean} }

// In returns the catalogue of a language, or the English one if there is none. Callers share it and
// must not change it.
func In(l Language) *Words {
	if l == Korean {
		return &korean
	}
	return &english
}

// Words is the catalogue of one language. A text with verbs (%[1]s) is a format. Its comment
// numbers the arguments, because languages order words differently. A Counted has one %s.
type Words struct {
	Lang string // of the page, for browsers and screen readers

	Changes   Changes
	Backtest  Backtest
	Foresight Foresight
	Sizing    Sizing
	Rules     Rules
	Targets   Targets
	Fired     Fired

	// How figures and times are written.

	// Symbols translates what package units writes after a number; the result has the space before
	// it. A symbol that is not in the map stays as it is.
	Symbols        map[string]string
	Weekdays       [7]string // from Sunday on
	Months         [12]string
	Day, DayOfYear string // 1 weekday, 2 day, 3 month, 4 number of the month, 5 year
	AxisDay        string // the same in little space
	Between        string // 1 from, 2 to: of times
	FromTo         string // 1 from, 2 to: of values
	Count          string // 1 number, 2 of what: "2 critical"

	// States of a finding.
	Critical, Warning, NoData, Pending, Ended, OK, Failed string

	// Parts of a finding's sentence.
	What          string // 1 series, 2 subject
	Used          string // 1 "60.4 of 64 GiB"
	Since         string // 1 time
	Breach        string // 1 what, 2 value
	EventAt       string // 1 time of the only event
	EventLast     string // 1 time of the last of several events
	EventBefore   string // 1 time before which all events happened
	EventsWithin  string // 1 highest number of events, 2 time in which they are counted
	BreachSince   string // 1 what and its value, 2 since when
	BreachAtLeast string // 1 what and its value, 2 how long
	AboveSince    string // 1 what and its value, 2 limit, 3 since when
	AboveAtLeast  string // 1 what and its value, 2 limit, 3 how long
	BelowSince    string // the same for a lower limit
	BelowAtLeast  string
	ReducedTo     string // 1 what, 2 name of the reduction, 3 value, 4 window
	PendingUntil  string // 1 what and its value since when, 2 how long it must last
	SilentSince   string // 1 what, 2 since when
	Silent        string // 1 what
	SilentAfter   string // 1 what and since when, 2 since when without data
	FlapsSince    string // 1 what, 2 since when, 3 share of the time, 4 of how long
	FlapsAtLeast  string // 1 what, 2 how long at least, 3 share of it
	Flaps         string // after what flaps
	OffAndOn      string // 1 share of the time, 2 of how long
	WasFlapping   string // 1 what, 2 from when to when
	SeenIn        string // 1 what, 2 in how many, 3 of how many scrapes
	FromUntil     string // 1 from, 2 to: within a sentence
	Until         string // 1 to: of a streak that began before the window
	AtLeast       string // 1 how long
	WasAbove      string // 1 what, 2 limit, 3 from when to when
	WasBelow      string // the same for a lower limit
	WasSo         string // 1 what, 2 from when to when: without a limit
	Rising        string
	Top           string // 1 the largest user: "shop/checkout-7d9f 22 GiB"
	Falling       string
	AndGone       string // after an ended finding of something that is gone

	// What the findings of one cause have in common.

	GroupAbove, GroupBelow  string // 1 subject, 2 limit
	GroupBeyond             string // 1 subject: above or below, and their limits differ
	OnThings, InThings      string // 1 what, 2 "41 of 41 nodes", "2 containers"
	SilentOn                string // 1 subjects, 2 things
	SomeCritical            string // 1 things, 2 how many of them are critical
	WithWorst               string // 1 all of it, 2 series and value of the worst
	WithSilent, WithPending string // 1 all of it, 2 how many things
	SilentThings            string // 1 things
	NoDataFor               string // 1 panels
	DownNode, SilentNode    string // 1 node
	NoExporter              string // 1 source, 2 on which nodes
	NoSource                string // 1 source
	AndAlso                 string // 1, 2 what is the case

	// What the report says about itself.
	AllOK, NothingAsked, Unmeasurable string // the start of a sentence
	Sentence                          string // 1 all of it
	// 1 one of AllOK to Unmeasurable, 2 why it may be wrong
	But                                      string
	Because                                  string // 1 the same, 2 why
	And                                      string // 1, 2 of those
	StillPending                             string // 1 a finding's sentence, 2 the same
	NoNodes, NoAnswer                        string
	OnlyFailures                             string // 1 error
	ChecksSilent, PanelsFailed, MoreFindings Counted
	AndMore, NodesSilent                     Counted
	MoreNodes, MoreSeries, MoreLabels        Counted
	PanelsInPage, MorePages                  Counted // of a PDF: what only index.html has
	AlsoInPage                               string
	Absent                                   string // 1 panel, 2 metrics
	QuerySilent                              string // 1 panel, 2 ref of a query
	QueryAbsent                              string // 1 panel, 2 ref of a query, 3 metrics
	FailedLine                               string // 1 panels, 2 error
	MorePanelsFailed                         Counted
	Counts                                   string // 1 critical, 2 warning, 3 without data
	CountsPending, CountsFailed              string // 1 number
	CountsNodes                              string // 1 measured, 2 all
	Last                                     string // 1 window
	LastEarlier                              string // 1 window, 2 how long ago it ended

	// Notes on the answers of the server.

	// 1 number of series, 2 of how many, 3 how often they were checked, 4 limit, 5 how many of the
	// highest are listed
	LeftOut string
	// 1 number of series, 2 of how many, 3 how many of the highest are listed
	LeftOutLower                                         string
	CapacityUnknown, RemarkMissing, NodesByAddress       string // 1 error
	PastUnknown                                          string // 1 error
	HistoryUnknown                                       string // 1 error
	BeforeUnknown                                        string // 1 error
	LabelsUnknown                                        string // 1 error
	NodeKindsUnknown, SourcesUnknown, DeparturesUnknown  string // 1 error
	ExportersUnknown, ExporterPodsUnknown, NodesUnlisted string // 1 error
	NodesPartSaid                                        string // 1 what the server says
	NodesPartSilent                                      string
	NodesCut                                             string // 1 how many nodes are listed
	// 1 whose metrics, 2 the labels with exported_
	NotHonored string
	// 1 label, 2 some of its values
	ClusterLabel string
	// 1 value of cluster, 2 sources that have it
	ClusterHalf string
	// 1 NodeNamed or PodNamed, 2 labels in which it differs
	ClustersMixed                             string
	NodeNamed, PodNamed                       string // 1 name
	WindowsNodes, AutopilotNodes              string // 1 how many, 2 some of them
	TargetsLeft                               string // 1 how many, 2 some of them
	DoubledNodes, StrangeHosts, SharedTargets string // 1 how many, 2 some of them
	// 1 name, 2 error or one of ReferenceEmpty to ReferenceElsewhen
	ReferenceMissing                  string
	ReferenceEmpty, ReferenceElsewhen string
	// 1 how many series are too many
	ReferenceMany string
	// 1 how many are left out, 2 how many a chart has at most
	ReferencesLeft                                             string
	ServerWarns, ServerNotes                                   string // 1 its text
	PartOfAnswer, NotJudgedByPart                              string
	PartsAbsent, PartsOld                                      string // 1 their names
	SamplesMoved, NewestIsOld                                  string // 1 how far, how old
	TimedOut, Stopped, NoSamples, LabelsOtherwise, QueryUnread string
	ScrapedSeldom                                              string // 1 how often, 2 the window
	ProxyGaveUp                                                string // 1 after how long

	// Headings and short texts of the page.
	Verdict, Findings, NodeByNode, Fleet, Nodes, Blind, Run, Troubled, Panels string
	AllNodes                                                                  string // 1 number
	EverySeries                                                               Counted
	Series, Value, Duration, Trend, State                                     string
	Age, New                                                                  string
	DayN                                                                      string // 1 number
	// 1 measured, 2 all
	NodesMeasured string
	Fleets
	// 1 how many nodes are what, 2 how many are drawn
	WorstDrawn                                             string
	Incomplete                                             string // 1 why
	WarningsHead, FailuresHead                             string
	Node, Memory, CPU, Disk, RequestedMemory, RequestedCPU string
	Cordoned                                               string
	Pool                                                   string // 1 its name
	Taints                                                 Counted
	// 1 version, 2 on how many nodes, 3 of how many
	KubeletOn                                                         string
	FiguresOf                                                         string // 1 panel
	OneSeries, Capacity, LastValue, Average, Maximum, Minimum         string
	Query, OpenGraph, Unmeasured, Nothing, NoSeries, Good, NoFindings string
	// replaces NoFindings if some data is missing
	NoneInRest                            string
	AllGood, AllWithin                    Counted
	GoodNow                               string // 1 how many findings have ended
	SortBy                                string
	NotListed                             string // 1 how many are listed, 2 of how many
	NoChart                               string // 1 error
	NoFont                                string // 1 characters
	MadeBy                                string // 1 version
	ScrapedEvery                          string // 1 interval
	ReportTime, Source, RunAgain, Runbook string
	NextSteps                             string // above commands in a message
	OnlyMatching                          string // matchers of the alerts in a summary

	// What fills next and what changed since last week: headings, and the texts of their tables.
	FillsNext, WhatFills, UsedNow, WhenFull, HowSure, Sure, NotSure, Growth string
	WhenReached, NothingFills                                               string
	Unforecast, MoreReached                                                 Counted
	MoreFill, MoreRose, MoreFell                                            Counted
	ChangedSince, ChangedBy, WhatChanged, WeekAndGhost, NothingChanged      string

	// A Grafana dashboard: its figures, its panels, and what differs from Grafana.

	// 1 how many, 2 of how many figures with thresholds, 3 the first of them
	FigureRed, FiguresRed, FigureYellow, FiguresYellow string
	NoneBeyond, NoAlertFires                           string
	ButFigures                                         string // 1 NoAlertFires, 2 FiguresRed
	AllPanelsWithData, DashboardPanels                 Counted
	PanelsWithData                                     string // 1 how many, 2 of how many
	WithoutData                                        string // 1 how many panels
	LeftOutPanels                                      string // 1 how many panels
	BeyondThresholds, NoRules, Dashboard               string
	Untitled, UntitledRow                              string
	Red, Yellow                                        string
	UnknownValue                                       string // 1 why
	PendingValue                                       string
	PanelLeftOut, PanelsLeftOut                        string // 1 how many, 2 of how many
	PanelsDiffer                                       Counted
	NotesOnDashboard, SomeNotes                        Counted
	OfQuery                                            string // 1 ref, 2 what about it
	NotSent                                            string // 1 ref, 2 why
	// Notes on a panel. Most have 1 number, 2 of how many.
	NoteCurves, NoteFigures, NoteRows, NoteColumns, NoteRuns, NoteBuckets, NoteBlocks string
	// 1 number, 2 of how many, 3 ref of a query
	NoteSeries string
	// 1 number
	NotePoints, NoteFrames string
	// 1 which
	NoteUnit, NoteTransformation, NoteOverride                                          string
	NoteHidden, NotePictures                                                            Counted
	NoteSteps, NoteNoTime, NoteBucketsCounted, NoteThresholdEnds, NoteColours, NoteHTML string

	// Texts of the page's script.
	Filter, Clear, Copy, Copied            string
	ShownFindings, ShownNodes, ShownSeries string // 1 how many match the filter, 2 of how many

	// Texts of the archive's pages.
	Archive, NewestReport, AllDays string
	Reports                        Counted
	OlderNotListed                 string

	// Texts of a chart. Those with Head are the headings of its table.
	HeadNode, HeadSeries, HeadCapacity, HeadLast, HeadAverage, HeadMaximum, HeadMinimum string
	// HeadChange is of the average, from that of the time before.
	HeadChange                                                                  string
	SomeNodes, SomeSeries, OtherNodes, OtherSeries, AlsoFound                   Counted
	SomeContainers, SomePods, SomeWorkloads, SomeVolumes, SomeTargets, SomeJobs Counted
	SomeAlerts                                                                  Counted
	// 1 how many, 2 "42 nodes"
	Some                                                       string
	Window                                                     string // 1 how long, 2 to when
	Moment                                                     string // 1 when
	NamedFinding                                               string // 1 severity, 2 series
	NoDataSince                                                string // 1 since when
	RestMean, RestSum                                          string // 1 "other 33 nodes"
	ReachedIn                                                  string // 1 limit, 2 in how long
	DayBefore, WeekBefore                                      string
	SomeBefore                                                 string // 1 how long
	AboveAxis, BelowAxis                                       string // 1 limits
	PartialData, InfiniteNotDrawn                              string
	QueryFailed, NothingToReport, EmptyAsItShould, EmptyAnswer string
	MetricsMissing                                             string // 1 metrics
	TimesNotDrawable, NothingFinite                            string
	SomePanels, PanelsOnPage                                   Counted
	NoPanels, EveryValue                                       string
	// the section of the panels that judge a dashboard
	AlertPanels string

	// Texts of a message.
	Alerts            Counted
	SinceFor          string // 1 since when, 2 how long
	ForAtLeast        string // 1 how long
	WasBefore         string // 1 severity
	ChangedIn         string // 1 by how much, 2 in how long
	TopOf             string // 1 the largest, 2 subject
	ResolvedAfter     string // 1 when it was resolved, 2 how long it lasted
	Resolved          string // 1 what
	SomeResolved      Counted
	Peak              string // 1 the highest value above the limit
	Lowest            string // the same for a lower limit
	StillFire         Counted
	MoreAlerts        Counted // in a message about several causes
	CommandTooLong    string
	MessageCut        string
	NoLongerThere     string
	SilentForLong     string
	RuleRemoved       string
	AllClear          string
	TestTitle         string
	TestMessage       string
	PossibleDuplicate string
	MemoryLost        string // 1 why
	Unwritten         string
	Unarchived        string // 1 which archive, and why
	InsteadOf         string // 1 receiver
	Overflow          Counted
	NoneOfThese       string
	OpenReport        string
	ShowQuery         string
	ReportAt          string // 1 where
	LinkUntil         string // 1 until when
	NotAttached       string // to an e-mail; 1 files, 2 size of the largest message
	NotKept           string // the report, by any archive
	BlindFor          string // 1 what has no data
	FleetShares       string // 1 measures
	SinceThen         string // 1 since when, 2 what happened
	NoAlertsSince     string // 1 since when
	Yesterday         string // since when
	LastSummary       string // since when
	SomeNew, SomeGone Counted
	NothingNew        string
	NoCheckRan        string // the state of a report
	DataMissing       string // the state of a report
	FirstCheck        string // 1 time of the first check; used in SinceThen and NoAlertsSince
	ChecksBegan       string // 1 the same, alone
	NoCheckYet        string
	ChecksMade        string // 1 ran, 2 planned
	BlindBetween      string // 1 times
	FurtherFindings   string
	WholeBoard        string // a picture; 1 the dashboard
	BoardBeginning    string // a picture of the first screen; 1 the dashboard

	SeenLate, AllResolved Together
	AlertsSilenced        Counted

	// What is wrong, by its cause.
	NodeDown, NodeUp           string // 1 node
	NodesDown                  string // 1 "6 of 42 nodes"
	SourceGone, SourceBack     string // 1 source of metrics
	SourceGoneOn, SourceBackOn string // 1 source of metrics, 2 "42 nodes"
	ResolvedOn                 string // 1 subject, 2 "12 nodes"
	TopOn                      string // 1 series, 2 the largest, 3 subject
	CriticalOf, WarningsOf     Counted
	Steady                     string // neither rising nor falling
	// What kind of message it is: 1 what is wrong.
	NowWorse, NowBetter, Still, Also string

	// What promsnap says when data is missing.
	NoDataFrom        string // 1 cluster, 2 since when
	PartialDataFrom   string // the same if the answers are incomplete
	PartialDataSince  string // 1 since when
	PartMeans         string
	PartAdvice        string
	AnswersIncomplete string // 1 what the server says
	DataBack          string // 1 cluster, 2 from when to when data was missing
	BlindMeans        string
	BlindAdvice       string
	BlindHeals        string
}

// Counted is a phrase with a number: one form for 1 and one for all other numbers. Both have one
// %s.
type Counted struct{ One, Many string }

// Of returns the phrase for n.
func (c Counted) Of(n int) string {
	if n == 1 {
		return fmt.Sprintf(c.One, "1")
	}
	return fmt.Sprintf(c.Many, Thousands(n))
}

// Together is a phrase about one thing, and about several things of the same kind.
type Together struct{ One, All string }

// Of returns the phrase for n.
func (t Together) Of(n int) string {
	if n == 1 {
		return t.One
	}
	return t.All
}

// Unlabelled is the name of a series without labels. It says nothing to a reader.
const Unlabelled = "{}"

// About returns a series and its subject: "ip-10-0-1-12 memory". A series without labels is only
// its subject.
func (w *Words) About(name, subject string) string {
	if name == Unlabelled {
		return subject
	}
	return fmt.Sprintf(w.What, name, subject)
}

// FirstOf returns the first name and the number of the others: "node-memory and 3 more". It returns
// "" if there are no names.
func (w *Words) FirstOf(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return names[0] + " " + w.AndMore.Of(len(names)-1)
}

// AtMost returns at most n lines. If it leaves lines out, its last line says how many.
func (w *Words) AtMost(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	return append(slices.Clone(lines[:n-1]), w.AndMore.Of(len(lines)-n+1))
}

// Thousands returns n with a comma between groups of three digits, as in all languages here.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Figure returns a figure of package units in the language of w: "3 h 20 min" becomes "3시간 20분".
func (w *Words) Figure(text string) string {
	if len(w.Symbols) == 0 {
		return text
	}
	var b strings.Builder
	for i, part := range strings.Split(text, " ") {
		symbol, known := w.Symbols[part]
		switch {
		case i > 0 && known:
			b.WriteString(symbol)
		case i > 0:
			b.WriteString(" " + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// Reduced returns the name of a reduction in the language of w. It knows the rules' names last,
// avg, min and max; others, such as p95, stay.
func (w *Words) Reduced(name string) string {
	switch name {
	case "last":
		return w.HeadLast
	case "avg":
		return w.HeadAverage
	case "min":
		return w.HeadMinimum
	case "max":
		return w.HeadMaximum
	}
	return name
}

// OwnRange returns a range of time that ends now or, with ago, so long before now.
func (w *Words) OwnRange(span, ago string) string {
	if ago == "" {
		return fmt.Sprintf(w.Last, span)
	}
	return fmt.Sprintf(w.LastEarlier, span, ago)
}
