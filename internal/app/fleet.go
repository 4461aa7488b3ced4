package app

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/fleet/store"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Fleet is promsnap built for a configuration with several clusters. Its steps are those of package
// fleet: Plan, Map and Reduce. Each can run in a process of its own.
type Fleet struct {
	cfg   *config.Config
	o     Options
	store fleet.Store
}

// Clusters reaches the clusters of a fleet through their APIs. The command provides it; a Lambda
// function has none.
type Clusters interface {
	// API returns the API of a cluster, and a function that closes what it keeps open.
	API(ctx context.Context, k *config.Kubernetes) (Kubernetes, func(), error)
	// Contexts returns the clusters of the kubeconfig.
	Contexts(ctx context.Context, k *config.KubeconfigContexts) ([]FoundCluster, error)
	// Profiles returns the clusters that have a ClusterProfile, without their URL.
	Profiles(ctx context.Context, p *config.ClusterProfiles) ([]FoundCluster, error)
	// ArgoCD returns the clusters of an Argo CD. With an error it returns those that it could read.
	ArgoCD(ctx context.Context, a *config.ArgoCD) ([]FoundCluster, error)
}

// FoundCluster is a cluster that was found.
type FoundCluster struct {
	Name   string
	Labels map[string]string
	From   string // as in fleet.Cluster
	// URL is the address of its Prometheus; "": that of the configuration.
	URL string
	// Kubernetes is how Prometheus is reached through the cluster's API. Nil: it is not.
	Kubernetes *config.Kubernetes
	// Open opens the cluster's API, and returns a function that closes what it keeps open. Nil: as
	// Clusters.API does.
	Open func(context.Context) (Kubernetes, func(), error)
	// Match is added to every selector, for a cluster of a Prometheus that has several; nil: its
	// Prometheus has one.
	Match *labels.Matcher
}

// OpenFleet builds a Fleet from cfg. It fails if cfg has no fleet or no place for its parts.
func OpenFleet(ctx context.Context, cfg *config.Config, o Options) (*Fleet, error) {
	if cfg.Fleet == nil {
		return nil, errors.New("the configuration has no clusters; write them below fleet.clusters")
	}
	f := &Fleet{cfg: cfg, o: o}
	var err error
	f.store, err = f.openStore(ctx)
	return f, err
}

// openStore opens the store of the parts. A run into a directory keeps them there: it must not
// change what a delivery of the same slot reads.
func (f *Fleet) openStore(ctx context.Context) (fleet.Store, error) {
	s := f.cfg.Fleet.Store
	switch root := rootOf(f.o.To); {
	case root != "":
		return store.NewDir(filepath.Join(root, "parts")), nil
	case s == nil:
		return nil, errors.New("fleet.store is missing; write fleet: {store: {s3: {bucket: " +
			"NAME}}} or fleet: {store: {dir: PATH}}")
	case s.Dir != "":
		return store.NewDir(s.Dir), nil
	}
	bucket, err := openBucket(ctx, *s.S3, stateAttempts)
	if err != nil {
		return nil, fmt.Errorf("fleet.store: %w", err)
	}
	return store.NewS3(bucket, s.S3.Prefix), nil
}

// rootOf returns the directory of a destination, "" if it is none.
func rootOf(to Destination) string {
	switch to := to.(type) {
	case Files:
		return to.Dir
	case DryRun:
		return to.Dir
	}
	return ""
}

// inDir returns the options for a cluster or the fleet: each has a directory of its own.
func (o Options) inDir(name string) Options {
	switch to := o.To.(type) {
	case Files:
		o.To = Files{filepath.Join(to.Dir, report.Slug(name))}
	case DryRun:
		o.To = DryRun{filepath.Join(to.Dir, report.Slug(name))}
	}
	return o
}

// inDirs returns the receivers for a cluster or the fleet: each has directories of its own.
func inDirs(receivers []config.Receiver, name string) []config.Receiver {
	out := slices.Clone(receivers)
	for i := range out {
		if dir, ok := out[i].To.(config.Dir); ok {
			out[i].To = config.Dir(filepath.Join(string(dir), report.Slug(name)))
		}
	}
	return out
}

// report returns a report of the configuration.
func (f *Fleet) report(name string) (config.Report, error) {
	if err := (Options{Reports: []string{name}}).checkReports(f.cfg); err != nil {
		return config.Report{}, err
	}
	i := slices.IndexFunc(f.cfg.Reports, func(r config.Report) bool { return r.Name == name })
	return f.cfg.Reports[i], nil
}

// Plan returns the plan of a report at the slot of the options. If there is none yet, it finds the
// clusters and writes it.
func (f *Fleet) Plan(ctx context.Context, name string) (fleet.Plan, error) {
	r, err := f.report(name)
	if err != nil {
		return fleet.Plan{}, err
	}
	slot := f.o.slotOf(r)
	if p, found, err := fleet.LoadPlan(ctx, f.store, name, slot); err != nil || found {
		return p, err
	}
	members, problems := f.Members(ctx)
	var clusters []fleet.Cluster
	for _, m := range members {
		clusters = append(clusters, m.Cluster)
	}
	var notes []string
	for _, p := range problems {
		notes = append(notes, p.Error())
	}
	deadline := f.o.Now().Add(f.cfg.Fleet.Deadline)
	p, err := fleet.NewPlan(name, slot, deadline, f.cfg.Sum, clusters, notes)
	if err != nil {
		return fleet.Plan{}, errors.Join(append(problems, err)...)
	}
	return fleet.SavePlan(ctx, f.store, p)
}

// Map runs a report of one cluster of a plan, as a run of its own would, and writes its part of the
// fleet's report. If the cluster cannot be reached, the part says why.
func (f *Fleet) Map(ctx context.Context, p fleet.Plan, cluster string) (Result, error) {
	if p.Index(cluster) < 0 {
		return Result{}, unknownCluster(p, cluster)
	}
	m, err := f.member(ctx, cluster)
	if err != nil {
		return Result{}, f.blind(ctx, p, cluster, err)
	}
	return f.mapMember(ctx, p, m)
}

// mapMember runs a report of a member of a plan.
func (f *Fleet) mapMember(ctx context.Context, p fleet.Plan, m Member) (Result, error) {
	cluster := m.Name
	cfg := f.cfg.ForCluster(m.config)
	cfg.Receivers = inDirs(cfg.Receivers, cluster)
	o := f.o.inDir(cluster)
	o.Reports, o.Slot, o.Scheduled, o.Kubernetes = []string{p.Report}, p.Slot, false, nil
	o.Command = f.command("map", cluster)
	if r, err := f.report(p.Report); err == nil && len(r.Receivers) == 0 && rootOf(o.To) == "" {
		o.To = nowhere{} // only the fleet's report is delivered
	}
	if k := m.config.Kubernetes; k != nil {
		open := m.open
		if open == nil {
			open = func(ctx context.Context) (Kubernetes, func(), error) { return f.api(ctx, k) }
		}
		api, done, err := open(ctx)
		if err != nil {
			return Result{}, f.blind(ctx, p, cluster, err)
		}
		defer done()
		o.Kubernetes = api
	}
	a, err := New(ctx, cfg, o)
	if err != nil {
		return Result{}, f.blind(ctx, p, cluster, err)
	}
	defer a.Close()
	var saved error
	a.delivered = func(r judgedReport, res *Result) {
		row := res.Report.AsCluster()
		row.BlindSince = res.blindSince
		saved = f.save(ctx, p, row, r.info.Range, r.panels)
	}
	out := a.Run(ctx)
	return out.Results[0], saved
}

// api returns the API of a cluster.
func (f *Fleet) api(ctx context.Context, k *config.Kubernetes) (Kubernetes, func(), error) {
	if f.o.Clusters == nil {
		return nil, nil, errors.New("the cluster is reached through the Kubernetes API, which an AWS " +
			"Lambda function does not use; set its prometheus.url")
	}
	return f.o.Clusters.API(ctx, k)
}

// command returns a function that returns the command that runs a step again, for footers.
func (f *Fleet) command(step string, cluster ...string) func(string, time.Time) string {
	return func(reportName string, slot time.Time) string {
		words := []string{"promsnap", "fleet", step, reportName}
		for _, c := range cluster {
			words = append(words, outside.ShellWord(c))
		}
		if f.o.ConfigFile != "" {
			words = append(words, "-c", f.o.ConfigFile)
		}
		return strings.Join(append(words, "--time", slot.UTC().Format(time.RFC3339)), " ")
	}
}

// blind writes the part of a cluster that could not be queried, and returns why.
func (f *Fleet) blind(ctx context.Context, p fleet.Plan, cluster string, why error) error {
	row := report.Cluster{
		Name: cluster, Version: f.o.Version, Verdict: report.VerdictNoData,
		Failure: snapshot.FailureOf(why),
	}
	return errors.Join(fmt.Errorf("cluster %s: %w", cluster, why), f.save(ctx, p, row, 0, nil))
}

// savingTime is how long writing a part may take.
const savingTime = 30 * time.Second

// save writes the part of a cluster.
func (f *Fleet) save(ctx context.Context, p fleet.Plan, row report.Cluster, rng time.Duration,
	panels []snapshot.Panel) error {
	i := p.Index(row.Name)
	if i < 0 {
		return fmt.Errorf("the plan has no cluster %q", row.Name)
	}
	row.Labels = p.Clusters[i].Labels
	// A run that was stopped or took too long still has a part, which says so.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savingTime)
	defer cancel()
	part := fleet.NewPart(p, f.cfg.Sum, row, rng, panels)
	if err := fleet.SavePart(ctx, f.store, p, &part); err != nil {
		return fmt.Errorf("writing the part of cluster %s: %w", row.Name, err)
	}
	return nil
}

// Reduce merges the parts of a plan into the report of the fleet, and delivers it to the receivers
// of the fleet. The result has failed if a cluster is blind. With wait it waits for parts until the
// plan's deadline.
func (f *Fleet) Reduce(ctx context.Context, p fleet.Plan, wait bool) (Result, error) {
	began := f.o.Now()
	cfg := f.cfg.ForFleet(p.Report)
	if len(cfg.Reports) == 0 {
		return Result{}, &UnknownReportError{Name: p.Report}
	}
	cfg.Receivers = inDirs(cfg.Receivers, cfg.Cluster)
	o := f.o.inDir(cfg.Cluster)
	if err := o.To.check(cfg, o); err != nil {
		return Result{}, err
	}
	r := cfg.Reports[0]
	ro := fleet.ReduceOptions{Range: r.Range, Now: o.Now}
	options := (&Source{cfg: cfg, o: o}).queryOptions(r)
	for _, spec := range r.Panels {
		planned, err := options.Planned(spec)
		if err != nil {
			return Result{}, fmt.Errorf("panel %s: %w", spec.Name, err)
		}
		ro.Specs = append(ro.Specs, planned)
	}
	if wait {
		ro.Pause = pause
	}
	merged, err := fleet.Reduce(ctx, f.store, p, ro)
	if err != nil {
		return Result{}, err
	}
	to, err := o.To.open(ctx, cfg, o, nil)
	if err != nil {
		return Result{}, err
	}
	page := f.pages(p, r)
	for i := range merged.Clusters {
		merged.Clusters[i].Page = page(merged.Clusters[i].Name)
	}
	info := report.Info{
		Cluster: cfg.Cluster, Name: r.Name, Title: r.Title, Slot: p.Slot, Range: r.Range,
		Zone: r.Zone, Language: r.Language, Version: o.Version,
		Scrape:     cfg.Prometheus.ScrapeInterval,
		ConfigFile: o.ConfigFile, Fleet: &report.Fleet{Clusters: merged.Clusters},
		CSV: csvOf(r), PDF: pdfOf(r),
	}
	info.Command = f.command("run")(r.Name, p.Slot)
	if info.Font, err = fontOf(cfg); err != nil {
		return Result{}, err
	}
	judged := judgedReport{
		reportSnapshot: reportSnapshot{config: r, info: info, panels: merged.Panels},
		began:          began, until: began.Add(o.Timeout), now: rules.Evaluation{},
	}
	results := []Result{to.deliver(ctx, judged)}
	to.finish(ctx, []judgedReport{judged}, results)
	results[0].Notes = append(results[0].Notes, unread(merged.Clusters)...)
	return results[0], nil
}

// unread returns a note with the store's first error, if there are parts that it did not give. The
// report does not show errors of a store.
func unread(clusters []report.Cluster) []string {
	first, others := "", 0
	for _, c := range clusters {
		switch lack := c.Lack; {
		case lack.Code != report.LackUnread || len(lack.Args) == 0:
		case first == "":
			first = outside.Clip(fmt.Sprintf("reading the part of %s: %s", c.Name,
				outside.Line(lack.Args[0])), maxNote)
		default:
			others++
		}
	}
	switch {
	case first == "":
		return nil
	case others > 0:
		first += fmt.Sprintf(" (also the parts of %d others)", others)
	}
	return []string{first}
}

const maxNote = 600 // characters of a store's error

// pollParts is how long Reduce waits between two looks for a part.
const pollParts = 2 * time.Second

// pause waits until it is time to look for a part again.
func pause(ctx context.Context) error {
	timer := time.NewTimer(pollParts)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// pages returns a function that returns the address of a cluster's report relative to that of the
// fleet, "" if both are not in one archive that a browser can follow links in.
func (f *Fleet) pages(p fleet.Plan, r config.Report) func(cluster string) string {
	const page = "index.html"
	short := func(cluster string) string {
		return path.Join("../../..", report.Slug(cluster), report.Slug(p.Report),
			report.SlotName(p.Slot), page)
	}
	if rootOf(f.o.To) != "" {
		return short
	}
	of, _ := f.report(p.Report)
	for _, name := range r.Receivers {
		i := slices.IndexFunc(f.cfg.Receivers, func(c config.Receiver) bool {
			return c.Name == name
		})
		if i < 0 || !slices.Contains(of.Receivers, name) {
			continue
		}
		switch to := f.cfg.Receivers[i].To.(type) {
		case config.Dir:
			return short
		case config.Archive:
			if to.PublicURL == "" {
				continue
			}
			return func(cluster string) string {
				return path.Join("../../../../../..", report.Slug(cluster), report.Slug(p.Report),
					p.Slot.UTC().Format("2006/01/02"), report.SlotName(p.Slot), page)
			}
		}
	}
	return func(string) string { return "" }
}
