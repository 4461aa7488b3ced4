package app

import (
	"bytes"
	"image/png"
	"testing"
	"time"
)

func TestTestPicture(t *testing.T) {
	p := testPicture(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	body, err := p.PNG()
	if err != nil {
		t.Fatal(err)
	}
	in, err := png.DecodeConfig(bytes.NewReader(body))
	if err != nil || in.Width < 600 || in.Height < 300 {
		t.Errorf("got a picture of %d × %d (%v), want one that can be read on a phone", in.Width,
			in.Height, err)
	}
}
