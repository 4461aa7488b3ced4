package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/grafana/fetch"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
)

// dashboardFlags hold the flags that say where dashboards are, as given.
type dashboardFlags struct {
	revision                                   int
	grafanaURL, publicURL, tokenEnv, tokenFile string
}

// register adds the flags to a command.
func (f *dashboardFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.IntVar(&f.revision, "revision", 0,
		"`NUMBER` of the dashboard's revision on grafana.com (default: the newest)")
	fl.StringVar(&f.grafanaURL, "grafana-url", "", "`URL` of the Grafana server that has uid:UID")
	fl.StringVar(&f.tokenEnv, "grafana-token-env", "",
		"environment `VARIABLE` with a token for Grafana")
	fl.StringVar(&f.tokenFile, "grafana-token-file", "", "`FILE` with a token for Grafana")
	fl.StringVar(&f.publicURL, "grafana-com-url", "", "`URL` of a mirror of grafana.com")
	either(cmd, "grafana-token-env", "grafana-token-file")
	_ = cmd.MarkFlagFilename("grafana-token-file")
	for _, name := range []string{"revision", "grafana-url", "grafana-token-env", "grafana-com-url"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// unused returns an error if a flag of register is set although allowed is false.
func (f *dashboardFlags) unused(cmd *cobra.Command, allowed bool, advice string) error {
	for _, name := range []string{
		"revision", "grafana-url", "grafana-com-url", "grafana-token-env", "grafana-token-file",
	} {
		if cmd.Flags().Changed(name) && !allowed {
			return fmt.Errorf("--%s %s", name, advice)
		}
	}
	return nil
}

// ref reads an argument that names a dashboard.
func (f *dashboardFlags) ref(arg string) (fetch.Ref, error) {
	ref, err := fetch.Parse(arg)
	switch {
	case err != nil:
		return ref, err
	case ref.UID != "" && ref.Server == nil && f.grafanaURL == "":
		return ref, errors.New("a UID needs the address of a Grafana server; write --grafana-url, " +
			"or the address of the dashboard's page instead of the UID")
	case f.revision < 0:
		return ref, fmt.Errorf("--revision %d is not a revision; write 1 or more", f.revision)
	case f.revision > 0 && ref.Number == 0:
		return ref, errors.New("--revision is only for the number of a dashboard on grafana.com; " +
			"remove it")
	case f.revision > 0 && ref.Revision > 0 && f.revision != ref.Revision:
		return ref, fmt.Errorf("--revision %d differs from the revision in the address; remove "+
			"one of them", f.revision)
	case f.revision > 0:
		ref.Revision = f.revision
	}
	return ref, nil
}

// client returns a client that gets dashboards.
func (f *dashboardFlags) client(c *console) (*fetch.Client, error) {
	o := fetch.Options{UserAgent: "promsnap/" + versionString()}
	for _, a := range []struct {
		flag, value string
		to          **url.URL
	}{{"grafana-url", f.grafanaURL, &o.Grafana}, {"grafana-com-url", f.publicURL, &o.Public}} {
		if a.value == "" {
			continue
		}
		u, err := exchange.WebURL(a.value)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", a.flag, err)
		}
		*a.to = u
	}
	switch {
	case f.tokenEnv != "":
		o.Token = secret.Env(f.tokenEnv, func(name string) (string, bool) {
			value := c.getenv(name)
			return value, value != ""
		})
	case f.tokenFile != "":
		o.Token = secret.File(f.tokenFile)
	}
	return fetch.New(o)
}

// named returns the argument for a dashboard in a command that people read: a file without its
// directory, an address without its query, which may hold a secret.
func named(ref fetch.Ref) string {
	switch {
	case ref.Number > 0:
		return strconv.Itoa(ref.Number)
	case ref.UID != "" && ref.Server != nil:
		return ref.Server.JoinPath("d", ref.UID).String()
	case ref.UID != "":
		return "uid:" + ref.UID
	case ref.Link != nil:
		u := url.URL{Scheme: ref.Link.Scheme, Host: ref.Link.Host, Path: ref.Link.Path}
		return u.String()
	}
	return filepath.Base(ref.Path)
}

// get gets a dashboard. If the dashboard is on another machine, a line on the terminal says so, and
// a failure has the exit code of a failed query.
func (f *dashboardFlags) get(ctx context.Context, c *console,
	arg string) (*fetch.Dashboard, fetch.Ref, error) {
	ref, err := f.ref(arg)
	if err != nil {
		return nil, ref, usage(err)
	}
	client, err := f.client(c)
	if err != nil {
		return nil, ref, usage(err)
	}
	defer client.CloseIdleConnections()
	if ref.Path == "" {
		c.stdout.status("downloading " + ref.String())
	}
	d, err := client.Get(ctx, ref)
	c.stdout.status("")
	switch {
	case err != nil && ref.Path == "":
		return nil, ref, &exitError{exitFailed, err}
	case err != nil:
		return nil, ref, usage(err)
	}
	if ref.Number > 0 {
		ref.Revision = d.Revision
	}
	return d, ref, nil
}

// varFlag adds --var. file returns the file of the dashboard, whose variables are completed.
func varFlag(c *console, cmd *cobra.Command, to *[]string, file func(args []string) string) {
	cmd.Flags().StringArrayVar(to, "var", nil, "value of a variable of the dashboard, as "+
		"`NAME=VALUE[,VALUE]`; All is all values; can be repeated")
	_ = cmd.RegisterFlagCompletionFunc("var", func(cmd *cobra.Command, args []string,
		_ string) ([]string, cobra.ShellCompDirective) {
		return completeVariables(cmd.Context(), c, file(args)),
			cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// parseVars reads the values of --var. A comma in a value is written \, .
func parseVars(given []string) (map[string][]string, error) {
	variables := map[string][]string{}
	for _, text := range given {
		name, values, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--var %q has no name and value; write it like job=node-exporter "+
				"or node=a,b", outside.Said(text, 100))
		}
		value := ""
		for i := 0; i < len(values); i++ {
			switch {
			case values[i] == '\\' && i+1 < len(values) && values[i+1] == ',':
				value += ","
				i++
			case values[i] == ',':
				variables[name] = append(variables[name], value)
				value = ""
			default:
				value += values[i : i+1]
			}
		}
		variables[name] = append(variables[name], value)
	}
	return variables, nil
}

// parseRange reads --range; "" is 0.
func parseRange(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("--range %q is not a duration; write it like 6h or 7d", text)
	}
	return time.Duration(d), nil
}
