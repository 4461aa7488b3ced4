package lab

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metadataEntry is one answer of /api/v1/metadata.
type metadataEntry struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// metadata answers /api/v1/metadata. The metrics that Prometheus writes itself have none.
func (a *api) metadata(r *http.Request) (answer, error) {
	limit := math.MaxInt
	if s := r.FormValue("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return answer{}, badData(errors.New("limit must be a number"))
		}
		if n >= 0 {
			limit = n
		}
	}
	all := map[string][]metadataEntry{}
	for _, f := range a.lab.metrics() {
		if only := r.FormValue("metric"); f.synthetic || len(all) >= limit ||
			only != "" && only != f.name {
			continue
		}
		all[f.name] = []metadataEntry{{Type: f.kind, Help: f.help}}
	}
	return answer{data: all}, nil
}

// targetEntry is one target of /api/v1/targets.
type targetEntry struct {
	DiscoveredLabels   map[string]string `json:"discoveredLabels"`
	Labels             map[string]string `json:"labels"`
	ScrapePool         string            `json:"scrapePool"`
	ScrapeURL          string            `json:"scrapeUrl"`
	GlobalURL          string            `json:"globalUrl"`
	LastError          string            `json:"lastError"`
	LastScrape         time.Time         `json:"lastScrape"`
	LastScrapeDuration float64           `json:"lastScrapeDuration"`
	Health             string            `json:"health"`
	ScrapeInterval     string            `json:"scrapeInterval"`
	ScrapeTimeout      string            `json:"scrapeTimeout"`
}

// targets answers /api/v1/targets as of the end of the samples.
func (a *api) targets(r *http.Request) (answer, error) {
	interval := a.lab.options.ScrapeInterval
	active := []targetEntry{}
	for _, x := range a.lab.scrapes(a.lab.now().UnixMilli()) {
		pool, instance := x.labels["job"], x.labels["instance"]
		state := strings.ToLower(r.FormValue("state"))
		if state == "dropped" ||
			r.FormValue("scrapePool") != "" && r.FormValue("scrapePool") != pool {
			continue
		}
		e := targetEntry{
			DiscoveredLabels: map[string]string{"__address__": instance, "job": pool},
			Labels:           x.labels, ScrapePool: pool, ScrapeURL: x.url, GlobalURL: x.url,
			LastScrape: time.UnixMilli(x.last).UTC(), LastScrapeDuration: .021, Health: "up",
			ScrapeInterval: interval.String(),
			ScrapeTimeout:  min(interval, 10*time.Second).String(),
		}
		if !x.up {
			e.Health, e.LastError = "down", fmt.Sprintf("Get %q: dial tcp %s: connect: "+
				"connection refused", x.url, instance)
		}
		active = append(active, e)
	}
	return answer{
		data: map[string]any{
			"activeTargets": active, "droppedTargets": []targetEntry{},
			"droppedTargetCounts": map[string]int{},
		},
	}, nil
}

// buildInfo answers /api/v1/status/buildinfo.
func (a *api) buildInfo(*http.Request) (answer, error) {
	return answer{
		data: map[string]string{
			"version": buildVersion, "revision": "promlab", "branch": "HEAD",
			"buildUser": "promlab", "buildDate": "", "goVersion": "go1.26",
		},
	}, nil
}

// config answers /api/v1/status/config with the one setting that clients read.
func (a *api) config(*http.Request) (answer, error) {
	return answer{
		data: map[string]string{
			"yaml": fmt.Sprintf("global:\n  scrape_interval: %s\n", a.lab.options.ScrapeInterval),
		},
	}, nil
}

// flags answers /api/v1/status/flags with the limits of queries.
func (a *api) flags(*http.Request) (answer, error) {
	return answer{data: map[string]string{
		"query.max-samples":    strconv.Itoa(a.lab.options.MaxSamples),
		"query.timeout":        a.lab.options.Timeout.String(),
		"query.lookback-delta": "5m",
	}}, nil
}
