package config

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// What a report sends to people.
const (
	SendChanges = "changes" // new, worse, better and resolved alerts; no message if there is none
	SendSummary = "summary" // one message each slot
)

// delivers builds the delivery of a report and checks that it has what it needs.
func (b *builder) delivers(r *report, path string, c *Config, out *Report) {
	out.Send, out.ArchiveOnChange, out.RepeatInterval = r.Send, r.Archive == "on_change",
		time.Duration(r.RepeatInterval)
	out.HistoryFrom = string(r.HistoryFrom)
	out.Trends = r.Trends && r.Send != SendChanges
	if b.has(key(path, "schedule")) {
		out.Schedule = &r.Schedule.Schedule
		out.Schedule.zone = r.Timezone.Location
	}
	if h := r.Heartbeat; h != nil {
		out.Heartbeat = b.addressOf(key(path, "heartbeat"), "the heartbeat's", h.secretAddress)
	}
	var people, archives, chosen, unknown bool
	known := b.knowsReceivers() && b.clean(key(path, "receivers"))
	seen := map[string]string{}
	for i, n := range r.Receivers {
		at := item(key(path, "receivers"), i)
		b.unique(seen, string(n), at)
		j := slices.IndexFunc(c.Receivers, func(r Receiver) bool { return r.Name == string(n) })
		switch {
		case j >= 0:
			to := &c.Receivers[j]
			people, archives = people || to.Role == RolePeople, archives || to.Role == RoleArchive
			if to, ok := to.To.(chooser); ok {
				chosen = true
				to.takes(b, r, path, at)
			}
		case n != "":
			unknown = true
			b.problem(at, "no receiver %q; write a name that is in receivers", n)
		}
		out.Receivers = append(out.Receivers, string(n))
	}
	for _, k := range []struct {
		name   string
		effect bool
		needs  string
	}{
		{"schedule", len(r.Receivers) > 0, "a receiver"},
		{"heartbeat", len(r.Receivers) > 0, "a receiver"},
		{"send", people || chosen, "a receiver for people"},
		{
			"repeat_interval", people && out.Send == SendChanges,
			"send: changes and a receiver for people",
		},
		{
			"history_from", people && out.Send == SendSummary,
			"send: summary and a receiver for people",
		},
		{"archive", archives, "a receiver that keeps reports"},
	} {
		if known && !unknown && b.has(key(path, k.name)) && !k.effect {
			b.problem(key(path, k.name), "has no effect without %s; add it, or "+
				"remove the key", k.needs)
		}
	}
	switch {
	case !known:
	case people && !b.has(key(path, "send")):
		b.problem(key(path, "send"), "missing; write changes to send what is new, worse or "+
			"resolved, or summary to post every time")
	case archives && !people && !unknown && out.ArchiveOnChange:
		b.problem(key(path, "archive"), "on_change keeps only reports with a message to people, "+
			"and no receiver sends one, so nothing would be kept; write always")
	}
}

// knowsReceivers reports whether the name and the kind of every receiver are known.
func (b *builder) knowsReceivers() bool {
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

// histories checks the reports that history_from names: each needs a schedule and a state.
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
			b.problem(at, "no report %q; write the name of another report", name)
		case j == i:
			b.problem(at, "is this report itself; write the name of the report that checks more "+
				"often")
		case c.Reports[j].Schedule == nil && b.clean(key(item("reports", j), "schedule")):
			b.problem(at, "the report %s has no schedule, so the number of its runs is unknown; "+
				"give it one", name)
		case len(c.Reports[j].Receivers) == 0:
			b.problem(at, "the report %s has no receivers, and only a delivery saves the state; "+
				"give it some", name)
		}
	}
}

// needsState checks what every delivery needs: the name of the cluster and a state.
func (b *builder) needsState(c *Config) {
	if c.Fleet != nil && c.State != nil && c.State.ConfigMap != nil {
		b.problem("state.configmap", "cannot be used with a fleet, because each cluster would need "+
			"rights in one cluster; write state: {s3: {bucket: NAME}} or state: {dir: PATH}")
	}
	for i, r := range c.Reports {
		if len(r.Receivers) == 0 {
			continue
		}
		at := key(item("reports", i), "receivers")
		if c.Cluster == "" && c.Fleet == nil {
			b.problem("cluster", "missing, but required by %s; write the name of the cluster, "+
				"which is in messages and keys", at)
		}
		switch {
		case c.State != nil:
		case b.has("kubernetes") && c.Fleet == nil:
			c.State = &State{ConfigMap: &ConfigMap{Name: DefaultConfigMap}}
		default:
			b.problem("state", "missing, but required by %s; write where to save what was sent: "+
				"%s", at, StatePlaces)
		}
		return
	}
}
