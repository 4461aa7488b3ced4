package cloud

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// BucketOptions are the options of a Bucket.
type BucketOptions struct {
	Name string
	// Endpoint is the URL of an S3 other than AWS, or "". PathStyle puts the bucket's name into the
	// path instead of the host name, as most of them require.
	Endpoint  string
	PathStyle bool
	// Encryption is how S3 encrypts objects. KMSKey is the ARN or the ID of the key of EncryptKMS;
	// "" is AWS' own key.
	Encryption Encryption
	KMSKey     string
	// Checksum says whether writes have a checksum in a header.
	Checksum Checksum
	// Attempts is how often a call is tried if a retry may help. 0 means once, for callers that
	// retry themselves.
	Attempts int
}

// Encryption is how S3 encrypts an object at rest.
type Encryption string

// The kinds of encryption. The zero value is the bucket's default.
const (
	EncryptDefault Encryption = ""
	EncryptS3      Encryption = "AES256"
	EncryptKMS     Encryption = "aws:kms"
)

// Checksum says whether writes have a checksum, x-amz-checksum-sha256, that S3 verifies. The body
// is signed in any case.
type Checksum string

// The kinds of checksums. The zero value is SHA-256, unless AWS_REQUEST_CHECKSUM_CALCULATION says
// when_required.
const (
	ChecksumDefault Checksum = ""
	ChecksumSHA256  Checksum = "sha256"
	ChecksumNone    Checksum = "none"
)

// Bucket is an S3 bucket. It is safe for concurrent use.
type Bucket struct {
	o      BucketOptions
	sums   bool // writes have a checksum
	region string
	client *s3.Client
	sign   *s3.PresignClient
	creds  aws.CredentialsProvider
	of     *Account
}

// endpointRegion is the default region of an S3 other than AWS.
const endpointRegion = "us-east-1"

// Bucket returns a bucket. It does not check whether the bucket exists.
func (a *Account) Bucket(o BucketOptions) (*Bucket, error) {
	region := a.cfg.Region
	if region == "" && o.Endpoint == "" {
		return nil, errNoRegion
	}
	region = cmp.Or(region, endpointRegion)
	client := s3.NewFromConfig(a.cfg, func(s *s3.Options) {
		s.Region, s.UsePathStyle = region, o.PathStyle
		if o.Endpoint != "" {
			s.BaseEndpoint = &o.Endpoint
		}
		s.Retryer = aws.NopRetryer{}
		if o.Attempts > 1 {
			s.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
				r.MaxAttempts, r.MaxBackoff = o.Attempts, 2*time.Second
			})
		}
		// The SDK's own checksums are in trailers, which other servers do not support. write sends
		// one in a header.
		s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		s.APIOptions = append(s.APIOptions, unsignedEncoding)
		if o.Endpoint != "" {
			s.APIOptions = append(s.APIOptions, closeAfterHead)
		}
	})
	sums := o.Checksum != ChecksumNone
	if o.Checksum == ChecksumDefault &&
		a.cfg.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenRequired {
		sums = false
	}
	return &Bucket{
		o: o, sums: sums, region: region, client: client, sign: s3.NewPresignClient(client),
		creds: a.cfg.Credentials, of: a,
	}, nil
}

// closeAfterHead closes the connection after a HEAD. Some servers and proxies answer a HEAD with a
// body, which the next call on that connection would read as its own answer.
func closeAfterHead(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("CloseAfterHead", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if rq, ok := in.Request.(*smithyhttp.Request); ok && rq.Method == http.MethodHead {
			rq.Close = true
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

// unsignedEncoding sends Accept-Encoding without signing it. Google's front end changes the header,
// so a signature of it is never valid there, and no S3 requires it to be signed.
func unsignedEncoding(stack *middleware.Stack) error {
	const signing, encoding = "Signing", "Accept-Encoding"
	if _, ok := stack.Finalize.Get(signing); !ok { // a link, which somebody else requests
		return nil
	}
	set := func(id, value string) middleware.FinalizeMiddleware {
		return middleware.FinalizeMiddlewareFunc(id, func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if rq, ok := in.Request.(*smithyhttp.Request); ok && value == "" {
				rq.Header.Del(encoding)
			} else if ok {
				rq.Header.Set(encoding, value)
			}
			return next.HandleFinalize(ctx, in)
		})
	}
	if err := stack.Finalize.Insert(set("RemoveAcceptEncoding", ""), signing,
		middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(set("RestoreAcceptEncoding", "identity"), signing,
		middleware.After)
}

// CloseIdleConnections closes connections that are kept open for the next call.
func (b *Bucket) CloseIdleConnections() { b.of.CloseIdleConnections() }

// Object is the content of a key.
type Object struct {
	Body  []byte
	Type  string // Content-Type
	Cache string // Cache-Control
	// Mark is a word in the object's metadata, which can be read without the body: [0-9A-Za-z-]*.
	Mark string
	// ETag identifies the content. It is "" if the object does not exist.
	ETag string
	// Modified is when the object was written, by S3's clock. Only Stat sets it. It is zero if S3
	// does not say.
	Modified time.Time
}

// markName is the key of the mark in an object's metadata.
const markName = "promsnap-mark"

// ErrConflict says that an object is not the one that Swap was to replace.
var ErrConflict = errors.New("the object was changed by another writer in the meantime")

// ErrTooLarge says that an object is longer than the caller's limit.
var ErrTooLarge = errors.New("the object is larger than anything that promsnap writes there")

// URL returns the name of a key for messages: "s3://bucket/key".
func (b *Bucket) URL(key string) string { return "s3://" + b.o.Name + "/" + key }

// Get returns the object. If it does not exist, its ETag is "". If it has more than limit bytes,
// Get returns only its ETag, and ErrTooLarge.
func (b *Bucket) Get(ctx context.Context, key string, limit int64) (Object, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.o.Name, Key: &key})
	if missing(err) {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, b.explain(ctx, err, call{name: "GetObject", doing: "reading", key: key})
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err != nil {
		return Object{}, b.explain(ctx, err, call{name: "GetObject", doing: "reading", key: key})
	}
	if aws.ToString(out.ETag) == "" || !isPage(key) && (pageType(aws.ToString(out.ContentType)) ||
		looksLikePage(body)) {
		return Object{}, b.notS3("reading", key)
	}
	if int64(len(body)) > limit {
		return Object{ETag: aws.ToString(out.ETag)}, &Error{
			Doing: "reading " + b.URL(key), Trouble: Lasting, Err: ErrTooLarge,
		}
	}
	return Object{
		Body: body, Type: aws.ToString(out.ContentType), Cache: aws.ToString(out.CacheControl),
		Mark: out.Metadata[markName], ETag: aws.ToString(out.ETag),
	}, nil
}

// Stat returns the object without its body. If the object or the bucket does not exist, its ETag is
// "".
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.o.Name, Key: &key})
	if missing(err) {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, b.explain(ctx, err, call{name: "HeadObject", doing: "reading", key: key})
	}
	if aws.ToString(out.ETag) == "" || !isPage(key) && pageType(aws.ToString(out.ContentType)) {
		return Object{}, b.notS3("reading", key)
	}
	return Object{
		Type: aws.ToString(out.ContentType), Cache: aws.ToString(out.CacheControl),
		Mark: out.Metadata[markName], ETag: aws.ToString(out.ETag),
		Modified: aws.ToTime(out.LastModified),
	}, nil
}

// Put writes the object unconditionally.
func (b *Bucket) Put(ctx context.Context, key string, o Object) error {
	_, err := b.write(ctx, key, o, func(*s3.PutObjectInput) {})
	return err
}

// Swap writes the object if the existing one has the ETag was, and returns the new ETag. A was of
// "" means that no object exists. If the ETag differs, the error is ErrConflict. Of several Swaps
// with the same was, one succeeds. After any other error the object may be written or not.
func (b *Bucket) Swap(ctx context.Context, key string, o Object, was string) (string, error) {
	etag, err := b.write(ctx, key, o, func(in *s3.PutObjectInput) {
		if was == "" {
			in.IfNoneMatch = aws.String("*")
		} else {
			in.IfMatch = &was
		}
	})
	if conflict(err) || was != "" && missing(err) { // If-Match without an object is a 404
		return "", fmt.Errorf("writing %s: %w", b.URL(key), ErrConflict)
	}
	return etag, err
}

// write writes the object under a condition and returns its ETag.
func (b *Bucket) write(ctx context.Context, key string, o Object,
	condition func(*s3.PutObjectInput)) (etag string, err error) {
	in := &s3.PutObjectInput{
		Bucket: &b.o.Name, Key: &key, Body: bytes.NewReader(o.Body), ContentType: &o.Type,
		CacheControl:         &o.Cache,
		ServerSideEncryption: types.ServerSideEncryption(b.o.Encryption),
	}
	if b.sums { // a bucket with Object Lock requires one
		sum := sha256.Sum256(o.Body)
		in.ChecksumSHA256 = aws.String(base64.StdEncoding.EncodeToString(sum[:]))
	}
	if o.Mark != "" {
		in.Metadata = map[string]string{markName: o.Mark}
	}
	if b.o.Encryption == EncryptKMS {
		in.BucketKeyEnabled = aws.Bool(true)
		if b.o.KMSKey != "" {
			in.SSEKMSKeyId = &b.o.KMSKey
		}
	}
	condition(in)
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		return "", b.explain(ctx, err, call{
			name: "PutObject", doing: "writing", key: key, headers: sentHeaders(in),
		})
	}
	if aws.ToString(out.ETag) == "" || answersPage(out.ResultMetadata) {
		return "", b.notS3("writing", key)
	}
	return aws.ToString(out.ETag), nil
}

// MaxLinkLife is the longest life of a link that AWS' signatures allow.
const MaxLinkLife = 7 * 24 * time.Hour

// Link returns a link with which anybody can read the object, and the time at which it expires:
// after life, or earlier if the credentials that signed it expire. If the credentials of a session
// have no expiry, Link assumes sessionLife.
func (b *Bucket) Link(ctx context.Context, key string,
	life time.Duration) (link string, expires time.Time, err error) {
	creds, err := b.creds.Retrieve(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing a link to %s: %w", b.URL(key), err)
	}
	if creds.SessionToken != "" && !creds.CanExpire {
		life = min(life, sessionLife)
	}
	signed, err := b.sign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.o.Name, Key: &key},
		s3.WithPresignExpires(life))
	if err != nil {
		return "", time.Time{}, b.explain(ctx, err, call{
			name: "GetObject", doing: "signing a link to", key: key,
		})
	}
	if expires, err = linkExpires(signed.URL); err != nil {
		return "", time.Time{}, fmt.Errorf("signing a link to %s: %w", b.URL(key), err)
	}
	if creds.CanExpire && creds.Expires.Before(expires) {
		expires = creds.Expires.UTC().Truncate(time.Second)
	}
	return signed.URL, expires, nil
}

// linkExpires returns the time at which the signature of a link expires.
func linkExpires(link string) (time.Time, error) {
	u, err := url.Parse(link)
	if err != nil {
		return time.Time{}, err
	}
	signed, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.Atoi(u.Query().Get("X-Amz-Expires"))
	if err != nil {
		return time.Time{}, err
	}
	return signed.Add(time.Duration(seconds) * time.Second), nil
}
