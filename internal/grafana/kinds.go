package grafana

import "github.com/promsnap/promsnap/internal/outside"

// drawn says how panels of a type are drawn.
type drawn struct {
	as      string // the kind that they are drawn as
	differs string // what differs because of the type; empty: nothing
	never   string // why they are left out; empty: they are drawn
}

// drawnAs says how to draw each type of panel that Grafana ships or that is often installed.
var drawnAs = map[string]drawn{
	"timeseries":     {as: "timeseries"},
	"graph":          {as: "timeseries"},
	"stat":           {as: "stat"},
	"singlestat":     {as: "stat"},
	"gauge":          {as: "gauge"},
	"bargauge":       {as: "bargauge"},
	"table":          {as: "table"},
	"table-old":      {as: "table"},
	"piechart":       {as: "piechart"},
	"barchart":       {as: "barchart"},
	"heatmap":        {as: "heatmap"},
	"histogram":      {as: "histogram"},
	"state-timeline": {as: "state-timeline"},
	"status-history": {as: "status-history"},
	"text":           {as: "text"},

	"grafana-piechart-panel":   {as: "piechart"},
	"grafana-singlestat-panel": {as: "stat"},
	"natel-discrete-panel": {
		as: "state-timeline", differs: "a discrete panel is drawn as a state timeline",
	},
	"flant-statusmap-panel": {
		as: "status-history", differs: "a status map is drawn as a status history",
	},
	"grafana-polystat-panel":        {as: "stat", differs: "a polystat is drawn as tiles"},
	"vonage-status-panel":           {as: "stat", differs: "a status panel is drawn as tiles"},
	"michaeldmoore-multistat-panel": {as: "bargauge", differs: "a multistat is drawn as bars"},
	"marcusolsson-hexmap-panel":     {as: "stat", differs: "a hex map is drawn as tiles"},
	"mtanda-histogram-panel":        {as: "histogram"},
	"mtanda-heatmap-epoch-panel":    {as: "heatmap"},
	"savantly-heatmap-panel":        {as: "heatmap"},
	"btplc-status-dot-panel":        {as: "stat", differs: "status dots are drawn as tiles"},
	"btplc-trend-box-panel":         {as: "stat", differs: "a trend box is drawn as a tile"},
	"neocat-cal-heatmap-panel": {
		as: "heatmap", differs: "a calendar is drawn as a heatmap",
	},
	"farski-blendstat-panel": {as: "stat"},
	"blackmirror1-singlestat-math-panel": {
		as: "stat", differs: "the panel's own arithmetic is left out",
	},
	"trend": {
		as: "timeseries", differs: "a trend is drawn as lines over time",
	},
	"xychart": {
		as: "timeseries", differs: "an XY chart is drawn as lines over time",
	},
	"candlestick": {
		as: "timeseries", differs: "candlesticks are drawn as lines",
	},
	"geomap":                          {as: "table", differs: "a map is drawn as a table"},
	"canvas":                          {as: "stat", differs: "a canvas is drawn as tiles"},
	"nodeGraph":                       {as: "table", differs: "a node graph is drawn as a table"},
	"grafana-worldmap-panel":          {as: "bargauge", differs: "a map is drawn as bars"},
	"jdbranham-diagram-panel":         {as: "stat", differs: "a diagram is drawn as tiles"},
	"agenty-flowcharting-panel":       {as: "stat", differs: "a flow chart is drawn as tiles"},
	"marcusolsson-dynamictext-panel":  {as: "table", differs: "a text template is drawn as a table"},
	"volkovlabs-table-panel":          {as: "table"},
	"briangann-datatable-panel":       {as: "table"},
	"yesoreyeram-boomtable-panel":     {as: "bargauge", differs: "its patterns are left out"},
	"esnet-matrix-panel":              {as: "table", differs: "a matrix is drawn as a table"},
	"novatec-sdg-panel":               {as: "table", differs: "a node graph is drawn as a table"},
	"briangann-gauge-panel":           {as: "gauge"},
	"corpglory-progresslist-panel":    {as: "bargauge", differs: "its list is drawn as bars"},
	"digrich-bubblechart-panel":       {as: "piechart", differs: "bubbles are drawn as shares"},
	"isaozler-paretochart-panel":      {as: "barchart", differs: "its line of sums is left out"},
	"larona-epict-panel":              {as: "stat", differs: "its picture is left out"},
	"bessler-pictureit-panel":         {as: "stat", differs: "its picture is left out"},
	"snuids-trafficlights-panel":      {as: "stat", differs: "traffic lights are drawn as tiles"},
	"snuids-radar-panel":              {as: "bargauge", differs: "a radar is drawn as bars"},
	"andrewbmchugh-flow-panel":        {as: "stat", differs: "a flow chart is drawn as tiles"},
	"knightss27-weathermap-panel":     {as: "stat", differs: "a network map is drawn as tiles"},
	"petrslavotinek-carpetplot-panel": {as: "heatmap", differs: "a carpet is drawn as a heatmap"},
	"natel-plotly-panel": {
		as: "timeseries", differs: "the panel's own program is left out: lines are drawn",
	},
	"volkovlabs-echarts-panel": {
		as: "timeseries", differs: "the panel's own program is left out: lines are drawn",
	},
	"nline-plotlyjs-panel": {
		as: "timeseries", differs: "the panel's own program is left out: lines are drawn",
	},

	"logs":                      {never: "logs are not drawn"},
	"traces":                    {never: "traces are not drawn"},
	"flamegraph":                {never: "flame graphs are not drawn"},
	"alertlist":                 {never: "a list of Grafana's alerts is not drawn"},
	"dashlist":                  {never: "a list of dashboards is not drawn"},
	"annolist":                  {never: "a list of annotations is not drawn"},
	"news":                      {never: "news are not drawn"},
	"welcome":                   {never: "Grafana's welcome is not drawn"},
	"gettingstarted":            {never: "Grafana's first steps are not drawn"},
	"pluginlist":                {never: "a list of plugins is not drawn"},
	"debug":                     {never: "a debug panel is not drawn"},
	"row":                       {never: "a row within a row is not drawn"},
	"ae3e-html-panel":           {never: "HTML from a dashboard is not shown"},
	"gapit-htmlgraphics-panel":  {never: "HTML from a dashboard is not shown"},
	"grafana-clock-panel":       {never: "a clock is not drawn"},
	"cloudspout-button-panel":   {never: "a button is not drawn"},
	"volkovlabs-form-panel":     {never: "a form is not drawn"},
	"volkovlabs-image-panel":    {never: "pictures from elsewhere are left out"},
	"volkovlabs-variable-panel": {never: "the choice of a variable is not drawn"},
	"ryantxu-ajax-panel":        {never: "HTML from a dashboard is not shown"},
	"ryantxu-annolist-panel":    {never: "a list of annotations is not drawn"},
	"innius-video-panel":        {never: "videos are not shown"},
}

// kindOf returns how a type of panel is drawn. An unknown type is drawn as lines.
func kindOf(original string) drawn {
	if d, ok := drawnAs[original]; ok {
		return d
	}
	if original == "" {
		return drawn{as: "timeseries", differs: "the panel has no type: lines are drawn"}
	}
	return drawn{
		as: "timeseries", differs: "panels of type " + short(original, 60) +
			" are not known: lines are drawn",
	}
}

// short writes a text from outside as one line of at most some characters.
func short(s string, most int) string { return outside.Said(s, most) }

// cut limits the length of a text from outside that may have several lines.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
