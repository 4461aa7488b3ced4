package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/fetch"
	"github.com/promsnap/promsnap/internal/outside"
)

func dashboardCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "dashboard", Short: "Download a Grafana dashboard, or explain what becomes of it",
		Long: `promsnap shows Grafana dashboards in its reports without a Grafana server. get
downloads a dashboard, so that a configuration can name the file. explain says
what becomes of each panel, variable and query of a dashboard.`,
		Example: `  promsnap dashboard get 1860 -o dashboards/1860.json
  promsnap dashboard explain dashboards/1860.json
  promsnap run --dashboard 1860`,
	}
	cmd.AddCommand(dashboardGetCommand(c), dashboardExplainCommand(c))
	requireKnownCommand(cmd)
	return cmd
}

// dashboardGetFlags hold the flags of `promsnap dashboard get` as given.
type dashboardGetFlags struct {
	dashboardFlags
	output string
	force  bool
}

func dashboardGetCommand(c *console) *cobra.Command {
	var f dashboardGetFlags
	cmd := &cobra.Command{
		Use: "get NUMBER|URL|uid:UID", Short: "Download a dashboard into a file",
		Long: `Downloads a dashboard and writes its JSON into a file, for dashboard.file of a
configuration: so a report stays the same when the dashboard changes elsewhere.

NUMBER is the number of a dashboard on grafana.com. URL is the dashboard's page
there or on a Grafana server, or the address of a JSON file. uid:UID is a
dashboard of the Grafana server of --grafana-url; the UID is the part after /d/
in the address of its page. A token is needed if that server requires a login:
one of a service account with the role Viewer.

Exit codes:
  0  the file is written, or it already has this content
  1  the dashboard could not be downloaded
  2  the command line is wrong, or the file exists with other content and
     --force is not set`,
		Example: `  # Node Exporter Full, the newest revision and a certain one
  promsnap dashboard get 1860 -o dashboards/1860.json
  promsnap dashboard get 1860 --revision 37

  # A dashboard of a Grafana server, by its page or its UID
  promsnap dashboard get https://grafana.example.com/d/rYdddlPWk \
    --grafana-token-env GRAFANA_TOKEN
  promsnap dashboard get uid:rYdddlPWk --grafana-url https://grafana.example.com`,
		Args:              one("the number, address or UID of a dashboard"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return getDashboard(cmd.Context(), c, f, args[0])
		},
	}
	f.register(cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "`FILE` to write; - is standard output "+
		"(default: the number, the UID or the name of the file, with .json)")
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite a file with other content")
	_ = cmd.MarkFlagFilename("output", "json")
	return cmd
}

// getDashboard downloads a dashboard into a file.
func getDashboard(ctx context.Context, c *console, f dashboardGetFlags, arg string) error {
	ref, err := f.ref(arg)
	if err == nil && ref.Path != "" {
		err = fmt.Errorf("%s is a file and not a dashboard elsewhere; write a number on "+
			"grafana.com, a URL or uid:UID", ref)
	}
	if err != nil {
		return usage(err)
	}
	ctx, cancel := c.withDefaultTimeout(ctx)
	defer cancel()
	d, ref, err := f.get(ctx, c, arg)
	if err != nil {
		return err
	}
	if f.output == "-" {
		_, err := c.stdout.Write(d.JSON)
		return err
	}
	file := cmp.Or(f.output, fileOf(ref))
	how := "wrote"
	if err := disk.Do(ctx, file, func() (err error) {
		how, err = saveDashboard(ctx, file, d.JSON, f.force)
		return err
	}); err != nil {
		return err
	}
	cfg, err := config.OfDashboard(&config.Dashboard{Board: d.Board}, configOptions(c))
	if err != nil {
		return err
	}
	explained, err := app.Explain(ctx, cfg, cfg.Reports[0].Name, app.Options{Slot: c.now()})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s %s: %s, %s\nsee what becomes of each panel:\n  promsnap dashboard "+
		"explain %s\nshow it in a report of promsnap.yaml:\n  reports:\n    - name: %s\n"+
		"      dashboard: {file: %s}\n", how, file, titleOf(d.Board, d.Revision, ref.Number),
		countVerdicts(explained), outside.ShellWord(file),
		cfg.Reports[0].Name, file)
	return nil
}

// fileOf returns the name of the file for a dashboard.
func fileOf(ref fetch.Ref) string {
	switch {
	case ref.Number > 0:
		return strconv.Itoa(ref.Number) + ".json"
	case ref.UID != "":
		return ref.UID + ".json"
	}
	name := path.Base(ref.Link.Path)
	if !strings.HasSuffix(name, ".json") || !filepath.IsLocal(name) {
		return "dashboard.json"
	}
	return name
}

// saveDashboard writes a file and the directories that it needs. It does not replace other content
// without force. how says what it did.
func saveDashboard(ctx context.Context, file string, data []byte,
	force bool) (how string, err error) {
	had, err := disk.Read(ctx, file, grafana.MaxFile)
	switch {
	case err == nil && bytes.Equal(had, data):
		return "unchanged:", nil
	case err == nil && !force:
		return "", usage(fmt.Errorf("%s exists with other content; overwrite it with --force, or "+
			"name another file with -o", file))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", usage(fmt.Errorf("writing the dashboard: %w; name another file with -o", err))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // it is public
		return "", usage(fmt.Errorf("writing the dashboard: %w", err))
	}
	w, err := disk.Open(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644, os.OpenFile)
	if err != nil {
		return "", usage(fmt.Errorf("writing the dashboard: %w", err))
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return "", &exitError{exitFailed, fmt.Errorf("writing the dashboard: %w", err)}
	}
	return "wrote", nil
}

// titleOf returns what a dashboard is: its title and, from grafana.com, its revision.
func titleOf(board *grafana.Dashboard, revision, number int) string {
	title := cmp.Or(outside.Said(board.Title, 100), "a dashboard without a title")
	if revision > 0 {
		title += fmt.Sprintf(", revision %d of %d", revision, number)
	}
	return title
}
