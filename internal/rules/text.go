package rules

import "fmt"

var (
	statusNames = [...]string{
		Unknown: "unknown", OK: "ok", Pending: "pending", Breach: "breach", NoData: "no_data",
		Gone: "gone", Failed: "failed",
	}
	severityNames = [...]string{None: "", Warning: "warning", Critical: "critical"}
	sideNames     = [...]string{Above: "above", Below: "below"}
)

// String returns the status in a word: unknown, ok, pending, breach, no_data, gone or failed.
func (s Status) String() string { return name(statusNames[:], s) }

// String returns "warning", "critical" or, for None, "".
func (s Severity) String() string { return name(severityNames[:], s) }

// String returns "above" or "below", the key of a rule's limits in the configuration.
func (d Direction) String() string { return name(sideNames[:], d) }

// MarshalText writes the status as String does.
func (s Status) MarshalText() ([]byte, error) { return marshal(statusNames[:], s) }

// MarshalText writes the severity as String does.
func (s Severity) MarshalText() ([]byte, error) { return marshal(severityNames[:], s) }

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error { return unmarshal(statusNames[:], text, s) }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error { return unmarshal(severityNames[:], text, s) }

func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%d", uint8(v))
}

func marshal[T ~uint8](names []string, v T) ([]byte, error) {
	if int(v) >= len(names) {
		return nil, fmt.Errorf("no name for the %T %d", v, uint8(v))
	}
	return []byte(names[v]), nil
}

func unmarshal[T ~uint8](names []string, text []byte, v *T) error {
	for i, n := range names {
		if n == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("%.40q is not one of %q", text, names)
}
