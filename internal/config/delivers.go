package config

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// What a report sends to people.
const (
	SendChanges = "changes" // what is new, worse, better, over; nothing where nothing is
	SendSummary = "summary" // once each slot what there is
)

// delivers builds what a report says of its delivery, and what it needs for that.
func (b *builder) delivers(r *report, path string, c *Config, out *Report) {
	out.Send, out.ArchiveOnChange, out.RepeatInterval = r.Send, r.Archive == "on_change",
		time.Duration(r.RepeatInterval)
	out.HistoryFrom = string(r.HistoryFrom)
	if b.has(key(path, "schedule")) {
		out.Schedule = &r.Schedule.Schedule
		out.Schedule.zone = r.Timezone.Location
	}
	if h := r.Heartbeat; h != nil {
		out.Heartbeat = b.addressOf(key(path, "heartbeat"), "the heartbeat's", h.secretAddress)
	}
	var tells, archives, chosen, unknown bool
	known := b.placed() && b.clean(key(path, "receivers"))
	seen := map[string]string{}
	for i, n := range r.Receivers {
		at := item(key(path, "receivers"), i)
		b.unique(seen, string(n), at)
		j := slices.IndexFunc(c.Receivers, func(r Receiver) bool { return r.Name == string(n) })
		switch {
		case j >= 0:
			to := &c.Receivers[j]
			tells, archives = tells || to.Role == RolePeople, archives || to.Role == RoleArchive
			if to, ok := to.To.(chooser); ok {
				chosen = true
				to.takes(b, r, path, at)
			}
		case n != "":
			unknown = true
			b.problem(at, "no receiver %q; write the name of one of receivers", n)
		}
		out.Receivers = append(out.Receivers, string(n))
	}
	for _, k := range []struct {
		name   string
		effect bool
		of     string
	}{
		{"schedule", len(r.Receivers) > 0, "of any kind"},
		{"heartbeat", len(r.Receivers) > 0, "of any kind"},
		{"send", tells || chosen, "that tells people"},
		{
			"repeat_interval", tells && out.Send == SendChanges,
			"that tells people, with send: changes",
		},
		{"history_from", tells && out.Send == SendSummary, "that tells people, with send: summary"},
		{"archive", archives, "that keeps reports"},
	} {
		if known && !unknown && b.has(key(path, k.name)) && !k.effect {
			b.problem(key(path, k.name), "of no effect without a receiver %s; write one into "+
				"receivers, or take the key out", k.of)
		}
	}
	switch {
	case !known:
	case tells && !b.has(key(path, "send")):
		b.problem(key(path, "send"), "missing; write changes, to tell what is new, worse or "+
			"resolved, or summary, to post each time")
	case archives && !tells && !unknown && out.ArchiveOnChange:
		b.problem(key(path, "archive"), "on_change keeps the times when people are told "+
			"something, and no receiver tells people: nothing would be kept; write always")
	}
}

// placed tells whether it is known of every receiver what it is.
func (b *builder) placed() bool {
	list := b.nodes["receivers"]
	if list == nil {
		return true
	}
	for i := range list.Content {
		at := item("receivers", i)
		if !b.has(key(at, "name")) || !b.clean(key(at, "name")) ||
			!slices.ContainsFunc(Kinds(), func(k Kind) bool { return b.has(key(at, string(k))) }) {
			return false
		}
	}
	return list.Kind == yaml.SequenceNode
}

// histories checks whose runs and alerts summaries count: those of a report that is due at known
// times and remembers what it saw.
func (b *builder) histories(from []report, c *Config) {
	for i := range from {
		at := key(item("reports", i), "history_from")
		name := string(from[i].HistoryFrom)
		if name == "" {
			continue
		}
		j := slices.IndexFunc(from, func(r report) bool { return string(r.Name) == name })
		switch {
		case j < 0:
			b.problem(at, "no report %q; write the name of another one of reports", name)
		case j == i:
			b.problem(at, "is the report itself; write the name of the one that checks more often")
		case c.Reports[j].Schedule == nil && b.clean(key(item("reports", j), "schedule")):
			b.problem(at, "the report %s has no schedule, so it is not known how often it was "+
				"due; give it one", name)
		case len(c.Reports[j].Receivers) == 0:
			b.problem(at, "the report %s has no receivers, and what is not delivered is not "+
				"remembered; write some there", name)
		}
	}
}

// remembers checks what every delivery needs: a name for the cluster, and a memory.
func (b *builder) remembers(c *Config) {
	for i, r := range c.Reports {
		if len(r.Receivers) == 0 {
			continue
		}
		at := key(item("reports", i), "receivers")
		if c.Cluster == "" {
			b.problem("cluster", "missing; write the cluster's name, which messages and keys "+
				"begin with, because %s is set", at)
		}
		switch {
		case c.State != nil:
		case b.has("kubernetes"):
			c.State = &State{ConfigMap: &ConfigMap{Name: DefaultConfigMap}}
		default:
			b.problem("state", "missing; write %s, where promsnap remembers whom it told what, "+
				"because %s is set", StatePlaces, at)
		}
		return
	}
}
