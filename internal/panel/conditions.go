package panel

import (
	"regexp"
	"strings"
)

// The conditions of nodes that promsnap judges, as regular expressions of PromQL. What a condition
// of any other name means is not known: it is information, and no fault.
const (
	// The node conditions that promsnap judges, as PromQL regular expressions. Other conditions
	// have an unknown meaning and are information, not faults.
	BadConditions = `.*(Pressure|Problem|Unhealthy|Unavailable|Deadlock)|Frequent.+|Corrupt.+|` +
		`ReadonlyFilesystem|XfsShutdown|CperHardwareErrorFatal`
	// GoodConditions are wrong where they are not True: Ready, what vendors name after it, such as
	// KernelReady, and EtcdIsVoter of k3s and RKE2, which a healthy member of their etcd has.
	GoodConditions = `.*Ready|EtcdIsVoter`
)

var (
	badConditions  = regexp.MustCompile(`^(?:` + BadConditions + `)$`)
	goodConditions = regexp.MustCompile(`^(?:` + GoodConditions + `)$`)
)

// WrongCondition returns what is wrong with a node by one of its conditions: "MemoryPressure" where
// that is True, "NotReady" where Ready is not. It is "" where the condition is well, and where
// nobody knows what it means.
func WrongCondition(condition, status string) string {
	holds := strings.EqualFold(status, "true")
	switch {
	case goodConditions.MatchString(condition) && !holds:
		return "Not" + condition
	case badConditions.MatchString(condition) && holds:
		return condition
	}
	return ""
}
