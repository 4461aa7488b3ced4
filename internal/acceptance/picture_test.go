//go:build acceptance

package acceptance

import "testing"

func checkPicture(t *testing.T, body []byte) {}
