package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/rules"
)

// kinds is the table of the kinds of receivers, each by its key in the file. To add a kind, add a
// line here and a file with its keys. The type of a line is a pointer to a struct that implements
// kindKeys.
type kinds struct {
	// An archive in a directory.
	Dir *directory `yaml:"dir"`
	// An archive in a bucket.
	S3 *archive `yaml:"s3"`
	// A Slack channel, with a bot token.
	Slack *slack `yaml:"slack"`
	// A Slack channel, with an incoming webhook, which sends only text and links.
	SlackWebhook *slackWebhook `yaml:"slack_webhook"`
	// People who read e-mail.
	Email *email `yaml:"email"`
	// A service of PagerDuty. It gets an event for each alert: trigger while it fires, and resolve
	// when it has ended. Not with send: summary.
	PagerDuty *pagerduty `yaml:"pagerduty"`
	// An integration of Opsgenie, or of Jira Service Management. It gets an alert for each alert,
	// which is closed when it has ended. Not with send: summary.
	Opsgenie *opsgenie `yaml:"opsgenie"`
	// A channel or a chat of Microsoft Teams, through the webhook of a workflow.
	Teams *teams `yaml:"teams"`
	// A channel of Discord, through a webhook.
	Discord *discord `yaml:"discord"`
	// A chat of Telegram, as a bot.
	Telegram *telegram `yaml:"telegram"`
	// An address of your own program. promsnap posts what each run has found, as JSON.
	Webhook *webhook `yaml:"webhook"`
	// An Alertmanager. promsnap posts all alerts on every run. Only for reports with a schedule,
	// and not with send: summary.
	Alertmanager *alertmanager `yaml:"alertmanager"`
	// A Pushgateway. promsnap pushes the metrics of each run.
	Pushgateway *pushgateway `yaml:"pushgateway"`
}

// kindKeys holds the keys of one kind.
type kindKeys interface {
	role() Role
	// build checks the keys at path and returns the value for Receiver.To.
	build(b *builder, path string) any
}

// chooser is a Receiver.To that does not accept every report.
type chooser interface {
	// takes records why it does not accept the report with the keys at path. The report names the
	// receiver at the path at.
	takes(b *builder, r *report, path, at string)
}

// receiver is a destination of reports: an archive, people, or a program that gets all data on
// every run.
type receiver struct {
	// The name by which reports refer to it.
	Name  name `yaml:"name" jsonschema:"required"`
	kinds `yaml:",inline"`
	// Label matchers as in Alertmanager, such as namespace=~"shop|pay": the receiver is sent only
	// the alerts that match all of them, and its summaries count only these. They match labels of
	// the alert, alertname, severity and panel. Not for archives.
	Matchers []matchers `yaml:"matchers"`
	// The lowest severity to send. Only for people.
	MinSeverity string `yaml:"min_severity" jsonschema:"default=warning,enum=warning,enum=critical"`
	// Also send when an alert is resolved. Only for people.
	SendResolved bool `yaml:"send_resolved" jsonschema:"default=true"`
	// When the last alert that this receiver knows is resolved, send one more message. Only for
	// people.
	AllClear bool `yaml:"all_clear"`
	// The labels whose values the alerts of one message share; also alertname, severity and panel.
	// An empty list: one message for everything. By default, the alerts of one message have one
	// cause.
	GroupBy []label `yaml:"group_by"`
	// The maximum of new messages that one run sends one by one. If there are more, or on the first
	// run, one message holds all of them, with counts and the worst. 0: no limit. Only for people.
	MaxMessages int `yaml:"max_messages" jsonschema:"default=3,minimum=0,maximum=100"`
	// The names of the time intervals in which this receiver gets no messages. Afterwards it gets
	// the alerts that still fire.
	MuteTimeIntervals []intervalName `yaml:"mute_time_intervals"`
	// The receiver that gets the message if this one fails.
	Fallback name `yaml:"fallback"`
}

// Kind is what a receiver is, by its key in the file.
type Kind string

// PerAlert reports whether a receiver of this kind gets each alert by itself, whatever the message.
func (k Kind) PerAlert() bool { return k == KindPagerDuty || k == KindOpsgenie }

// Role is what a receiver is for.
type Role uint8

// The roles. The zero value is no role.
const (
	RoleArchive Role = iota + 1 // keeps reports
	RolePeople                  // sends messages to people
	RoleProgram                 // gets everything on every run
)

// Receiver is a destination of reports.
type Receiver struct {
	Name string
	Kind Kind
	Role Role
	To   any // built from the keys of its kind: a Dir, Archive, Slack, …

	Matchers               rules.Matchers // empty: all alerts
	MinSeverity            rules.Severity
	SendResolved, AllClear bool
	GroupBy                []string // nil where the file names none
	MaxMessages            int      // 0: no limit
	Fallback               string   // "" where the file names none
	Mute                   []TimeInterval
	MuteTimeIntervals      []string // the names of Mute
}

// named is a kind with its keys.
type named struct {
	Kind
	kindKeys
}

// named returns the kinds whose keys a receiver has, in the order of the table.
func (p *kinds) named() []named {
	var out []named
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			out = append(out, named{
				Kind(v.Type().Field(i).Tag.Get("yaml")), v.Field(i).Interface().(kindKeys),
			})
		}
	}
	return out
}

// Kinds returns every kind of receiver that has one of the roles; without roles, every kind.
func Kinds(of ...Role) []Kind {
	var all kinds
	v := reflect.ValueOf(&all).Elem()
	for i := range v.NumField() {
		v.Field(i).Set(reflect.New(v.Field(i).Type().Elem()))
	}
	var out []Kind
	for _, n := range all.named() {
		if len(of) == 0 || slices.Contains(of, n.role()) {
			out = append(out, n.Kind)
		}
	}
	return out
}

// listed formats kinds for a message.
func listed(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// receivers builds the list of receivers.
func (b *builder) receivers(from []receiver, times map[string][]TimeInterval) []Receiver {
	const path = "receivers"
	out := make([]Receiver, len(from))
	names := map[string]string{}
	for i := range from {
		at := item(path, i)
		b.unique(names, string(from[i].Name), key(at, "name"))
		out[i] = b.receiver(&from[i], at)
		for j, n := range from[i].MuteTimeIntervals {
			mute, ok := times[string(n)]
			if !ok && n != "" {
				b.problem(item(key(at, "mute_time_intervals"), j), "no time interval %q; write a "+
					"name that is in time_intervals", n)
			}
			out[i].Mute = append(out[i].Mute, mute...)
			out[i].MuteTimeIntervals = append(out[i].MuteTimeIntervals, string(n))
		}
	}
	for i, r := range out {
		b.fallback(out, &r, key(item(path, i), "fallback"))
	}
	return out
}

// receiver builds one receiver.
func (b *builder) receiver(r *receiver, path string) Receiver {
	out := Receiver{
		Name: string(r.Name), MinSeverity: severity(r.MinSeverity), SendResolved: r.SendResolved,
		AllClear: r.AllClear, MaxMessages: r.MaxMessages, Fallback: string(r.Fallback),
	}
	for i, n := range r.named() {
		to := n.build(b, key(path, string(n.Kind)))
		switch i {
		case 0:
			out.Kind, out.Role, out.To = n.Kind, n.role(), to
		case 1:
			b.problem(key(path, string(n.Kind)), "cannot be used with %s; split it into two "+
				"receivers", out.Kind)
		}
	}
	if out.Kind == "" {
		b.problem(path, "no destination; write one of %s", listed(Kinds()))
	}
	if b.has(key(path, "group_by")) {
		out.GroupBy = make([]string, len(r.GroupBy))
		for i, l := range r.GroupBy {
			out.GroupBy[i] = string(l)
		}
	}
	b.matchers(r, &out, key(path, "matchers"))
	why := ""
	switch out.Role {
	case RoleArchive:
		why = "an archive keeps reports and gets no messages"
	case RoleProgram:
		why = "a program gets everything on every run and filters by itself"
	}
	without := []string{
		"min_severity", "send_resolved", "all_clear", "group_by", "max_messages", "fallback",
		"mute_time_intervals",
	}
	switch out.Kind {
	case KindPagerDuty:
		why = "PagerDuty gets one event for each alert"
	case KindOpsgenie:
		why = "Opsgenie gets one alert for each alert"
	}
	if out.Kind.PerAlert() {
		without = []string{"all_clear", "group_by", "max_messages"}
	}
	for _, k := range without {
		if why != "" && b.has(key(path, k)) {
			b.problem(key(path, k), "has no effect: %s; remove it", why)
		}
	}
	return out
}

// matchers adds the matchers of a receiver at path.
func (b *builder) matchers(r *receiver, out *Receiver, path string) {
	for _, ms := range r.Matchers {
		out.Matchers = append(out.Matchers, ms...)
	}
	switch {
	case !b.has(path):
	case out.Role == RoleArchive:
		b.problem(path, "has no effect: an archive keeps the whole report; remove it")
	case out.Kind == KindPushgateway:
		b.problem(path, "has no effect: the metrics are about the whole run; remove it")
	case len(r.Matchers) == 0:
		b.problem(path, "no matcher; write one such as %s, or remove the key to send all alerts",
			matcherExample)
	}
}

// pages records a problem if a report has send: summary. The receiver at the path at pages people.
func (b *builder) pages(r *report, at, who string) {
	if r.Send == SendSummary {
		b.problem(at, "%s pages people, and a report with send: summary never does; move it to a "+
			"report with send: changes", who)
	}
}

// fallback checks that a receiver's fallback is another receiver for people.
func (b *builder) fallback(all []Receiver, r *Receiver, path string) {
	if r.Fallback == "" {
		return
	}
	for i := range all {
		if all[i].Name != r.Fallback {
			continue
		}
		if all[i].Role != RolePeople || r.Fallback == r.Name {
			b.problem(path, "%s cannot be the fallback of %s; write another receiver for people "+
				"(%s)", r.Fallback, r.Name, listed(Kinds(RolePeople)))
		}
		return
	}
	b.problem(path, "no receiver %q; write a name that is in receivers", r.Fallback)
}

// severity returns the severity of a word that the decoder has accepted.
func severity(word string) rules.Severity {
	if word == rules.Critical.String() {
		return rules.Critical
	}
	return rules.Warning
}
