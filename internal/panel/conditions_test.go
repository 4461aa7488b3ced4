package panel_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
)

func TestWrongCondition(t *testing.T) {
	for _, tt := range []struct{ condition, whenTrue, whenFalse, whenUnknown string }{
		{"Ready", "", "NotReady", "NotReady"},
		{"KernelReady", "", "NotKernelReady", "NotKernelReady"},
		{"EtcdIsVoter", "", "NotEtcdIsVoter", "NotEtcdIsVoter"},
		{"MemoryPressure", "MemoryPressure", "", ""},
		{"NetworkUnavailable", "NetworkUnavailable", "", ""},
		{"KernelDeadlock", "KernelDeadlock", "", ""},
		{"ReadonlyFilesystem", "ReadonlyFilesystem", "", ""},
		{"FrequentContainerdRestart", "FrequentContainerdRestart", "", ""},
		{"CorruptDockerOverlay2", "CorruptDockerOverlay2", "", ""},
		{"ContainerRuntimeUnhealthy", "ContainerRuntimeUnhealthy", "", ""},
		{"NTPProblem", "NTPProblem", "", ""},
		{"XfsShutdown", "XfsShutdown", "", ""},
		// AKS announces maintenance with this; others have an unknown meaning.
		{"VMEventScheduled", "", "", ""},
		{"RaidRebuilt", "", "", ""},
		{"Readying", "", "", ""},
		{"", "", "", ""},
	} {
		for status, want := range map[string]string{
			"True": tt.whenTrue, "true": tt.whenTrue, "False": tt.whenFalse, "false": tt.whenFalse,
			"Unknown": tt.whenUnknown, "unknown": tt.whenUnknown,
		} {
			if got := panel.WrongCondition(tt.condition, status); got != want {
				t.Errorf("%s=%s: got %q, want %q", tt.condition, status, got, want)
			}
		}
	}
}
