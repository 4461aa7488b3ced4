package cloud

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestMachineMayOnlyRunTheFunction holds the role of the state machine to the function and, for a
// distributed map, to the machine itself.
func TestMachineMayOnlyRunTheFunction(t *testing.T) {
	var got []string
	visit(at(template(t, fleetFile), "Resources", "MachineRole", "Properties", "Policies"),
		func(n *yaml.Node) {
			action, resource := at(n, "Action"), at(n, "Resource")
			if action == nil || resource == nil {
				return
			}
			visit(action, func(a *yaml.Node) {
				if a.Kind == yaml.ScalarNode {
					got = append(got, a.Value+" on "+resource.Value)
				}
			})
		})
	const machine = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:"
	want := []string{
		"lambda:InvokeFunction on Function.Arn",
		"states:StartExecution on " + machine + "stateMachine:${AWS::StackName}",
		"states:DescribeExecution on " + machine + "execution:${AWS::StackName}/*",
		"states:StopExecution on " + machine + "execution:${AWS::StackName}/*",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the rights\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMachineIsFilledIn holds that the template sets every placeholder of the state machine's
// definition, that the result is JSON, and that both maps run the same step.
func TestMachineIsFilledIn(t *testing.T) {
	text, err := os.ReadFile("../../deploy/lambda/fleet.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	machine := at(template(t, fleetFile), "Resources", "Machine", "Properties")
	if at(machine, "DefinitionUri").Value != "fleet.asl.json" {
		t.Errorf("DefinitionUri: got %s, want fleet.asl.json", at(machine, "DefinitionUri").Value)
	}
	filled := string(text)
	for _, name := range keysOf(at(machine, "DefinitionSubstitutions")) {
		if !strings.Contains(filled, "${"+name+"}") {
			t.Errorf("DefinitionSubstitutions: got %s, want only what the definition uses", name)
		}
		filled = strings.ReplaceAll(filled, "${"+name+"}", "40")
	}
	type state struct {
		ItemsPath, ItemSelector, MaxConcurrency json.RawMessage
		ItemProcessor                           struct {
			States map[string]struct {
				Type                                            string
				Resource, Retry, ResultSelector, TimeoutSeconds json.RawMessage
			}
		}
	}
	var definition struct{ States map[string]state }
	if err := json.Unmarshal([]byte(filled), &definition); err != nil {
		t.Fatalf("got the error %v, want JSON:\n%s", err, filled)
	}
	few, many := definition.States["Clusters"], definition.States["ManyClusters"]
	if a, b := encoded(t, few.ItemProcessor.States["Cluster"]),
		encoded(t, many.ItemProcessor.States["OneOfMany"]); a != b || len(a) < 100 {
		t.Errorf("a cluster of a few: got\n%s\nand of many\n%s\nwant the same step", a, b)
	}
	few.ItemProcessor.States, many.ItemProcessor.States = nil, nil
	if a, b := encoded(t, few), encoded(t, many); a != b {
		t.Errorf("the map of a few: got\n%s\nand of many\n%s\nwant the same input", a, b)
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
