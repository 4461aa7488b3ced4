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

// BucketOptions say which bucket, and how it is asked.
type BucketOptions struct {
	Name string
	// Endpoint is the URL of another S3 than AWS', or "". PathStyle puts the bucket's name into the
	// path instead of the host's name, as most of these want it.
	Endpoint  string
	PathStyle bool
	// Encryption is how S3 encrypts what is written; KMSKey is the ARN or the ID of EncryptKMS'
	// key, "" being AWS' own.
	Encryption Encryption
	KMSKey     string
	// Checksum is whether writes carry a checksum in a header.
	Checksum Checksum
	// Attempts is how often a call is tried where trouble may pass. 0: once, for a caller that
	// tries again by himself.
	Attempts int
}

// Encryption is how S3 encrypts an object at rest.
type Encryption string

// The kinds of encryption. The zero value is the bucket's own.
const (
	EncryptDefault Encryption = ""
	EncryptS3      Encryption = "AES256"
	EncryptKMS     Encryption = "aws:kms"
)

// Checksum is whether what is written carries a checksum, x-amz-checksum-sha256, for the S3 to look
// at. The body is signed in any case.
type Checksum string

// The kinds of checksums. The zero value is SHA-256, unless AWS_REQUEST_CHECKSUM_CALCULATION says
// when_required.
const (
	ChecksumDefault Checksum = ""
	ChecksumSHA256  Checksum = "sha256"
	ChecksumNone    Checksum = "none"
)

// Bucket is a bucket of S3. It may be used from several goroutines.
type Bucket struct {
	o      BucketOptions
	sums   bool // writes carry a checksum
	region string
	client *s3.Client
	sign   *s3.PresignClient
	creds  aws.CredentialsProvider
	of     *Account
}

// endpointRegion is the region that an S3 of one's own is in where none is named: what they all go
// by.
const endpointRegion = "us-east-1"

// Bucket returns a bucket. It does not ask whether there is one.
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
		// The checksums that the SDK adds by itself come in trailers that other servers do not
		// know. write sends one in a header.
		s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		s.APIOptions = append(s.APIOptions, unsignedEncoding)
		if o.Endpoint != "" {
			s.APIOptions = append(s.APIOptions, aloneHead)
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

// aloneHead gives a HEAD a connection of its own: some servers and proxies answer it with a body,
// which the next call on that connection would take for the begin of its answer.
func aloneHead(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("AloneHead", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if rq, ok := in.Request.(*smithyhttp.Request); ok && rq.Method == http.MethodHead {
			rq.Close = true
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

// unsignedEncoding takes Accept-Encoding out of what is signed and sends it all the same: Google's
// front end changes it on the way, so that a signature of it never verifies, and no S3 asks for it
// to be signed.
func unsignedEncoding(stack *middleware.Stack) error {
	const signing, encoding = "Signing", "Accept-Encoding"
	if _, ok := stack.Finalize.Get(signing); !ok { // of a link, whose request somebody else sends
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
	if err := stack.Finalize.Insert(set("TakeAcceptEncodingOut", ""), signing,
		middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(set("PutAcceptEncodingBack", "identity"), signing,
		middleware.After)
}

// CloseIdleConnections closes what is kept open for the next call.
func (b *Bucket) CloseIdleConnections() { b.of.CloseIdleConnections() }

// Object is what lies at a key.
type Object struct {
	Body  []byte
	Type  string // Content-Type
	Cache string // Cache-Control
	// Mark is a word that goes with the object and can be read without its body: [0-9A-Za-z-]*.
	Mark string
	// ETag is S3's own mark of this content, "" of an object that is not there.
	ETag string
	// Modified is when it was written, by S3's own clock; Stat returns it. Zero: S3 does not say.
	Modified time.Time
}

// markName is the name of the mark among an object's metadata.
const markName = "promsnap-mark"

// ErrConflict says that an object is no longer, or not yet, what Swap was to replace.
var ErrConflict = errors.New("the object was written by somebody else in the meantime")

// ErrTooLarge says that an object has more bytes than the caller takes.
var ErrTooLarge = errors.New("it is larger than anything that promsnap writes there")

// URL names a key in messages: "s3://bucket/key".
func (b *Bucket) URL(key string) string { return "s3://" + b.o.Name + "/" + key }

// Get returns the object. One that has more than limit bytes is ErrTooLarge, and of it only the
// ETag comes back. Where there is none, its ETag is "".
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

// Stat returns the object without its body. Where there is none, or no such bucket, its ETag is "".
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

// Put writes the object, whatever is there.
func (b *Bucket) Put(ctx context.Context, key string, o Object) error {
	_, err := b.write(ctx, key, o, func(*s3.PutObjectInput) {})
	return err
}

// Swap writes the object where what is there has still the ETag was, "" being that of none, and
// returns the new one. ErrConflict: it has not. Of several swaps with one was, one succeeds. After
// any other error it may be written or not.
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

func (b *Bucket) write(ctx context.Context, key string, o Object,
	condition func(*s3.PutObjectInput)) (etag string, err error) {
	in := &s3.PutObjectInput{
		Bucket: &b.o.Name, Key: &key, Body: bytes.NewReader(o.Body), ContentType: &o.Type,
		CacheControl:         &o.Cache,
		ServerSideEncryption: types.ServerSideEncryption(b.o.Encryption),
	}
	if b.sums { // also what a bucket with Object Lock asks for
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

// MaxLinkLife is the longest that a link may live: what AWS' signatures allow.
const MaxLinkLife = 7 * 24 * time.Hour

// Link returns a link by which everybody who has it can read the object, and when it stops working:
// after life, or where the credentials that signed it end. Those of a session that does not say
// when it ends count as ending with sessionLife.
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

// linkExpires reads from a signed link when its signature ends.
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
