package cloud

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Listed is an object, or a group of objects, in the listing of a prefix. Its key is from outside:
// it may have any characters.
type Listed struct {
	Key      string
	Size     int64     // in bytes
	Modified time.Time // by S3's clock; zero if S3 does not say
	// Group is set if Key is a common prefix of several objects, with the delimiter at its end.
	Group bool
}

// maxListPages limits the requests of one List. A page has up to 1,000 objects.
const maxListPages = 5000

// ErrTooMany says that a prefix has more objects than List reads.
var ErrTooMany = errors.New("there are more than 5,000,000 objects")

// List yields the objects whose keys begin with prefix, in the order of their keys. With a
// delimiter, the keys that have it after the prefix are yielded as groups. An error is the last
// that it yields.
func (b *Bucket) List(ctx context.Context, prefix, delimiter string) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		in := &s3.ListObjectsV2Input{
			Bucket: &b.o.Name, Prefix: &prefix, EncodingType: types.EncodingTypeUrl,
		}
		if delimiter != "" {
			in.Delimiter = &delimiter
		}
		for range maxListPages {
			out, err := b.client.ListObjectsV2(ctx, in)
			if err != nil {
				yield(Listed{}, b.explain(ctx, err, call{
					name: "ListObjectsV2", doing: "listing", key: prefix,
				}))
				return
			}
			found, err := listed(out)
			if err != nil {
				yield(Listed{}, fmt.Errorf("listing %s: %w", b.URL(prefix), err))
				return
			}
			for _, o := range found {
				if !yield(o, nil) {
					return
				}
			}
			next := aws.ToString(out.NextContinuationToken)
			if !aws.ToBool(out.IsTruncated) || next == "" ||
				next == aws.ToString(in.ContinuationToken) {
				return
			}
			in.ContinuationToken = &next
		}
		yield(Listed{}, &Error{
			Doing: "listing " + b.URL(prefix), Trouble: Lasting, Err: ErrTooMany,
		})
	}
}

// listed returns what a page of a listing has. Not every S3 encodes the keys that it returns.
func listed(out *s3.ListObjectsV2Output) ([]Listed, error) {
	decode := func(key *string) (string, error) {
		if out.EncodingType != types.EncodingTypeUrl {
			return aws.ToString(key), nil
		}
		plain, err := url.QueryUnescape(aws.ToString(key))
		if err != nil {
			return "", fmt.Errorf("a key in the answer is not encoded as announced: %w", err)
		}
		return plain, nil
	}
	all := make([]Listed, 0, len(out.Contents)+len(out.CommonPrefixes))
	for i := range out.CommonPrefixes {
		key, err := decode(out.CommonPrefixes[i].Prefix)
		if err != nil {
			return nil, err
		}
		all = append(all, Listed{Key: key, Group: true})
	}
	for i := range out.Contents {
		o := &out.Contents[i]
		key, err := decode(o.Key)
		if err != nil {
			return nil, err
		}
		all = append(all, Listed{
			Key: key, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified),
		})
	}
	return all, nil
}

// Delete deletes the object. A missing object is no error. In a bucket with versions, the versions
// of the object stay.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.o.Name, Key: &key})
	return b.deleted(ctx, key, err)
}

// DeleteIf deletes the object if it has the ETag was, and returns ErrConflict if it has another. An
// S3 without conditional deletes refuses, which is errors.ErrUnsupported, or ignores the ETag.
func (b *Bucket) DeleteIf(ctx context.Context, key, was string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: &b.o.Name, Key: &key, IfMatch: &was,
	})
	if conflict(err) {
		return fmt.Errorf("deleting %s: %w", b.URL(key), ErrConflict)
	}
	if a := answered(err); a != nil && a.status == http.StatusNotImplemented {
		return fmt.Errorf("deleting %s: %w", b.URL(key), errors.ErrUnsupported)
	}
	return b.deleted(ctx, key, err)
}

func (b *Bucket) deleted(ctx context.Context, key string, err error) error {
	if err == nil || missing(err) {
		return nil
	}
	return b.explain(ctx, err, call{name: "DeleteObject", doing: "deleting", key: key})
}
