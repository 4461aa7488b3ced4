package rulefile

// Limits of a rule file.
const (
	MaxFile  = 16 << 20 // bytes
	MaxRules = 20_000
)

// Parse reads Prometheus rule files (a mapping with groups), PrometheusRule objects and lists of
// them; a file may have several YAML documents. It is as strict as promtool: an unknown key, a bad
// expression, duration, label name or template, and a group that is there twice are mistakes.
// Objects of other kinds are skipped, unless the file has no other. file is for messages. The error
// is of type Errors and has all mistakes; then there are no groups.
func Parse(file string, _ []byte) ([]Group, error) {
	return nil, Errors{{File: file, Line: 1, Column: 1, Message: "not supported yet"}}
}
