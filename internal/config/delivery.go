package config

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// State says where promsnap remembers: in a directory, in a bucket or in a ConfigMap. One of them is set.
type State struct {
	Dir       string
	S3        *Bucket
	ConfigMap *ConfigMap
}

// Bucket is a bucket of S3 and how to log in. Empty fields are what the environment says.
type Bucket struct {
	Name, Prefix, Region, Endpoint string
	PathStyle                      bool
	AccessKey                      string
	SecretKey                      secret.String
	RoleARN, ExternalID            string
	SSE, KMSKey                    string // SSE: "", AES256, aws:kms
	Checksum                       string // "", sha256, none
}

// Kind is what a receiver is, by its key in the file.
type Kind string

// The kinds.
const (
	KindDir          Kind = "dir"
	KindS3           Kind = "s3"
	KindSlack        Kind = "slack"
	KindSlackWebhook Kind = "slack_webhook"
	KindWebhook      Kind = "webhook"
	KindAlertmanager Kind = "alertmanager"
	KindPushgateway  Kind = "pushgateway"
)

// Role is what a receiver is for.
type Role uint8

// The roles. The zero value is none.
const (
	RoleArchive Role = iota + 1 // it keeps reports
	RolePeople                  // it tells people
	RoleProgram                 // it is given everything on every run
)

// roles are those of the kinds.
var roles = map[Kind]Role{
	KindDir: RoleArchive, KindS3: RoleArchive, KindSlack: RolePeople, KindSlackWebhook: RolePeople,
	KindWebhook: RoleProgram, KindAlertmanager: RoleProgram, KindPushgateway: RoleProgram,
}

// Kinds returns every kind of receiver.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, k := range kinds {
		out[i] = Kind(k)
	}
	return out
}

// Receiver is whom reports are delivered to. Of Dir to Pushgateway the one of its kind is set.
type Receiver struct {
	Name         string
	Kind         Kind
	Role         Role
	Dir          string // path
	S3           *Archive
	Slack        *Slack
	SlackWebhook *SlackWebhook
	Webhook      *Webhook
	Alertmanager *Alertmanager
	Pushgateway  *Pushgateway

	MinSeverity            rules.Severity
	SendResolved, AllClear bool
	GroupBy                []string // nil where the file names none
	Fallback               string   // "" where the file names none
	Mute                   []TimeInterval
}

// Archive is a bucket that keeps reports.
type Archive struct {
	Bucket
	PublicURL  string
	LinkExpiry time.Duration
}

// Slack is a channel and the app that posts there.
type Slack struct {
	Channel  string // its ID
	Token    secret.String
	Mentions map[rules.Severity][]string // "@here", U…, S…
	APIURL   string                      // "" for Slack's own
}

// SlackWebhook is an incoming webhook of Slack.
type SlackWebhook struct {
	URL      secret.String
	Mentions map[rules.Severity][]string
}

// Webhook is an address of the reader's own program.
type Webhook struct {
	URL, Token secret.String // Token: zero where the file names none
}

// Alertmanager is what takes alerts as Alertmanager does.
type Alertmanager struct {
	URL  string // http or https, with a host, without user, query or fragment
	HTTP HTTP
}

// Pushgateway is where the metrics of runs go.
type Pushgateway struct {
	URL  string // as an Alertmanager's
	Job  string
	HTTP HTTP
}

// What a report sends to people.
const (
	SendChanges = "changes" // what is new, worse, better, over; nothing where nothing is
	SendSummary = "summary" // once each slot what there is
)

// defaultTokenEnv is where Slack's token is looked for when the file does not say.
const defaultTokenEnv = "SLACK_BOT_TOKEN"

// state builds the state section.
func (b *builder) state(s *stateSection) *State {
	const path = "state"
	set := slices.DeleteFunc([]string{"dir", "s3", "configmap"}, func(k string) bool { return !b.has(key(path, k)) })
	switch {
	case len(set) > 1:
		b.problem(path, "both %s and %s; keep the one that stays between two runs", set[0], set[1])
	case s.S3 != nil:
		bucket := b.bucket(s.S3, key(path, "s3"))
		return &State{S3: &bucket}
	case s.ConfigMap != nil:
		return &State{ConfigMap: &ConfigMap{Namespace: string(s.ConfigMap.Namespace), Name: string(s.ConfigMap.Name)}}
	case s.Dir == "":
		b.problem(b.firstOf(path, "dir"), "no place; write dir: and a directory that stays between two runs, s3: and a bucket, or configmap: and its name")
	}
	return &State{Dir: b.beside(s.Dir)}
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
				b.problem(item(key(at, "mute_time_intervals"), j), "no time interval %q; write the name of one of time_intervals", n)
			}
			out[i].Mute = append(out[i].Mute, mute...)
		}
	}
	for i, r := range out {
		b.fallback(out, &r, key(item(path, i), "fallback"))
	}
	return out
}

// kinds are the places that a receiver can be, in the order in which they are named.
var kinds = []string{
	string(KindDir), string(KindS3), string(KindSlack), string(KindSlackWebhook), string(KindWebhook), string(KindAlertmanager), string(KindPushgateway),
}

// receiver builds one receiver.
func (b *builder) receiver(r *receiver, path string) Receiver {
	out := Receiver{
		Name: string(r.Name), MinSeverity: severity(r.MinSeverity), SendResolved: r.SendResolved, AllClear: r.AllClear, Fallback: string(r.Fallback),
	}
	set := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return !b.has(key(path, k)) })
	switch {
	case len(set) == 0:
		b.problem(path, "no place; write one of %s", strings.Join(kinds, ", "))
	case len(set) > 1:
		b.problem(key(path, set[1]), "beside %s; a receiver is one place: make two receivers of it", set[0])
	}
	if len(set) > 0 {
		out.Kind = Kind(set[0])
		out.Role = roles[out.Kind]
	}
	if b.has(key(path, "group_by")) {
		out.GroupBy = make([]string, len(r.GroupBy))
		for i, l := range r.GroupBy {
			out.GroupBy[i] = string(l)
		}
	}
	b.archive(r, path, &out)
	b.people(r, path, &out)
	b.mirror(r, path, &out)
	why := ""
	switch out.Role {
	case RoleArchive:
		why = "an archive keeps reports and is told nothing"
	case RoleProgram:
		why = "a program is given everything on every run, and chooses by itself"
	}
	for _, k := range []string{"min_severity", "send_resolved", "all_clear", "group_by", "fallback", "mute_time_intervals"} {
		if why != "" && b.has(key(path, k)) {
			b.problem(key(path, k), "of no effect: %s; take it out", why)
		}
	}
	return out
}

// archive builds a receiver that keeps reports.
func (b *builder) archive(r *receiver, path string, out *Receiver) {
	if r.Dir != nil {
		if out.Dir = b.beside(r.Dir.Path); r.Dir.Path == "" {
			b.problem(key(path, "dir.path"), "empty; write a directory such as /var/lib/promsnap")
		}
	}
	if r.S3 != nil {
		at := key(path, "s3")
		out.S3 = &Archive{Bucket: b.bucket(&r.S3.bucket, at), PublicURL: string(r.S3.PublicURL), LinkExpiry: time.Duration(r.S3.LinkExpiry)}
		if r.S3.PublicURL != "" && b.has(key(at, "link_expiry")) {
			b.problem(key(at, "link_expiry"), "beside public_url, whose links are not signed; take one of the two out")
		}
	}
}

// people builds a receiver that tells people.
func (b *builder) people(r *receiver, path string, out *Receiver) {
	if s := r.Slack; s != nil {
		at := key(path, "slack")
		token := b.secretOf(at, "token", sources{s.Token, s.TokenFile, s.TokenEnv, s.TokenFrom})
		if token.IsZero() {
			token = b.variableOf(defaultTokenEnv)
		}
		b.slackToken(s, at)
		out.Slack = &Slack{Channel: string(s.Channel), Token: token, Mentions: s.Mentions.bySeverity(), APIURL: string(s.APIURL)}
	}
	if h := r.SlackWebhook; h != nil {
		out.SlackWebhook = &SlackWebhook{
			URL: b.addressOf(key(path, "slack_webhook"), "the webhook's", sources{h.URL, h.URLFile, h.URLEnv, h.URLFrom}), Mentions: h.Mentions.bySeverity(),
		}
	}
}

// slackToken looks at the kind of a token, where the configuration, a file or the environment shows it.
func (b *builder) slackToken(s *slack, path string) {
	at, token := b.firstOf(path, "token", "token_file", "token_env"), s.Token
	switch {
	case token != "" || s.TokenFrom != "":
	case s.TokenFile != "":
		token = peek(b.beside(s.TokenFile))
	case s.TokenEnv == "":
		token = b.env(defaultTokenEnv)
	case variableSyntax.MatchString(s.TokenEnv):
		token = b.env(s.TokenEnv)
	}
	const write = "write the Bot User OAuth Token of the app's page OAuth & Permissions, xoxb-…"
	switch token = strings.TrimSpace(token); {
	case strings.HasPrefix(token, "xoxe.xox"):
		b.note(at, "this token belongs to an app with token rotation and ends after 12 hours, so that alerts go silent by night; "+
			"make an app without token rotation, and "+write)
	case strings.HasPrefix(token, "xoxe-"):
		b.problem(at, "this is a refresh token (xoxe-…), which can never post; make an app without token rotation, and "+write)
	case strings.HasPrefix(token, "xapp-"):
		b.problem(at, "this is an app-level token (xapp-…), which can never post; "+write)
	case strings.HasPrefix(token, "https://"), strings.HasPrefix(token, "http://"):
		b.problem(at, "this is an address and no token; write slack_webhook: {url_env: NAME} for an incoming webhook")
	}
}

// What peek reads of a file, and how long it may take: the file system may block.
const (
	peeked   = 16
	peekTime = time.Second
)

// peek returns the first bytes of a file, which tell the kind of a token and not the token; "" where it cannot be read now, because the
// file may be one of the place where promsnap runs.
func peek(path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), peekTime)
	defer cancel()
	begin, _ := disk.Within(ctx, path, func() ([]byte, error) {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // a pipe would be empty for who reads it later
			return nil, err
		}
		return disk.Read(ctx, path, peeked-1)
	})
	return string(begin)
}

// mirror builds a receiver that is a program.
func (b *builder) mirror(r *receiver, path string, out *Receiver) {
	if h := r.Webhook; h != nil {
		at := key(path, "webhook")
		out.Webhook = &Webhook{
			URL:   b.addressOf(at, "the webhook's", sources{h.URL, h.URLFile, h.URLEnv, h.URLFrom}),
			Token: b.secretOf(at, "token", sources{h.Token, h.TokenFile, h.TokenEnv, h.TokenFrom}),
		}
	}
	if a := r.Alertmanager; a != nil {
		b.leaveOut(key(path, "alertmanager.url"), a.URL, alertmanagerPages, "/api/v2/alerts")
		out.Alertmanager = &Alertmanager{URL: string(a.URL), HTTP: b.http(key(path, "alertmanager.http_config"), a.HTTP)}
	}
	if p := r.Pushgateway; p != nil {
		b.leaveOut(key(path, "pushgateway.url"), p.URL, pushgatewayPages, "/metrics/job/"+p.Job)
		out.Pushgateway = &Pushgateway{URL: string(p.URL), Job: p.Job, HTTP: b.http(key(path, "pushgateway.http_config"), p.HTTP)}
		if p.Job == "" {
			b.problem(key(path, "pushgateway.job"), "empty; write the value of the label job, or take the key out for promsnap")
		}
	}
}

// addressOf is an address that is a secret, and required.
func (b *builder) addressOf(path, whose string, s sources) secret.String {
	out := b.secretOf(path, "url", s)
	if out.IsZero() {
		b.problem(path, "no address; write url_file, url_env or url_from, where %s address is", whose)
	}
	return out
}

// fallback checks that a receiver's fallback is somebody else who can be told.
func (b *builder) fallback(all []Receiver, r *Receiver, path string) {
	if r.Fallback == "" {
		return
	}
	for i := range all {
		if all[i].Name != r.Fallback {
			continue
		}
		if all[i].Role != RolePeople || r.Fallback == r.Name {
			b.problem(path, "%s cannot stand in for %s; write another receiver that tells people (slack, slack_webhook)", r.Fallback, r.Name)
		}
		return
	}
	b.problem(path, "no receiver %q; write the name of one of receivers", r.Fallback)
}

// bucket builds a bucket.
func (b *builder) bucket(s *bucket, path string) Bucket {
	out := Bucket{
		Name: string(s.Bucket), Prefix: s.Prefix, Region: s.Region, Endpoint: string(s.Endpoint), PathStyle: s.PathStyle, AccessKey: s.AccessKey,
		SecretKey: b.secretOf(path, "secret_key", sources{s.SecretKey, s.SecretKeyFile, s.SecretKeyEnv, s.SecretKeyFrom}),
		RoleARN:   s.RoleARN, ExternalID: s.ExternalID, SSE: s.SSE, KMSKey: s.KMSKey, Checksum: s.Checksum,
	}
	switch {
	case b.has(key(path, "bucket")) && s.Bucket == "":
		b.problem(key(path, "bucket"), "empty; write the bucket's name")
	case (out.AccessKey == "") != out.SecretKey.IsZero():
		b.problem(path, "access_key and a secret key belong together; write both, or neither for what the environment says")
	case out.KMSKey != "" && out.SSE != "aws:kms":
		b.problem(key(path, "kms_key"), "of no effect without sse: aws:kms; write both")
	case out.ExternalID != "" && out.RoleARN == "":
		b.problem(key(path, "external_id"), "of no effect without role_arn; write both")
	}
	return out
}

// sources are where a secret can be: in the file itself, in another one, in the environment, in a store of AWS'. All but one are "".
type sources struct{ inline, file, env, place string }

// secretOf is a secret that is at one of its sources. The zero value: at none. It is read when it is used: who checks a configuration need
// not have it.
func (b *builder) secretOf(path, name string, s sources) secret.String {
	var out secret.String
	first := ""
	for _, w := range []struct {
		key   string
		value string
		from  func(string) secret.String
	}{
		{name, s.inline, secret.Inline},
		{name + "_file", s.file, func(p string) secret.String { return secret.File(b.beside(p)) }},
		{name + "_env", s.env, b.variableOf},
		{name + "_from", s.place, func(p string) secret.String { return b.stored(p, key(path, name+"_from")) }},
	} {
		at := key(path, w.key)
		switch {
		case !b.has(at):
			continue
		case first != "":
			b.problem(at, "set beside %s; keep one of the two", first)
		case w.value == "":
			b.problem(at, "empty; write it, or take the key out")
		case w.key == name+"_env" && !variableSyntax.MatchString(w.value):
			b.problem(at, "wants the name of an environment variable, in capitals, such as %s", defaultTokenEnv)
		}
		first, out = w.key, w.from(w.value)
	}
	return out
}

// stored is the secret at a place, which stands at path.
func (b *builder) stored(text, path string) secret.String {
	p, err := secret.ParsePlace(text)
	if err != nil && text != "" {
		b.problem(path, "%v", err)
	}
	return secret.Stored(p, b.options.Secrets)
}

// variableOf is the secret in an environment variable.
func (b *builder) variableOf(name string) secret.String {
	env := b.env
	return secret.Env(name, func(name string) (string, bool) {
		v := env(name)
		return v, v != ""
	})
}

// beside is a path that starts from dir where it is relative.
func (b *builder) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(b.dir(), path)
}

// dir is where relative paths start.
func (b *builder) dir() string { return cmp.Or(b.options.Dir, filepath.Dir(b.file)) }

// bySeverity returns whom to mention for each severity.
func (m mentions) bySeverity() map[rules.Severity][]string {
	out := map[rules.Severity][]string{}
	for severity, of := range map[rules.Severity][]mention{rules.Warning: m.Warning, rules.Critical: m.Critical} {
		for _, who := range of {
			out[severity] = append(out[severity], string(who))
		}
	}
	return out
}

// severity returns the severity of a word that the decoder has taken.
func severity(word string) rules.Severity {
	if word == rules.Critical.String() {
		return rules.Critical
	}
	return rules.Warning
}
