package panel

import (
	"regexp"
	"strings"
)

// The node conditions that promsnap judges, as PromQL regular expressions. The meaning of any other
// condition is unknown, so it counts as information and not as a fault.
const (
	// BadConditions are faults if they are True.
	BadConditions = `.*(Pressure|Problem|Unhealthy|Unavailable|Deadlock)|Frequent.+|Corrupt.+|` +
		`ReadonlyFilesystem|XfsShutdown|CperHardwareErrorFatal`
	// GoodConditions are faults if they are not True: Ready, conditions that vendors name after it,
	// such as KernelReady, and EtcdIsVoter of k3s and RKE2, which a healthy etcd member has.
	GoodConditions = `.*Ready|EtcdIsVoter`
)

var (
	badConditions  = regexp.MustCompile(`^(?:` + BadConditions + `)$`)
	goodConditions = regexp.MustCompile(`^(?:` + GoodConditions + `)$`)
)

// WrongCondition returns the fault that a node condition shows: "MemoryPressure" if it is True,
// "NotReady" if Ready is not True. It returns "" if the condition is fine or its meaning is not
// known.
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
