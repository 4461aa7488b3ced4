package snapshot

import (
	"fmt"
	"slices"
)

// Note is information for the reader. It is a code with arguments and contains no sentence: package
// report words it in the reader's language.
//
// Arguments are spelled the same in every language. A number is in decimal digits. A duration is as
// time.Duration.String writes it. A figure is two arguments, its number and the id of its unit. A
// list is its full length followed by its first names. Names and a server's words are printable.
type Note struct {
	Code string
	Args []string
}

func (n Note) equal(o Note) bool { return n.Code == o.Code && slices.Equal(n.Args, o.Args) }

// IsZero reports whether there is no note.
func (n Note) IsZero() bool { return n.Code == "" }

// The notes about an answer, with their arguments.
const (
	NoteServerWarns = "server_warns" // the server's words
	NoteServerNotes = "server_notes" // the server's words
	// the answer is incomplete: the server's words about that
	NotePartSaid = "part_said"
	// the answer is incomplete, and the server does not say why
	NotePartSilent = "part_silent"
	// of a merged panel: how many parts are not named, then for each named part its name and
	// problem, "" if the problem is unknown
	NotePartsSay = "parts_say"
	// of a merged panel: list of parts that lack its metrics
	NotePartsAbsent = "parts_absent"
	// of a merged panel: list of parts whose newest sample is old
	NotePartsOld        = "parts_old"
	NoteNotJudgedByPart = "not_judged_by_part" // rules that need all data were not judged
	NoteSamplesMoved    = "samples_moved"      // by how long
	NoteNewestIsOld     = "newest_is_old"      // how old
	NoteNoSamples       = "no_samples"         // no series has a sample
	NoteQueryUnread     = "query_unread"       // promsnap cannot parse this dialect of PromQL
	// the metrics exist, but the query finds no series
	NoteLabelsOtherwise = "labels_otherwise"
	NoteScrapedSeldom   = "scraped_seldom" // scrape interval, the window that needs two samples
	NoteNotSeen         = "not_seen"       // the panel's title, the missing metrics
	// number of series left out, of how many, the step of the check, the limit (a figure), how many
	// of the highest are listed
	NoteLeftOut = "left_out"
	// number of series left out, of how many, how many of the highest are listed
	NoteLeftOutLower    = "left_out_lower"
	NoteWholeUnknown    = "whole_unknown"    // error of the capacity query
	NoteRemarkMissing   = "remark_missing"   // error of a remark's or a detail query
	NotePastUnknown     = "past_unknown"     // error of looking back
	NoteHistoryUnknown  = "history_unknown"  // error of the query over four weeks
	NoteBeforeUnknown   = "before_unknown"   // error of the query of Spec.Compare
	NoteReferenceFailed = "reference_failed" // the reference's name, error
	NoteReferenceEmpty  = "reference_empty"  // the reference's name: its query finds no series
	// the reference's name, the number of series that it exceeds
	NoteReferenceMany = "reference_many"
	// the reference's name: its samples are at other times
	NoteReferenceElsewhen = "reference_elsewhen"
	NoteReferencesLeft    = "references_left_out" // how many, how many a chart has at most
)

// The remarks below a chart, with their arguments.
const (
	// a line; for an answer to Spec.Remarks also the value that replaces {{value}} in it, and the
	// remark's index
	NoteAnswer         = "answer"
	NoteMoreAnswers    = "more_answers"    // number of lines left out, the remark's index
	NoteWindowsNodes   = "windows_nodes"   // list of nodes
	NoteAutopilotNodes = "autopilot_nodes" // list of nodes
	NoteDoubledNodes   = "doubled_nodes"   // list of nodes that several exporters report
	NoteStrangeHosts   = "strange_hosts"   // list of hosts that are not nodes
	NoteSharedTargets  = "shared_targets"  // list of instances behind which several hosts answer
	NoteTargetsLeft    = "targets_left"    // list of targets that left without a replacement
)

// The notes about a whole run, with their arguments.
const (
	NoteNotHonored   = "not_honored"   // the source, its exported_… labels
	NoteClusterLabel = "cluster_label" // label, list of its values
	NoteClusterHalf  = "cluster_half"  // value of cluster, the sources that have it
	// a node in several clusters, the labels in which it differs
	NoteNodeTwice = "node_twice"
	// a pod in several clusters, the labels in which it differs
	NotePodTwice            = "pod_twice"
	NoteLabelsUnknown       = "labels_unknown"        // error
	NoteNodesByAddress      = "nodes_by_address"      // error
	NoteNodeKindsUnknown    = "node_kinds_unknown"    // error
	NoteSourcesUnknown      = "sources_unknown"       // error
	NoteDeparturesUnknown   = "departures_unknown"    // error
	NoteExportersUnknown    = "exporters_unknown"     // error
	NoteExporterPodsUnknown = "exporter_pods_unknown" // error
	// the answers about nodes are incomplete: the server's words about that
	NoteNodesPartSaid   = "nodes_part_said"
	NoteNodesPartSilent = "nodes_part_silent" // the same, without the server's words
	NoteNodesUnlisted   = "nodes_unlisted"    // error of the Kubernetes API
	NoteNodesCut        = "nodes_cut"         // how many nodes were listed; there are more
	NoteChangesUnknown  = "changes_unknown"   // error
	NoteEventsUnlisted  = "events_unlisted"   // error of the Kubernetes API
	// the name of a PrometheusRule, error
	NoteRuleObjectUnread = "rule_object_unread"
	NoteSizingUnknown    = "sizing_unknown" // error
	NoteSizingPart       = "sizing_part"    // the error of some namespaces
	NoteFiredUnknown     = "fired_unknown"  // error
	NoteRulesUnknown     = "rules_unknown"  // error
	NoteNeverUnknown     = "never_unknown"  // error

	NoteTargetsNoList   = "targets_no_list"  // the server has no list of targets
	NoteTargetsRefused  = "targets_refused"  // the server's words about that
	NoteTargetsUnlisted = "targets_unlisted" // error of the server's list
	NoteTargetsPast     = "targets_past"     // the list is of now, and the time is in the past
	NoteTargetsPart     = "targets_part"     // the server's words about an incomplete list
	NoteTargetsFigures  = "targets_figures"  // error of the figures of scrapes
	NoteTargetsVanished = "targets_vanished" // error of the search for vanished targets
	NoteTargetsUnknown  = "targets_unknown"  // error: nothing is known of the targets
)

// The reasons why a run was cut short, with the arguments.
const (
	NoteTimedOut    = "timed_out"     // the queries took longer than the run's timeout
	NoteProxyGaveUp = "proxy_gave_up" // the time after which it gave up
	NoteStopped     = "stopped"       // from outside
	NoteCutShort    = "cut_short"     // another cause, in words
)

// NoteOf returns a note with its arguments spelled as Note says.
func NoteOf(code string, args ...any) Note {
	n := Note{Code: code}
	for _, a := range args {
		n.Args = append(n.Args, fmt.Sprint(a))
	}
	return n
}

// mostNamed is how many items of a list a note names.
const mostNamed = 5

// listNote returns a note that ends in a list, with sorted names.
func listNote(code string, of []string, before ...any) Note {
	n := NoteOf(code, append(before, len(of))...)
	of = slices.Sorted(slices.Values(of))
	for _, name := range of[:min(len(of), mostNamed)] {
		n.Args = append(n.Args, short(name))
	}
	return n
}

// with returns the note with more arguments.
func (n Note) with(args ...string) Note {
	n.Args = slices.Concat(n.Args, args)
	return n
}

// note adds a note to the panel.
func (p *Panel) note(code string, args ...any) { p.Notes = append(p.Notes, NoteOf(code, args...)) }
