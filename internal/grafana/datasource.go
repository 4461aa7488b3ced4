package grafana

import "strings"

// Datasource is where a panel, a target or a variable gets its data. Both fields are empty for the
// default one.
type Datasource struct {
	Type string // the plugin, such as prometheus; empty if the file has none
	Name string // as in the file: a name, a UID, or a variable such as ${DS_PROMETHEUS}
}

// Grafana's own datasources.
const (
	mixed       = "-- Mixed --"     // each target says its own
	ofDashboard = "-- Dashboard --" // what another panel shows
	ofGrafana   = "-- Grafana --"   // random values and annotations
	expressions = "__expr__"        // arithmetic with the other targets
)

// given reports whether the file names a datasource.
func (d Datasource) given() bool { return d != Datasource{} }

// datasource reads a datasource: an object, a name or null.
func (o object) datasource(key string) Datasource {
	if m, ok := o.m[key].(map[string]any); ok {
		sub := object{m: m, path: o.at(key), note: o.note}
		d := Datasource{Type: sub.text("type"), Name: sub.text("uid")}
		if d.Name == "" {
			d.Name = sub.text("name")
		}
		return d.normal()
	}
	return Datasource{Name: o.text(key)}.normal()
}

// normal gives Grafana's own datasources their names.
func (d Datasource) normal() Datasource {
	switch {
	case d.Name == mixed, d.Type == "mixed":
		return Datasource{Name: mixed}
	case d.Name == ofDashboard, d.Type == "dashboard":
		return Datasource{Name: ofDashboard}
	case d.Name == expressions, d.Type == expressions, d.Name == "-100":
		return Datasource{Name: expressions}
	case d.Name == ofGrafana, d.Name == "grafana", d.Name == "-- Grafana --", d.Type == "grafana":
		return Datasource{Name: ofGrafana}
	case d.Name == "default" && d.Type == "":
		return Datasource{}
	}
	return d
}

// reference returns the variable that names the datasource: DS for ${DS}. It returns "" if the name
// is not a variable.
func (d Datasource) reference() string {
	m := reference.FindStringSubmatch(d.Name)
	if m == nil || m[0] != d.Name {
		return ""
	}
	return m[1] + m[2] + m[4]
}

// sources has the types of a file's datasources, by the variables and inputs that name them.
type sources map[string]string // a variable or an input → the type of plugin

// typeOf returns the type of a datasource, or "" if it is unknown.
func (s sources) typeOf(d Datasource) string {
	if d.Type != "" {
		return d.Type
	}
	if ref := d.reference(); ref != "" {
		return s[ref]
	}
	return ""
}

// foreign are words in the names of datasources that are not Prometheus.
var foreign = []string{
	"loki", "tempo", "elastic", "opensearch", "influx", "graphite", "cloudwatch", "mysql",
	"postgres",
	"jaeger", "zipkin", "pyroscope", "clickhouse", "stackdriver", "zabbix", "mssql", "testdata",
	"alertmanager",
}

// other returns the name of a datasource that is not Prometheus, and "" for one that is. A
// datasource of unknown type counts as Prometheus unless its name is that of another product.
func (s sources) other(d Datasource) string {
	switch d.Name {
	case ofGrafana, ofDashboard, mixed:
		return short(d.Name, 60)
	case expressions:
		return "Grafana's expressions"
	}
	if t := s.typeOf(d); t != "" {
		if prometheusLike(t) {
			return ""
		}
		return short(t, 60)
	}
	name := strings.ToLower(d.Name)
	for _, word := range foreign {
		if strings.Contains(name, word) {
			return short(d.Name, 60)
		}
	}
	return ""
}

// prometheusLike reports whether a type of datasource speaks PromQL.
func prometheusLike(t string) bool {
	t = strings.ToLower(t)
	return strings.Contains(t, "prometheus") && !strings.Contains(t, "alertmanager") ||
		strings.Contains(t, "victoriametrics") && !strings.Contains(t, "logs") ||
		t == "mimir" || t == "thanos" || t == "cortex"
}
