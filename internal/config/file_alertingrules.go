package config

// The types of this file are about Prometheus' alerting rules in a report. See file.go.

// alertingRulesKeys are alerting rules of Prometheus, which the report judges as Prometheus does.
// docs/rules.md describes it.
type alertingRulesKeys struct {
	// Rule files of Prometheus, or YAML with PrometheusRule objects. * and ? match parts of a name:
	// rules/*.yml. A relative path starts at this file's directory.
	Files []string `yaml:"files"`
	// The PrometheusRule objects of the cluster, as the Prometheus Operator reads them: {} for all.
	// It needs the section kubernetes, and the right to list prometheusrules.
	Kubernetes *ruleObjectKeys `yaml:"kubernetes"`
	// The rules to run, by their labels and alertname: severity=~"critical|warning". All must
	// match. The default is every rule.
	Match []matchers `yaml:"match"`
	// How often the groups are evaluated that do not say it themselves. The default is
	// evaluation_interval of the server's configuration, or 1m if the server does not show it.
	EvaluationInterval duration `yaml:"evaluation_interval" limits:"1s..1h"`
}

// ruleObjectKeys choose PrometheusRule objects.
type ruleObjectKeys struct {
	// Only those of this namespace. The default is every namespace.
	Namespace namespace `yaml:"namespace"`
	// Only those whose labels match this selector of Kubernetes: release=kube-prometheus-stack.
	Selector string `yaml:"selector"`
}
