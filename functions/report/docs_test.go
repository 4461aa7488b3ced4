package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedAnswer checks that the function's answer has every field of the example in
// docs/lambda.md, with a value of the same type.
func TestDocumentedAnswer(t *testing.T) {
	page, err := os.ReadFile("../../docs/lambda.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(string(page))
	if example == nil {
		t.Fatal("docs/lambda.md: got no JSON block, want an example of an answer")
	}
	d := json.NewDecoder(strings.NewReader(example[1]))
	d.DisallowUnknownFields()
	var got result
	if err := d.Decode(&got); err != nil {
		t.Fatalf("decoding the example: got error %v, want an answer of the function", err)
	}
	if got.Verdict != verdictOK || len(got.Reports) != 1 || len(got.Reports[0].Delivered) == 0 {
		t.Errorf("got %+v, want the verdict %s and a report that was delivered", got, verdictOK)
	}
}
