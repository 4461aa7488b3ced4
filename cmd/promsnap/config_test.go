package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// needsAll is a configuration that needs all of config.Options: the environment, the built-in
// panels and the secrets of AWS.
const needsAll = `version: 1
cluster: prod
prometheus: {url: 'http://127.0.0.1:1', http_config: {basic_auth: {username: u, password_env: PROMETHEUS_PASSWORD}}}
reports: [{name: check, range: 1h, send: changes, panels: [{use: node-memory}], receivers: [team]}]
receivers: [{name: team, slack_webhook: {url_from: 'aws-ssm:/slack'}}]
state: {dir: state}
`

// Every command reads a configuration with the same options as the other commands and the Lambda
// function.
func TestEveryCommandReadsTheSameConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_PROFILE": "", "AWS_REGION": "eu-central-1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	if err := os.WriteFile("promsnap.yaml", []byte(needsAll), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{
		"check-config":   {"promsnap.yaml"},
		"run":            {"check", "-c", "promsnap.yaml", "--output-dir", "out"},
		"deliver":        {"--test", "archive", "-c", "promsnap.yaml"},
		"slack test":     {"team", "-c", "promsnap.yaml"},
		"sizing":         {"-c", "promsnap.yaml"},
		"query":          {"up", "-c", "promsnap.yaml"},
		"metrics":        {"memory", "-c", "promsnap.yaml"},
		"targets":        {"-c", "promsnap.yaml"},
		"backtest":       {"check", "-c", "promsnap.yaml"},
		"doctor":         {"-c", "promsnap.yaml", "--send-test"},
		"silence add":    {"--duration", "1h", `node="a"`, "-c", "promsnap.yaml"},
		"silence list":   {"-c", "promsnap.yaml"},
		"silence expire": {"abc", "-c", "promsnap.yaml"},
		"state show":     {"check", "-c", "promsnap.yaml"},
		"state reset":    {"check", "-c", "promsnap.yaml"},

		"archive list":  {"-c", "promsnap.yaml"},
		"archive open":  {"-c", "promsnap.yaml"},
		"archive get":   {"-c", "promsnap.yaml"},
		"archive prune": {"--keep", "1", "-c", "promsnap.yaml"},

		"dashboard explain": {"check", "-c", "promsnap.yaml"},

		"fleet list":   {"-c", "promsnap.yaml"},
		"fleet run":    {"check", "-c", "promsnap.yaml"},
		"fleet plan":   {"check", "-c", "promsnap.yaml"},
		"fleet map":    {"check", "prod", "-c", "promsnap.yaml"},
		"fleet reduce": {"check", "-c", "promsnap.yaml"},
		"fleet job":    {"check", "-c", "promsnap.yaml", "--index", "0", "--completions", "3"},
	}
	output := func(password string, args ...string) (string, error) {
		var out bytes.Buffer
		now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
		root := rootCommand(&console{
			stdout: screenOf(&out), stderr: screenOf(&out), now: func() time.Time {
				return now
			}, stop: t.Context().Done(), args: args,
			getenv: func(name string) string {
				return map[string]string{"PROMETHEUS_PASSWORD": password}[name]
			},
		})
		root.SetArgs(args)
		err := root.ExecuteContext(t.Context())
		var exit *exitError
		if errors.As(err, &exit) && exit.Err != nil {
			out.WriteString(exit.Err.Error())
		}
		return out.String(), err
	}
	for name, args := range commands {
		args = append(strings.Fields(name), args...)
		if got, err := output("", args...); err == nil ||
			!strings.Contains(got, "promsnap.yaml:3:") ||
			!strings.Contains(got, "PROMETHEUS_PASSWORD is empty or not set") {
			t.Errorf("promsnap %s without the environment: got %v,\n%s\nwant what is wrong with "+
				"the file", name, err, got)
		}
		got, _ := output("x", args...)
		if strings.Contains(got, "promsnap.yaml:") ||
			strings.Contains(got, "this program cannot read secrets") {
			t.Errorf("promsnap %s: got\n%s\nwant nothing wrong with the file", name, got)
		}
	}
	if got, _ := output("x", "slack", "test", "team", "-c", "promsnap.yaml"); !strings.Contains(
		got, "reading the parameter /slack") {
		t.Errorf("slack test: got\n%s\nwant that AWS was asked for the address", got)
	}
	if got, _ := output("x", "__complete", "run", "-c", "promsnap.yaml", ""); !strings.HasPrefix(got,
		"check\n") {
		t.Errorf("the completion of run: got\n%s\nwant check", got)
	}
	var reading []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("config") != nil ||
			strings.Contains(cmd.Use, "FILE") && cmd.Name() != "init" {
			reading = append(reading, strings.TrimPrefix(cmd.CommandPath(), "promsnap "))
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(rootCommand(&console{stdout: screenOf(nil), stderr: screenOf(nil), getenv: func(string) string { return "" }}))
	for _, name := range reading {
		if commands[name] == nil {
			t.Errorf("promsnap %s reads a configuration: got no entry in this test, want one", name)
		}
	}
	if len(reading) != len(commands) {
		t.Errorf("commands that read a configuration: got %v, want %d", reading, len(commands))
	}
}
