package words

import "fmt"

// Noun is what a series is about, as a thing that can be counted. The zero value is a series of
// which nothing is known.
type Noun string

// The nouns.
const (
	ASeries    Noun = ""
	ANode      Noun = "node"
	AContainer Noun = "container"
	APod       Noun = "pod"
	AWorkload  Noun = "workload"
	AVolume    Noun = "volume"
	ATarget    Noun = "target"
	AJob       Noun = "job"
	AnAlert    Noun = "alert" // of other rules
)

// Things returns the phrase for a number of things: "2 containers".
func (w *Words) Things(n Noun) Counted {
	switch n {
	case ANode:
		return w.SomeNodes
	case AContainer:
		return w.SomeContainers
	case APod:
		return w.SomePods
	case AWorkload:
		return w.SomeWorkloads
	case AVolume:
		return w.SomeVolumes
	case ATarget:
		return w.SomeTargets
	case AJob:
		return w.SomeJobs
	case AnAlert:
		return w.SomeAlerts
	}
	return w.SomeSeries
}

// Share returns how many of all things are meant: "3 of 42 nodes". If all is not known, it returns
// only how many.
func (w *Words) Share(n Noun, some, all int) string {
	if all < some {
		return w.Things(n).Of(some)
	}
	return fmt.Sprintf(w.Some, Thousands(some), w.Things(n).Of(all))
}

// OnOrIn returns the format for what is wrong on or in some things: "memory above 90 % on 2 nodes",
// "in 2 containers".
func (w *Words) OnOrIn(n Noun) string {
	switch n {
	case ANode, AVolume, ATarget:
		return w.OnThings
	}
	return w.InThings
}
