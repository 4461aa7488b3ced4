package state_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

func TestS3(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Tested {
		s := cloudtest.New(t)
		return statetest.Tested{
			Store: state.NewS3(s.Bucket(t), "/state/"),
			Corrupt: func(_ *testing.T, k state.Key, data []byte) {
				s.Write("state/"+report.Slug(k.Cluster)+"/"+report.Slug(k.Report)+".json", data)
			},
			Broken: state.NewS3(nowhere(t), "state"),
		}
	})
}

// nowhere returns a bucket on a server that does not exist.
func nowhere(t *testing.T) *cloud.Bucket {
	t.Helper()
	account, err := cloud.Open(context.Background(), cloud.Identity{
		AccessKey: "A", SecretKey: secret.Inline(statetest.Secret),
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := account.Bucket(cloud.BucketOptions{
		Name: "reports", Endpoint: "http://127.0.0.1:1", PathStyle: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var s3Key = state.Key{Cluster: "prod", Report: "check"}

func TestS3TooLargeIsCorrupt(t *testing.T) {
	s := cloudtest.New(t)
	s.Write("prod/check.json", make([]byte, 2*state.MaxSize+1))
	var corrupt *state.CorruptError
	store := state.NewS3(s.Bucket(t), "")
	_, v, err := store.Load(context.Background(), s3Key)
	if !errors.As(err, &corrupt) {
		t.Errorf("got %v, want a CorruptError", err)
	}
	if _, err := store.Save(context.Background(), s3Key, state.Doc{}, v); err != nil {
		// as promsnap state reset does
		t.Errorf("replacing it: got %v, want no error", err)
	}
}

// TestS3Conflicts: both of S3's answers to a failed condition are a conflict.
func TestS3Conflicts(t *testing.T) {
	for _, f := range []cloudtest.Fault{
		{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
		{Status: http.StatusConflict, Code: "ConditionalRequestConflict"},
	} {
		s := cloudtest.New(t)
		store := state.NewS3(s.Bucket(t), "")
		s.Break(func(*http.Request, int) *cloudtest.Fault { return &f })
		if _, err := store.Save(context.Background(), s3Key, state.Doc{}, ""); !errors.Is(err,
			state.ErrConflict) {
			t.Errorf("%s: got %v, want ErrConflict", f.Code, err)
		}
	}
}

// TestS3LostAnswers: each write happens once, although S3's answer is lost and the SDK retries.
func TestS3LostAnswers(t *testing.T) {
	s := cloudtest.New(t)
	bucket := s.Bucket(t, func(o *cloud.BucketOptions) { o.Attempts = 2 })
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	session := state.Open(context.Background(), state.NewS3(bucket, ""), s3Key, "run-1",
		rules.Evaluation{}, slot)
	if err := session.Lost(); err != nil {
		t.Fatal(err)
	}
	lost := 0
	last := ""
	s.Break(func(r *http.Request, _ int) *cloudtest.Fault {
		match := r.Header.Get("If-Match") + r.Header.Get("If-None-Match")
		if r.Method != http.MethodPut || match == last {
			return nil
		}
		lost++
		last = match
		return &cloudtest.Fault{Lost: true}
	})
	for n := range 3 {
		called := 0
		err := session.Change(context.Background(), func(p *notify.Page) error {
			called++
			p.Ledger.Claim = &notify.Claim{Slot: slot.Add(time.Duration(n) * time.Minute)}
			return nil
		})
		if err != nil || called != 1 {
			t.Fatalf("change %d: got %d calls, %v; want one", n, called, err)
		}
	}
	d, _, err := state.NewS3(bucket, "").Load(context.Background(), s3Key)
	if err != nil {
		t.Fatal(err)
	}
	if lost != 3 || d.Serial != 3 || d.Ledger.Claim == nil ||
		!d.Ledger.Claim.Slot.Equal(slot.Add(2*time.Minute)) {
		t.Errorf("got %d lost answers, serial %d, claim %v; want 3, 3 and a claim of %s", lost,
			d.Serial, d.Ledger.Claim, slot.Add(2*time.Minute))
	}
}
