package config_test

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

func ExampleLoad() {
	text := `
version: 1
prometheus: {url: http://prometheus-server.monitoring.svc}
reports:
  - name: daily
    timezone: Asia/Seoul
    range: 1d
    panels:
      - use: node-memory
      - name: pods
        query: sum(kube_pod_status_phase{phase="Running"})
        rules: [{alertname: FewPods, below: {critical: 100}, for: 15m}]
`
	c, err := config.Load("promsnap.yaml", []byte(text), config.Options{Builtin: panels.In})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range c.Reports[0].Panels {
		fmt.Println(p.Name, "by", p.Rules[0].Name)
	}
	// Output:
	// node-memory by NodeMemoryHigh
	// pods by FewPods
}

func ExampleLoad_mistakes() {
	text := `version: 1
prometheus: {url: http://prometheus-server.monitoring.svc, timeout: 1 min}
reports:
  - name: daily
    panels: [{use: node-mem}]
`
	_, err := config.Load("promsnap.yaml", []byte(text), config.Options{Builtin: panels.In})
	fmt.Println(err)
	// Output:
	// promsnap.yaml:2:69: prometheus.timeout: "1 min" is not a duration; write a number and a unit, such as 90s, 15m, 24h or 7d
	// promsnap.yaml:5:20: reports[0].panels[0].use: no built-in panel "node-mem"; did you mean node-memory?
}
