package frametest

import "encoding/json"

// Chosen returns the cases of testdata/chosen.json: what chance seldom comes to.
func Chosen(file []byte) ([]Case, error) {
	var cases []Case
	err := json.Unmarshal(file, &cases)
	return cases, err
}
