package notify

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// omenTime is how long before a node goes down its first signs may be found, such as an exporter
// that is silent while the node still counts as ready.
const omenTime = 15 * time.Minute

// causesOf returns the cause of each alert, by which messages are grouped. Alerts that nothing
// explains have the name of their rule as the cause. An alert about a node that was found shortly
// before the node went down has the node as its cause, although that was unknown at that slot.
func causesOf(alerts map[rules.Key]rules.Alert) map[rules.Key]rules.Cause {
	type node struct{ cluster, name string }
	down := map[node]rules.Alert{}
	for _, a := range alerts {
		if c := a.Cause; c.Kind == rules.CauseNode && c.Name != "" && a.Fires() {
			at := node{c.Cluster, c.Name}
			if first, ok := down[at]; !ok || a.Now().Found.Before(first.Now().Found) {
				down[at] = a
			}
		}
	}
	causes := make(map[rules.Key]rules.Cause, len(alerts))
	for k, a := range alerts {
		c := a.Cause
		switch b, ok := down[node{c.Cluster, nodeOf(a)}]; {
		case c.Kind == rules.CauseNode || c.Kind == rules.CauseWorkload:
		case ok && isOmen(a.Now(), b.Now()):
			c = b.Cause
		case c.Kind != rules.CauseSource:
			c = rules.Cause{Kind: rules.CauseRule, Name: a.Rule}
		}
		causes[k] = c
	}
	return causes
}

// alert returns an alert for a message, with the cause by which it is grouped. Alerts of one rule
// keep their own, which has the cluster and the panel too.
func (d *decider) alert(k rules.Key) rules.Alert {
	a := d.alerts[k]
	if c := d.causes[k]; c.Kind != rules.CauseRule {
		a.Cause = c
	}
	return a
}

// isOmen reports whether an episode was found shortly before a node went down.
func isOmen(e, down rules.Episode) bool {
	before := down.Found.Sub(e.Found)
	return !e.Found.IsZero() && before >= 0 && before <= omenTime
}

// nodeOf returns the node that an alert is about; "" if it is about something else.
func nodeOf(a rules.Alert) string {
	switch node := a.Labels["node"]; {
	case a.Identity["workload"] != "" || a.Labels["persistentvolumeclaim"] != "":
		return ""
	case node != "" || a.Labels["namespace"] != "": // it may be the namespace of an exporter
		return node
	}
	return a.Name
}

// groupOf returns the values that the alerts of one message share: the receiver's labels, or the
// cause.
func (d *decider) groupOf(r Receiver, k rules.Key) []string {
	c := d.causes[k]
	switch {
	case r.GroupBy == nil && c.Kind == rules.CauseRule:
		return []string{c.Name}
	case r.GroupBy == nil:
		return []string{string(c.Kind), c.Cluster, c.Namespace, c.Name}
	}
	values := make([]string, len(r.GroupBy))
	for i, name := range r.GroupBy {
		values[i] = d.alerts[k].Label(name)
	}
	return values
}

// topic is what the alerts of a thread have in common: their group and their cause.
type topic struct {
	group string
	rules.Cause
}

func (d *decider) topicOf(r Receiver, k rules.Key) topic {
	return topic{strings.Join(d.groupOf(r, k), separator), d.causes[k]}
}

// separator is in no UTF-8 text.
const separator = "\xff"

// news is what a receiver was sent about a topic whose end it was not sent: the highest severity of
// the alerts that fire, and the newest message.
type news struct {
	Notified
	nodes map[string]bool // that it was sent something about
}

// announced returns what the receiver was sent about each topic whose end it was not sent. If a
// thread is also about other causes, it is not the thread of a node that has gone down since.
func (d *decider) announced(r Receiver, e *Entry) map[topic]news {
	type alert struct {
		rules.Key
		was Notified
	}
	var sent []alert
	about := map[Receipt]map[rules.Cause]bool{}
	for _, k := range d.keys {
		was, known := e.notified(k, d.alerts[k].Now())
		if !known || was.Ended || k == rules.BlindKey {
			continue
		}
		sent = append(sent, alert{k, was})
		if about[was.Receipt] == nil {
			about[was.Receipt] = map[rules.Cause]bool{}
		}
		about[was.Receipt][d.causes[k]] = true
	}
	open := map[topic]news{}
	for _, s := range sent {
		of := d.topicOf(r, s.Key)
		if a := d.alerts[s.Key]; of.Kind == rules.CauseNode && a.Cause.Kind != rules.CauseNode &&
			s.was.Receipt != (Receipt{}) && len(about[s.was.Receipt]) > 1 {
			continue
		}
		now, known := open[of]
		if !known {
			now.nodes = map[string]bool{}
		}
		// At does not tell which message is the newest, because later replies change it.
		if cmp.Or(now.Announced.Compare(s.was.Announced),
			cmp.Compare(now.Receipt.ID, s.was.Receipt.ID)) < 0 {
			now.Announced, now.Receipt = s.was.Announced, s.was.Receipt
		}
		if d.alerts[s.Key].Now().Fires() {
			now.Severity = max(now.Severity, s.was.Severity)
		}
		now.nodes[nodeOf(d.alerts[s.Key])] = true
		open[of] = now
	}
	return open
}

// joinTime is how old a message can be that an alert about another object of its rule joins. Nobody
// reads older threads.
const joinTime = 24 * time.Hour

// join makes an item one of an open topic, if there is one. It returns the kind of its message.
func (d *decider) join(open map[topic]news, of topic, kind Kind, i *Item) Kind {
	was, ok := open[of]
	if !ok || i.Key == rules.BlindKey || kind != KindNew && kind != KindSeenLate ||
		of.Kind == rules.CauseRule && d.slot.Sub(was.Announced) > joinTime {
		return kind
	}
	i.Was = was.Notified
	switch node := nodeOf(i.Alert); {
	case of.Kind == rules.CauseRule:
		i.Another = true
	case of.Kind == rules.CauseSource, of.Kind == rules.CauseNode && of.Name == "":
		i.Another = node != "" && !was.nodes[node] && i.Alert.Severity >= was.Severity
	}
	if kind == KindNew {
		return KindJoined
	}
	return kind
}

// groups are the messages of a run while they are made.
type groups map[string]*Message

// add puts an item into the message of its kind and thread, or of its kind and group if it has no
// thread. So the groups of a digest share their replies too. A repetition is one message for its
// group, in whatever threads its alerts are. The alert PromsnapBlind has a message of its own,
// whatever the receiver groups by.
func (g groups) add(kind Kind, group []string, i Item) {
	id := append([]string{string(rune(kind))}, group...)
	if to := i.Was.Receipt; to.ID != "" && kind != KindStillFiring {
		id = []string{id[0] + "thread", to.Channel, to.ID, to.Location}
	}
	if i.Key == rules.BlindKey {
		id[0] += string(i.Key)
	}
	key := strings.Join(id, separator)
	m := g[key]
	if m == nil {
		m = &Message{Kind: kind, Group: group}
		g[key] = m
	} else if !slices.Equal(m.Group, group) {
		m.Group = nil
	}
	m.Items = append(m.Items, i)
}

// messages returns the messages, each with its worst alert first.
func (g groups) messages() []*Message {
	var out []*Message
	for _, id := range slices.Sorted(maps.Keys(g)) {
		slices.SortStableFunc(g[id].Items, worstFirst)
		out = append(out, g[id])
	}
	return out
}
