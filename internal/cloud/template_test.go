package cloud

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The SAM templates: of one cluster, and of a fleet.
const (
	templateFile = "../../deploy/lambda/template.yaml"
	fleetFile    = "../../deploy/lambda/fleet.yaml"
)

// ofEach runs a test of each template.
func ofEach(t *testing.T, test func(t *testing.T, root *yaml.Node)) {
	for _, file := range []string{templateFile, fleetFile} {
		t.Run(path.Base(file), func(t *testing.T) { test(t, template(t, file)) })
	}
}

// template returns a SAM template's mapping.
func template(t *testing.T, file string) *yaml.Node {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// at returns what lies at a path of keys, nil where nothing does.
func at(n *yaml.Node, path ...string) *yaml.Node {
	for _, k := range path {
		if n == nil {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == k {
				found = n.Content[i+1]
			}
		}
		n = found
	}
	return n
}

func keysOf(n *yaml.Node) []string {
	var out []string
	for i := 0; n != nil && i < len(n.Content); i += 2 {
		out = append(out, n.Content[i].Value)
	}
	return out
}

// visit calls each for n and all that is in it.
func visit(n *yaml.Node, each func(*yaml.Node)) {
	each(n)
	for _, c := range n.Content {
		visit(c, each)
	}
}

var substituted = regexp.MustCompile(`\$\{([^}]+)\}`)

// attributes are what the template may take from a resource of a type.
var attributes = map[string][]string{
	"AWS::IAM::Role": {"Arn"}, "AWS::SQS::Queue": {"Arn", "QueueName"},
	"AWS::Serverless::Function": {"Arn"},
}

// TestTemplateResolves resolves every reference of the SAM templates, and finds everything that is
// named but not used.
func TestTemplateResolves(t *testing.T) { ofEach(t, resolves) }

func resolves(t *testing.T, root *yaml.Node) {
	resources, conditions := at(root, "Resources"), keysOf(at(root, "Conditions"))
	known := append(keysOf(at(root, "Parameters")), keysOf(resources)...)
	known = append(known, "AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::StackName",
		"AWS::NoValue")
	used := map[string]bool{}
	ref := func(n *yaml.Node, name string) {
		used[name] = true
		if !slices.Contains(known, name) {
			t.Errorf("line %d: got a reference to %s, want one of %v", n.Line, name, known)
		}
	}
	visit(root, func(n *yaml.Node) {
		switch n.Tag {
		case "!Ref":
			ref(n, n.Value)
		case "!Sub":
			for _, m := range substituted.FindAllStringSubmatch(n.Value, -1) {
				ref(n, m[1])
			}
		case "!GetAtt":
			name, attribute, _ := strings.Cut(n.Value, ".")
			ref(n, name)
			if kind := at(resources, name, "Type"); kind == nil ||
				!slices.Contains(attributes[kind.Value], attribute) {
				t.Errorf("line %d: got attribute %s of %s, want one that its type has", n.Line,
					attribute, name)
			}
		case "!If":
			used[n.Content[0].Value] = true
			if !slices.Contains(conditions, n.Content[0].Value) {
				t.Errorf("line %d: got condition %s, want one of %v", n.Line, n.Content[0].Value,
					conditions)
			}
		case "!Equals", "!Not", "!!str", "!!int", "!!map", "!!seq", "!!bool":
		default:
			t.Errorf("line %d: got tag %s, want one that this test knows", n.Line, n.Tag)
		}
	})
	for _, name := range append(keysOf(at(root, "Parameters")), conditions...) {
		if !used[name] {
			t.Errorf("%s: got no use, want at least one", name)
		}
	}
	if len(used) < 20 {
		t.Errorf("got %d references, want at least 20: the test sees too little", len(used))
	}
}

// TestTemplateAllowsWhatIsCalled holds the function's role to exactly what the code calls, and what
// Lambda does in its name. The state machine, and not Lambda, waits for a step of a fleet, so
// Lambda sends no letter.
func TestTemplateAllowsWhatIsCalled(t *testing.T) { ofEach(t, allowsWhatIsCalled) }

func allowsWhatIsCalled(t *testing.T, root *yaml.Node) {
	want := map[string]bool{"logs:CreateLogStream": true, "logs:PutLogEvents": true}
	if at(root, "Resources", "Machine") == nil {
		want["sqs:SendMessage"] = true
	}
	for _, call := range append(called(t), "AssumeRole") { // by the SDK's credentials
		for _, action := range actions(call) {
			want[action] = call != "DeleteObject" // only `promsnap archive prune` deletes
		}
	}
	maps.DeleteFunc(want, func(_ string, runs bool) bool { return !runs })
	for _, action := range append(keyActions(), managedActions()...) {
		// a test of internal/app holds the latter to what a run asks for
		want[action] = true
	}
	got := map[string]bool{}
	visit(at(root, "Resources", "Role", "Properties", "Policies"), func(n *yaml.Node) {
		if a := at(n, "Action"); a != nil && n.Kind == yaml.MappingNode {
			visit(a, func(n *yaml.Node) {
				if n.Kind == yaml.ScalarNode {
					got[n.Value] = true
				}
			})
			if at(n, "Effect").Value != "Allow" || at(n, "Resource") == nil ||
				at(n, "Resource").Value == "*" {
				t.Errorf("line %d: got effect %s, want Allow on a resource other than *", n.Line,
					at(n, "Effect").Value)
			}
		}
	})
	if !maps.Equal(got, want) {
		t.Errorf("the role allows %v, and the code needs %v", slices.Sorted(maps.Keys(got)),
			slices.Sorted(maps.Keys(want)))
	}
}

// zips are those that make lambda builds, as a test of internal/acceptance/supply holds, and their
// architectures in the template's words.
var zips = map[string]string{
	"../../bin/lambda-arm64.zip": "arm64", "../../bin/lambda-amd64.zip": "x86_64",
}

// TestTemplateNamesAZip holds what SAM and CloudFormation package: a path, no function of the
// template, to a zip, with its architecture beside it.
func TestTemplateNamesAZip(t *testing.T) { ofEach(t, namesAZip) }

func namesAZip(t *testing.T, root *yaml.Node) {
	function := at(root, "Resources", "Function", "Properties")
	uri, of := at(function, "CodeUri"), at(function, "Architectures")
	if uri == nil || uri.Kind != yaml.ScalarNode || uri.Tag != "!!str" || zips[uri.Value] == "" {
		t.Fatalf("CodeUri: got %s, want one of %v as plain text", shown(uri),
			slices.Sorted(maps.Keys(zips)))
	}
	if of == nil || len(of.Content) != 1 || of.Content[0].Value != zips[uri.Value] {
		t.Errorf("Architectures for %s: got %s, want only %s", uri.Value, shown(of),
			zips[uri.Value])
	}
}

// TestTemplateIsOneRunAtATime holds what the function relies on.
func TestTemplateIsOneRunAtATime(t *testing.T) {
	root := template(t, templateFile)
	function := at(root, "Resources", "Function", "Properties")
	if r := at(function, "ReservedConcurrentExecutions"); r == nil || r.Tag != "!If" ||
		r.Content[0].Value != "OneAtATime" || r.Content[1].Value != "1" {
		t.Errorf("ReservedConcurrentExecutions: got %s, want 1 if OneAtATime", shown(r))
	}
	if of := at(root, "Parameters", "Concurrency", "Default"); of == nil || of.Value != "1" {
		t.Errorf("default of Concurrency: got %s, want 1", shown(of))
	}
	for name, want := range map[string]string{
		"Runtime": "provided.al2023", "Handler": "bootstrap",
	} {
		if got := at(function, name); got == nil || got.Value != want {
			t.Errorf("%s is not %s", name, want)
		}
	}
	for _, event := range []string{"Check", "Daily"} {
		p := at(function, "Events", event, "Properties")
		if in := at(p, "Input"); in == nil ||
			!strings.Contains(in.Value, `"time": "<aws.scheduler.scheduled-time>"`) ||
			at(p, "ScheduleExpressionTimezone") == nil {
			t.Errorf("schedule %s: got\n%s\nwant an input with the scheduled time, and a time zone",
				event, shown(p))
		}
	}
}

// figure is a number at a key, 0 where there is none.
// shown returns n as YAML for the message of a failure.
func shown(n *yaml.Node) string {
	if n == nil {
		return "nothing"
	}
	out, err := yaml.Marshal(n)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

func figure(n *yaml.Node, key string) int {
	v := at(n, key)
	if v == nil {
		return 0
	}
	out, _ := strconv.Atoi(v.Value)
	return out
}

// TestTemplateAlarms holds each alarm to what CloudWatch takes, to a metric that somebody writes,
// and to somebody who is told; and those that rest on one report a day to its being enough.
func TestTemplateAlarms(t *testing.T) { ofEach(t, alarms) }

func alarms(t *testing.T, root *yaml.Node) {
	resources := at(root, "Resources")
	looksBack := map[string]int{
		"FailedAlarm": 1800, "ErrorAlarm": 1800, "CheckSilentAlarm": 1800,
		"DailySilentAlarm": 26 * 3600, "LetterAlarm": 300,
	}
	// by Lambda and SQS
	written := map[string]bool{"Errors": true, "ApproximateNumberOfMessagesVisible": true}
	if at(resources, "Machine") != nil {
		looksBack = map[string]int{
			"FailedAlarm": 1800, "SilentAlarm": 26 * 3600, "LetterAlarm": 300,
		}
		written = map[string]bool{ // by Step Functions and SQS
			"ExecutionsFailed": true, "ExecutionsStarted": true,
			"ApproximateNumberOfMessagesVisible": true,
		}
	}
	for _, name := range keysOf(resources) {
		if at(resources, name, "Type").Value != "AWS::Logs::MetricFilter" {
			continue
		}
		p := at(resources, name, "Properties")
		if at(p, "LogGroupName").Value != "Log" {
			t.Errorf("%s: got log %s, want Log", name, at(p, "LogGroupName").Value)
		}
		written[at(at(p, "MetricTransformations").Content[0], "MetricName").Value] = true
	}
	for _, name := range keysOf(resources) {
		if at(resources, name, "Type").Value != "AWS::CloudWatch::Alarm" {
			continue
		}
		p := at(resources, name, "Properties")
		period, periods := figure(p, "Period"), figure(p, "EvaluationPeriods")
		most := 24 * 3600
		if period >= 3600 {
			most *= 7
		}
		if period*periods != looksBack[name] || period*periods > most {
			t.Errorf("%s looks back: got %d s, want %d s, at most %d s", name, period*periods,
				looksBack[name], most)
		}
		delete(looksBack, name)
		if metric := at(p, "MetricName"); !written[metric.Value] {
			t.Errorf("%s: got metric %s, want one that is written", name, metric.Value)
		}
		// Of silence all periods count, and what is not there is silence; of anything else one is
		// enough, and what is not there is good.
		enough, missing, comparison := 1, "notBreaching", "GreaterThanOrEqualToThreshold"
		if strings.HasSuffix(name, "SilentAlarm") {
			enough, missing, comparison = periods, "breaching", "LessThanThreshold"
		}
		if at(p, "DatapointsToAlarm") == nil && periods != 1 ||
			at(p, "DatapointsToAlarm") != nil && figure(p, "DatapointsToAlarm") != enough ||
			at(p, "TreatMissingData").Value != missing ||
			at(p, "ComparisonOperator").Value != comparison || figure(p, "Threshold") != 1 {
			t.Errorf("%s: got\n%s\nwant missing data %s, comparison %s, threshold 1, and an alarm "+
				"on %d of %d periods", name, shown(p), missing, comparison, enough, periods)
		}
		if at(p, "AlarmActions") == nil || at(p, "OKActions") == nil {
			t.Errorf("%s: got AlarmActions %s and OKActions %s, want both", name,
				shown(at(p, "AlarmActions")), shown(at(p, "OKActions")))
		}
	}
	if len(looksBack) > 0 {
		t.Errorf("got no alarm for %v, want one each", slices.Sorted(maps.Keys(looksBack)))
	}
}

// TestTemplateLosesNoEvent holds what becomes of events that cannot be run at once, and of the log.
func TestTemplateLosesNoEvent(t *testing.T) {
	resources := at(template(t, templateFile), "Resources")
	function := at(resources, "Function", "Properties")
	if d := at(function, "EventInvokeConfig", "DestinationConfig", "OnFailure"); d == nil ||
		at(d, "Type").Value != "SQS" || at(d, "Destination").Value != "DeadLetters.Arn" {
		t.Errorf("OnFailure: got %s, want the SQS queue DeadLetters", shown(d))
	}
	if got := figure(at(function, "EventInvokeConfig"), "MaximumRetryAttempts"); got != 2 {
		t.Errorf("MaximumRetryAttempts: got %d, want 2: docs/lambda.md says three attempts", got)
	}
	for _, event := range []string{"Check", "Daily"} {
		p := at(function, "Events", event, "Properties")
		if figure(at(p, "RetryPolicy"), "MaximumRetryAttempts") == 0 ||
			at(p, "DeadLetterConfig", "Arn") == nil ||
			at(p, "DeadLetterConfig", "Arn").Value != "DeadLetters.Arn" {
			t.Errorf("schedule %s: got\n%s\nwant retries, and DeadLetters.Arn for dead letters",
				event, shown(p))
		}
	}
	kept := figure(at(resources, "DeadLetters", "Properties"), "MessageRetentionPeriod")
	if kept != 14*24*3600 {
		t.Errorf("MessageRetentionPeriod: got %d s, want 14 days", kept)
	}
	log := at(resources, "Log", "Properties")
	if at(log, "RetentionInDays") == nil || at(function, "LoggingConfig", "LogGroup") == nil ||
		at(function, "LoggingConfig", "LogGroup").Value != "Log" {
		t.Errorf("log group: got %s, kept for %s days; want Log, with RetentionInDays",
			shown(at(function, "LoggingConfig", "LogGroup")), shown(at(log, "RetentionInDays")))
	}
}
