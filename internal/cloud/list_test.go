package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
)

// keys returns the keys of a listing, and its error.
func keys(b *cloud.Bucket, prefix, delimiter string) (keys []string, err error) {
	for o, err := range b.List(context.Background(), prefix, delimiter) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

func TestList(t *testing.T) {
	s := cloudtest.New(t)
	hostile := "a/ \x01\x1b[31m\n<&>+%2e%2e/../é"
	for _, key := range []string{"a/1/x", "a/1/y", "a/2/x", "a/z", "b", hostile} {
		s.Write(key, []byte("12"))
	}
	b := s.Bucket(t)
	for _, tc := range []struct {
		prefix, delimiter string
		want              []string
	}{
		{"", "/", []string{"a/", "b"}},
		{"a/1", "", []string{"a/1/x", "a/1/y"}},
		{"a/", "/", []string{hostile[:len("a/ \x01\x1b[31m\n<&>+%2e%2e/")], "a/1/", "a/2/", "a/z"}},
		{"a/ ", "", []string{hostile}},
		{"none/", "", nil},
	} {
		got, err := keys(b, tc.prefix, tc.delimiter)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%q by %q: got %q and error %v, want %q", tc.prefix, tc.delimiter, got, err,
				tc.want)
		}
	}
	for o, err := range b.List(context.Background(), "b", "") {
		if err != nil || o.Size != 2 || o.Group {
			t.Errorf("got %+v and error %v, want an object of 2 bytes", o, err)
		}
	}
}

func TestListHasPages(t *testing.T) {
	s := cloudtest.New(t)
	const many = 2*cloudtest.PageSize + 5
	for i := range many {
		s.Write(fmt.Sprintf("p/%05d/x", i), nil)
	}
	for _, delimiter := range []string{"", "/"} {
		s.Break(nil)
		got, err := keys(s.Bucket(t), "p/", delimiter)
		if err != nil || len(got) != many || !slices.IsSorted(got) {
			t.Errorf("by %q: got %d keys and error %v, want %d in order", delimiter, len(got), err,
				many)
		}
		if n := len(s.Calls()); n != 3 {
			t.Errorf("by %q: got %d requests, want 3", delimiter, n)
		}
	}
	s.Break(nil)
	for o, err := range s.Bucket(t).List(context.Background(), "p/", "") {
		if err != nil || o.Key != "p/00000/x" {
			t.Errorf("got %+v and error %v, want the first object", o, err)
		}
		break
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("a listing that is left early: got %d requests, want 1", n)
	}
}

func TestListAndDeleteRefused(t *testing.T) {
	s := cloudtest.New(t)
	s.Break(func(*http.Request, int) *cloudtest.Fault {
		return &cloudtest.Fault{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
	})
	b := s.Bucket(t)
	if _, err := keys(b, "p/", "/"); err == nil || !strings.Contains(err.Error(),
		"allow this identity s3:ListBucket on arn:aws:s3:::reports;") {
		t.Errorf("a listing: got error %v, want one that names s3:ListBucket", err)
	}
	if err := b.Delete(context.Background(), "p/x"); err == nil || !strings.Contains(err.Error(),
		"allow this identity s3:DeleteObject on arn:aws:s3:::reports/p/x;") {
		t.Errorf("a deletion: got error %v, want one that names s3:DeleteObject", err)
	}
}

func TestDelete(t *testing.T) {
	s := cloudtest.New(t)
	b, ctx := s.Bucket(t), context.Background()
	s.Write("k", []byte("1"))
	if err := b.DeleteIf(ctx, "k", `"other"`); !errors.Is(err, cloud.ErrConflict) {
		t.Errorf("another ETag: got error %v, want %v", err, cloud.ErrConflict)
	}
	have, err := b.Stat(ctx, "k")
	if err != nil || have.ETag == "" {
		t.Fatalf("got %+v and error %v, want the object", have, err)
	}
	if err := b.DeleteIf(ctx, "k", have.ETag); err != nil {
		t.Errorf("the same ETag: got error %v, want none", err)
	}
	if err := b.Delete(ctx, "k"); err != nil {
		t.Errorf("a missing object: got error %v, want none", err)
	}
	if got := s.Keys(); len(got) != 0 {
		t.Errorf("got the keys %q, want none", got)
	}
}
