package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// SayNote returns a note as text in a language.
func SayNote(l words.Language, n snapshot.Note) string { return wordingIn(l).note(n) }

// SayDetails returns the details of a finding in a language, each with its value:
// "shop/checkout-7d9f 22 GiB".
func SayDetails(l words.Language, p *snapshot.Panel, f *snapshot.Finding) []string {
	return wordingIn(l).details(p, f)
}

// DetailsOf returns the details of a finding in the report's language.
func (r *Report) DetailsOf(p *snapshot.Panel, f *snapshot.Finding) []string {
	return r.words.details(p, f)
}

// NotesOf returns the notes of a panel in the report's language.
func (r *Report) NotesOf(p *snapshot.Panel) []string { return r.words.notes(p.Notes) }

func (w wording) details(p *snapshot.Panel, f *snapshot.Finding) []string {
	if p.Spec.Detail == nil {
		return nil
	}
	var out []string
	for _, part := range f.Details {
		out = append(out, part.Name+" "+w.Figure(p.Spec.Detail.Unit.Format(part.Value)))
	}
	return out
}

// note returns a note as text. An unknown code, which only a file from outside can have, is
// returned as it is.
func (w wording) note(n snapshot.Note) string {
	how, known := phrasings[n.Code]
	if !known {
		return strings.Join(append([]string{n.Code}, n.Args...), " ")
	}
	args, rest := []any{}, n.Args
	for _, write := range how.args {
		text, used := write(w, rest)
		args, rest = append(args, text), rest[min(used, len(rest)):]
	}
	return fmt.Sprintf(how.format(w.Words), args...)
}

// notes returns several notes as text.
func (w wording) notes(ns []snapshot.Note) []string {
	var out []string
	for _, n := range ns {
		out = append(out, w.note(n))
	}
	return out
}

// phrasing is how a note is written: its format in a language, and a writer for each argument.
type phrasing struct {
	format func(*words.Words) string
	args   []writer
}

// writer turns the first of a note's arguments into one argument of the format, and returns how
// many of them it used.
type writer func(w wording, args []string) (text string, used int)

// phrasings has the phrasing of every code.
var phrasings = map[string]phrasing{
	snapshot.NoteServerWarns: {func(w *words.Words) string {
		return w.ServerWarns
	}, []writer{plain}},
	snapshot.NoteServerNotes: {func(w *words.Words) string {
		return w.ServerNotes
	}, []writer{plain}},
	snapshot.NotePartSaid:   {itself, []writer{plain}},
	snapshot.NotePartSilent: {func(w *words.Words) string { return w.PartOfAnswer }, nil},
	snapshot.NotePartsSay:   {itself, []writer{sayings}},
	snapshot.NotePartsAbsent: {func(w *words.Words) string {
		return w.PartsAbsent
	}, []writer{some}},
	snapshot.NotePartsOld: {func(w *words.Words) string {
		return w.PartsOld
	}, []writer{some}},
	snapshot.NoteNotJudgedByPart: {func(w *words.Words) string { return w.NotJudgedByPart }, nil},
	snapshot.NoteSamplesMoved: {func(w *words.Words) string {
		return w.SamplesMoved
	}, []writer{span}},
	snapshot.NoteNewestIsOld: {func(w *words.Words) string {
		return w.NewestIsOld
	}, []writer{span}},
	snapshot.NoteNoSamples:       {func(w *words.Words) string { return w.NoSamples }, nil},
	snapshot.NoteQueryUnread:     {func(w *words.Words) string { return w.QueryUnread }, nil},
	snapshot.NoteLabelsOtherwise: {func(w *words.Words) string { return w.LabelsOtherwise }, nil},
	snapshot.NoteScrapedSeldom: {func(w *words.Words) string {
		return w.ScrapedSeldom
	}, []writer{setting, setting}},
	snapshot.NoteNotSeen: {func(w *words.Words) string {
		return w.Absent
	}, []writer{plain, first}},
	snapshot.NoteLeftOut: {func(w *words.Words) string {
		return w.LeftOut
	}, []writer{count, count, span, figure, count}},
	snapshot.NoteLeftOutLower: {func(w *words.Words) string {
		return w.LeftOutLower
	}, []writer{count, count, count}},
	snapshot.NoteWholeUnknown: {func(w *words.Words) string {
		return w.CapacityUnknown
	}, []writer{plain}},
	snapshot.NoteRemarkMissing: {func(w *words.Words) string {
		return w.RemarkMissing
	}, []writer{plain}},
	snapshot.NotePastUnknown: {func(w *words.Words) string {
		return w.PastUnknown
	}, []writer{plain}},
	snapshot.NoteHistoryUnknown: {func(w *words.Words) string {
		return w.HistoryUnknown
	}, []writer{plain}},
	snapshot.NoteBeforeUnknown: {func(w *words.Words) string {
		return w.BeforeUnknown
	}, []writer{plain}},
	snapshot.NoteReferenceFailed: {func(w *words.Words) string {
		return w.ReferenceMissing
	}, []writer{plain, plain}},
	snapshot.NoteReferenceEmpty: {func(w *words.Words) string {
		return w.ReferenceMissing
	}, []writer{plain, emptyReference}},
	snapshot.NoteReferenceMany: {func(w *words.Words) string {
		return w.ReferenceMissing
	}, []writer{plain, manyReferences}},
	snapshot.NoteReferenceElsewhen: {func(w *words.Words) string {
		return w.ReferenceMissing
	}, []writer{plain, referenceElsewhen}},
	snapshot.NoteReferencesLeft: {func(w *words.Words) string {
		return w.ReferencesLeft
	}, []writer{count, count}},

	snapshot.NoteAnswer:      {itself, []writer{answeredWith}},
	snapshot.NoteMoreAnswers: {itself, []writer{others}},
	snapshot.NoteWindowsNodes: {func(w *words.Words) string {
		return w.WindowsNodes
	}, []writer{length, some}},
	snapshot.NoteAutopilotNodes: {func(w *words.Words) string {
		return w.AutopilotNodes
	}, []writer{length, some}},
	snapshot.NoteDoubledNodes: {func(w *words.Words) string {
		return w.DoubledNodes
	}, []writer{length, some}},
	snapshot.NoteStrangeHosts: {func(w *words.Words) string {
		return w.StrangeHosts
	}, []writer{length, some}},
	snapshot.NoteSharedTargets: {func(w *words.Words) string {
		return w.SharedTargets
	}, []writer{length, some}},
	snapshot.NoteTargetsLeft: {func(w *words.Words) string {
		return w.TargetsLeft
	}, []writer{length, some}},

	snapshot.NoteNotHonored: {func(w *words.Words) string {
		return w.NotHonored
	}, []writer{plain, joined}},
	snapshot.NoteClusterLabel: {func(w *words.Words) string {
		return w.ClusterLabel
	}, []writer{plain, some}},
	snapshot.NoteClusterHalf: {func(w *words.Words) string {
		return w.ClusterHalf
	}, []writer{plain, joined}},
	snapshot.NoteNodeTwice: {func(w *words.Words) string {
		return w.ClustersMixed
	}, []writer{nodeNamed, joined}},
	snapshot.NotePodTwice: {func(w *words.Words) string {
		return w.ClustersMixed
	}, []writer{podNamed, joined}},
	snapshot.NoteLabelsUnknown: {func(w *words.Words) string {
		return w.LabelsUnknown
	}, []writer{plain}},
	snapshot.NoteNodesByAddress: {func(w *words.Words) string {
		return w.NodesByAddress
	}, []writer{plain}},
	snapshot.NoteNodeKindsUnknown: {func(w *words.Words) string {
		return w.NodeKindsUnknown
	}, []writer{plain}},
	snapshot.NoteSourcesUnknown: {func(w *words.Words) string {
		return w.SourcesUnknown
	}, []writer{plain}},
	snapshot.NoteDeparturesUnknown: {func(w *words.Words) string {
		return w.DeparturesUnknown
	}, []writer{plain}},
	snapshot.NoteExportersUnknown: {func(w *words.Words) string {
		return w.ExportersUnknown
	}, []writer{plain}},
	snapshot.NoteExporterPodsUnknown: {func(w *words.Words) string {
		return w.ExporterPodsUnknown
	}, []writer{plain}},
	snapshot.NoteNodesPartSaid: {func(w *words.Words) string {
		return w.NodesPartSaid
	}, []writer{plain}},
	snapshot.NoteNodesPartSilent: {func(w *words.Words) string { return w.NodesPartSilent }, nil},
	snapshot.NoteNodesUnlisted: {func(w *words.Words) string {
		return w.NodesUnlisted
	}, []writer{plain}},
	snapshot.NoteChangesUnknown: {func(w *words.Words) string {
		return w.Changes.Unknown
	}, []writer{plain}},
	snapshot.NoteEventsUnlisted: {func(w *words.Words) string {
		return w.Changes.Unlisted
	}, []writer{plain}},
	snapshot.NoteRuleObjectUnread: {func(w *words.Words) string {
		return w.Rules.Unread
	}, []writer{plain, plain}},
	snapshot.NoteSizingUnknown: {func(w *words.Words) string {
		return w.Sizing.Unknown
	}, []writer{plain}},
	snapshot.NoteFiredUnknown: {func(w *words.Words) string {
		return w.Fired.Unknown
	}, []writer{plain}},
	snapshot.NoteRulesUnknown: {func(w *words.Words) string {
		return w.Fired.RulesUnknown
	}, []writer{plain}},
	snapshot.NoteNeverUnknown: {func(w *words.Words) string {
		return w.Fired.NeverUnknown
	}, []writer{plain}},
	snapshot.NoteSizingPart: {func(w *words.Words) string {
		return w.Sizing.Part
	}, []writer{plain}},
	snapshot.NoteTargetsNoList: {func(w *words.Words) string {
		return w.Targets.NoList
	}, nil},
	snapshot.NoteTargetsRefused: {func(w *words.Words) string {
		return w.Targets.Refused
	}, []writer{plain}},
	snapshot.NoteTargetsUnlisted: {func(w *words.Words) string {
		return w.Targets.Unlisted
	}, []writer{plain}},
	snapshot.NoteTargetsPast: {func(w *words.Words) string {
		return w.Targets.Past
	}, nil},
	snapshot.NoteTargetsPart: {func(w *words.Words) string {
		return w.Targets.Part
	}, []writer{plain}},
	snapshot.NoteTargetsFigures: {func(w *words.Words) string {
		return w.Targets.Figures
	}, []writer{plain}},
	snapshot.NoteTargetsVanished: {func(w *words.Words) string {
		return w.Targets.VanishedUnknown
	}, []writer{plain}},
	snapshot.NoteTargetsUnknown: {func(w *words.Words) string {
		return w.Targets.Unknown
	}, []writer{plain}},
	snapshot.NoteNodesCut: {func(w *words.Words) string { return w.NodesCut }, []writer{plain}},

	snapshot.NoteTimedOut: {func(w *words.Words) string { return w.TimedOut }, nil},
	snapshot.NoteProxyGaveUp: {func(w *words.Words) string {
		return w.ProxyGaveUp
	}, []writer{span}},
	snapshot.NoteStopped:  {func(w *words.Words) string { return w.Stopped }, nil},
	snapshot.NoteCutShort: {itself, []writer{plain}},
}

// itself is the format of a text that is not translated.
func itself(*words.Words) string { return "%[1]s" }

// plain returns the first argument as it is, or "" if there is none.
func plain(_ wording, args []string) (string, int) {
	if len(args) == 0 {
		return "", 0
	}
	return args[0], 1
}

// written reads the first argument and returns it as write writes it. An argument that read rejects
// is returned as it is.
func written[T any](args []string, read func(string) (T, error),
	write func(T) string) (string, int) {
	s, used := plain(wording{}, args)
	if v, err := read(s); err == nil {
		return write(v), used
	}
	return s, used
}

func count(_ wording, args []string) (string, int) {
	return written(args, strconv.Atoi, words.Thousands)
}

func others(w wording, args []string) (string, int) {
	return written(args, strconv.Atoi, w.AndMore.Of)
}

func span(w wording, args []string) (string, int) {
	return written(args, time.ParseDuration, w.duration)
}

// setting returns a duration as a configuration writes it.
func setting(_ wording, args []string) (string, int) {
	return written(args, time.ParseDuration, func(d time.Duration) string {
		return model.Duration(d).String()
	})
}

// figure returns a number in the unit whose id follows it.
func figure(w wording, args []string) (string, int) {
	v, used := plain(w, args)
	id, one := plain(w, args[used:])
	u, err := units.Parse(id)
	f, wrong := strconv.ParseFloat(v, 64)
	if err != nil || wrong != nil {
		return v, used + one
	}
	return w.Figure(u.Format(f)), used + one
}

// length returns the length of a list without using it up: some reads it again.
func length(w wording, args []string) (string, int) {
	n, _ := plain(w, args)
	return w.Figure(n), 0
}

// some returns the first names of a list and the number of the others.
func some(w wording, args []string) (string, int) {
	size, used := plain(w, args)
	names := args[used:]
	if n, err := strconv.Atoi(size); err == nil && n > len(names) {
		return strings.Join(append(names[:len(names):len(names)], w.AndMore.Of(n-len(names))),
			", "), len(args)
	}
	return strings.Join(names, ", "), len(args)
}

// answeredWith returns a line with its value filled in, if it has one.
func answeredWith(w wording, args []string) (string, int) {
	text, used := plain(w, args)
	value, _ := plain(w, args[used:])
	if v, err := strconv.ParseFloat(value, 64); err == nil {
		text = strings.ReplaceAll(text, "{{value}}", units.None.Format(v))
	}
	return text, len(args)
}

// joined returns all remaining arguments.
func joined(_ wording, args []string) (string, int) { return strings.Join(args, ", "), len(args) }

// first returns the first of the remaining arguments and the number of the others.
func first(w wording, args []string) (string, int) { return w.FirstOf(args), len(args) }

// sayings returns what parts of an answer say. Its arguments are the number of parts that are not
// named, then for each part its name and its text.
func sayings(w wording, args []string) (string, int) {
	more, at := plain(w, args)
	var said []string
	for ; at+1 < len(args); at += 2 {
		what := cmp.Or(args[at+1], w.PartOfAnswer)
		if args[at] != "" {
			what = args[at] + ": " + what
		}
		said = append(said, what)
	}
	if more != "" && more != "0" {
		said = append(said, "+"+more)
	}
	return strings.Join(said, "; "), len(args)
}

func emptyReference(w wording, _ []string) (string, int) { return w.ReferenceEmpty, 0 }

func referenceElsewhen(w wording, _ []string) (string, int) { return w.ReferenceElsewhen, 0 }

func manyReferences(w wording, args []string) (string, int) {
	n, used := plain(w, args)
	return fmt.Sprintf(w.ReferenceMany, n), used
}

func nodeNamed(w wording, args []string) (string, int) {
	name, used := plain(w, args)
	return fmt.Sprintf(w.NodeNamed, name), used
}

func podNamed(w wording, args []string) (string, int) {
	name, used := plain(w, args)
	return fmt.Sprintf(w.PodNamed, name), used
}
