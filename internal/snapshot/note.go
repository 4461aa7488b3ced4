package snapshot

import (
	"fmt"
	"slices"
)

// Note is something that a reader should know. It is a code with arguments and holds no sentence:
// package report words it in the reader's language.
//
// Arguments are spelled alike in every language. A number is in decimal digits; a duration is as
// time.Duration.String writes it; a figure is two arguments, its number and the id of its unit; a
// list is its whole length and then its first names. Names and the words of a server are printable.
type Note struct {
	Code string
	Args []string
}

func (n Note) equal(o Note) bool { return n.Code == o.Code && slices.Equal(n.Args, o.Args) }

// IsZero reports whether there is nothing to say.
func (n Note) IsZero() bool { return n.Code == "" }

// The notes on an answer, with their arguments.
const (
	NoteServerWarns = "server_warns" // the server's words
	NoteServerNotes = "server_notes" // the server's words
	// the answer is only a part: what the server says of that
	NotePartSaid = "part_said"
	// the answer is only a part, and the server does not say why
	NotePartSilent = "part_silent"
	// of a merged panel: how many parts are not named, then of each its name and what is wrong, ""
	// where it does not say
	NotePartsSay = "parts_say"
	// of a merged panel: list of the parts that lack its metrics
	NotePartsAbsent = "parts_absent"
	// of a merged panel: list of the parts whose newest sample is old
	NotePartsOld        = "parts_old"
	NoteNotJudgedByPart = "not_judged_by_part" // rules that need all data judge nothing
	NoteSamplesMoved    = "samples_moved"      // by how long
	NoteNewestIsOld     = "newest_is_old"      // how old
	NoteNoSamples       = "no_samples"         // no series has a sample
	NoteQueryUnread     = "query_unread"       // promsnap cannot parse this dialect of PromQL
	// the metrics exist, and the query finds no series
	NoteLabelsOtherwise = "labels_otherwise"
	NoteScrapedSeldom   = "scraped_seldom" // how often, the window that needs two samples
	NoteNotSeen         = "not_seen"       // the panel's title, the metrics that are missing
	// series left out, of how many, looked at how often, the limit (a figure), how many of the
	// highest are listed
	NoteLeftOut = "left_out"
	// series left out, of how many, how many of the highest are listed
	NoteLeftOutLower    = "left_out_lower"
	NoteWholeUnknown    = "whole_unknown"    // error of the query for a ratio's whole
	NoteRemarkMissing   = "remark_missing"   // error of a remark's or a detail's query
	NoteReferenceFailed = "reference_failed" // the reference's name, error
	NoteReferenceEmpty  = "reference_empty"  // the reference's name: its query finds no series
	// the reference's name, the number of series that it has more than
	NoteReferenceMany = "reference_many"
	// the reference's name: its samples lie at other times
	NoteReferenceElsewhen = "reference_elsewhen"
	NoteReferencesLeft    = "references_left_out" // how many, how many a chart has at most
)

// The remarks below a chart, with their arguments.
const (
	// a line; of one that answers Spec.Remarks also the value, which {{value}} stands for in it,
	// and which remark
	NoteAnswer         = "answer"
	NoteMoreAnswers    = "more_answers"    // how many lines are left off, of which remark
	NoteWindowsNodes   = "windows_nodes"   // list of nodes
	NoteAutopilotNodes = "autopilot_nodes" // list of nodes
	NoteDoubledNodes   = "doubled_nodes"   // list of nodes that several exporters report
	NoteStrangeHosts   = "strange_hosts"   // list of hosts that are no nodes
	NoteSharedTargets  = "shared_targets"  // list of instances behind which several hosts answer
	NoteTargetsLeft    = "targets_left"    // list of targets that left, with nobody in their place
)

// The notes on a whole run, with their arguments.
const (
	NoteNotHonored   = "not_honored"   // whose metrics, the labels with exported_…
	NoteClusterLabel = "cluster_label" // label, list of its values
	NoteClusterHalf  = "cluster_half"  // value of cluster, the sources that have it
	// a node that is in several clusters, the labels in which it differs
	NoteNodeTwice = "node_twice"
	// a pod that is in several clusters, the labels in which it differs
	NotePodTwice            = "pod_twice"
	NoteLabelsUnknown       = "labels_unknown"        // error
	NoteNodesByAddress      = "nodes_by_address"      // error
	NoteNodeKindsUnknown    = "node_kinds_unknown"    // error
	NoteSourcesUnknown      = "sources_unknown"       // error
	NoteDeparturesUnknown   = "departures_unknown"    // error
	NoteExportersUnknown    = "exporters_unknown"     // error
	NoteExporterPodsUnknown = "exporter_pods_unknown" // error
	// the answers about nodes are only a part: what the server says of that
	NoteNodesPartSaid   = "nodes_part_said"
	NoteNodesPartSilent = "nodes_part_silent" // the same, and the server does not say why
	NoteNodesUnlisted   = "nodes_unlisted"    // error of the Kubernetes API
	NoteNodesCut        = "nodes_cut"         // how many nodes were listed of more
)

// Why a run was cut short, with the arguments.
const (
	NoteTimedOut    = "timed_out"     // the queries did not end within the run's timeout
	NoteProxyGaveUp = "proxy_gave_up" // after how long
	NoteStopped     = "stopped"       // from outside
	NoteCutShort    = "cut_short"     // another cause, in words
)

// NoteOf returns a note whose arguments are spelled as Note says.
func NoteOf(code string, args ...any) Note {
	n := Note{Code: code}
	for _, a := range args {
		n.Args = append(n.Args, fmt.Sprint(a))
	}
	return n
}

// mostNamed is how many of several things a note names.
const mostNamed = 5

// listNote returns a note that ends in a list, whose names it sorts.
func listNote(code string, of []string, before ...any) Note {
	n := NoteOf(code, append(before, len(of))...)
	of = slices.Sorted(slices.Values(of))
	for _, name := range of[:min(len(of), mostNamed)] {
		n.Args = append(n.Args, short(name))
	}
	return n
}

// with returns the note with further arguments.
func (n Note) with(args ...string) Note {
	n.Args = slices.Concat(n.Args, args)
	return n
}

// note adds a note to those of the panel.
func (p *Panel) note(code string, args ...any) { p.Notes = append(p.Notes, NoteOf(code, args...)) }
