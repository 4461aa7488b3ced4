package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/promsnap/promsnap/internal/exchange"
)

// Trouble is whether it is worth to try again.
type Trouble uint8

// The kinds of trouble.
const (
	Unclear Trouble = iota // the caller's time is over, or an answer that is not known
	// no answer, an answer that was lost, throttling: may be better later. What was to be written
	// may be written
	Passing
	Lasting // refused: stays until somebody does something. Nothing was written
)

// Error is a call that failed. It shows no secret.
type Error struct {
	Doing   string // what was being done: "writing s3://bucket/key"
	Trouble Trouble
	After   time.Duration // how long to wait, where the server said so
	Hint    string        // what to do, "" where the error says it
	Err     error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("%s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether another try may help, for those who may not know this package:
// secret.Temporary asks it.
func (e *Error) Temporary() bool { return e.Trouble != Lasting }

// actions are what IAM must allow for a call of this package's. Without s3:ListBucket an object
// that is not there yet is answered with 403.
func actions(call string) []string {
	switch call {
	case "GetSecretValue":
		return []string{"secretsmanager:GetSecretValue"}
	case "GetParameter":
		return []string{"ssm:GetParameter"}
	case "AssumeRole":
		return []string{"sts:AssumeRole"}
	case "GetObject", "HeadObject":
		return []string{"s3:GetObject", "s3:ListBucket"}
	case "PutObject":
		return []string{"s3:PutObject"}
	}
	return nil
}

// keyActions are what IAM must allow on the key of EncryptKMS.
func keyActions() []string { return []string{"kms:GenerateDataKey", "kms:Decrypt"} }

// managedActions are what IAM must allow on a workspace of ManagedPrometheus: queries, and the
// question which metrics there are, by which promsnap tells an empty answer that is good news from
// one that says nothing. That of the version has no action, and may fail.
func managedActions() []string { return []string{"aps:QueryMetrics", "aps:GetLabels"} }

// answer is what a service said when it refused.
type answer struct {
	status        int
	code, message string
	header        http.Header
	id            string // the request's, for AWS' support
	bare          bool   // it has no words of a service's: code is the status' name
	page          bool   // a web page came instead of a service's words
}

// Error is the answer in a line.
func (a *answer) Error() string {
	var b strings.Builder
	b.WriteString(a.code)
	if a.message != "" && a.message != a.code {
		b.WriteString(": " + strings.TrimRight(a.message, ". "))
	}
	fmt.Fprintf(&b, " (%d", a.status)
	if a.id != "" {
		b.WriteString(", request " + a.id)
	}
	return b.String() + ")"
}

// wait is how long the service asks to wait.
func (a *answer) wait() time.Duration {
	after, _ := exchange.RetryAfter(a.header)
	return after
}

// answered returns what a service said, nil where it said nothing.
func answered(err error) *answer {
	var known *answer
	if errors.As(err, &known) {
		return known
	}
	var response *awshttp.ResponseError
	var api smithy.APIError
	if !errors.As(err, &response) || response.HTTPStatusCode() == 0 {
		return nil
	}
	a := &answer{
		status: response.HTTPStatusCode(), id: response.ServiceRequestID(), header: http.Header{},
	}
	if response.Response != nil && response.Response.Response != nil {
		a.header = response.Response.Header
		a.page = pageType(a.header.Get("Content-Type"))
	}
	if errors.As(err, &api) {
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	byStatus := strings.ReplaceAll(http.StatusText(a.status), " ", "")
	if a.code == "" || a.code == "UnknownError" {
		a.code = byStatus
	}
	a.bare = a.code == byStatus &&
		slices.Contains([]string{"", "UnknownError", byStatus, http.StatusText(a.status)},
			a.message)
	return a
}

// missing tells whether err says that there is no such object. A HEAD has no body that would tell
// it from a bucket that is not there, nor an S3 from any other server: of one that is none, the
// next write says so.
func missing(err error) bool {
	a := answered(err)
	if a == nil || a.status != http.StatusNotFound || a.code == "NoSuchBucket" {
		return false
	}
	var call *smithy.OperationError
	head := errors.As(err, &call) && call.OperationName == "HeadObject"
	return !a.page || head
}

// conflict tells whether err says that a condition did not hold, or that another conditional write
// was at work.
func conflict(err error) bool {
	a := answered(err)
	return a != nil && (a.status == http.StatusPreconditionFailed ||
		a.status == http.StatusConflict)
}

// plain is err without what the SDK puts before it.
func plain(err error) error {
	if a := answered(err); a != nil {
		return a
	}
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		return send.Err
	}
	return err
}

// credentialsTrouble returns why a call had no credentials, nil where it had.
func credentialsTrouble(err error) *Error {
	var known *Error
	errors.As(err, &known)
	return known
}

// call is a call of S3 that failed.
type call struct {
	name, doing, key string
	headers          []header // of a write, that not every S3 knows
}

// explain makes of a failed call what happened, whether it may pass, and what to do.
func (b *Bucket) explain(ctx context.Context, err error, c call) error {
	out := &Error{Doing: c.doing + " " + b.URL(c.key), Err: plain(err)}
	if known := credentialsTrouble(err); known != nil {
		out.Trouble, out.After, out.Err = known.Trouble, known.After, known
		return out
	}
	a := answered(err)
	switch {
	case ctx.Err() != nil:
		out.Err = context.Cause(ctx)
	case a == nil:
		out.Trouble, out.Hint = Passing, "S3 does not answer: look at the endpoint and at the "+
			"network's way to it"
	default:
		out.Trouble, out.Hint = b.judge(a, c)
		if out.Trouble == Passing {
			out.After = a.wait()
		}
	}
	return out
}

// judge says what an answer of S3's means for a call.
func (b *Bucket) judge(a *answer, c call) (Trouble, string) {
	elsewhere := a.header.Get("X-Amz-Bucket-Region")
	switch {
	case a.code == "NoSuchBucket", a.code == "InvalidBucketName":
		return Lasting, fmt.Sprintf("create the bucket %s, or correct `bucket`", b.o.Name)
	case elsewhere != "" && elsewhere != b.region && a.status < http.StatusInternalServerError:
		return Lasting, fmt.Sprintf("the bucket is in %s and not in %s: correct `region`",
			elsewhere, b.region)
	case a.status == http.StatusNotModified:
		return Lasting, "a cache stands before this S3 and answers in its place: let it pass " +
			"requests on"
	case a.status/100 == 3 && b.o.Endpoint != "" && a.header.Get("Location") != "" && a.bare:
		return Lasting, b.redirected(a.header.Get("Location"))
	case a.status/100 == 3, a.code == "AuthorizationHeaderMalformed",
		a.code == "IllegalLocationConstraintException":
		return Lasting, fmt.Sprintf("the bucket is not in %s: correct `region`, or `endpoint`",
			b.region)
	case a.code == "InvalidAccessKeyId", a.code == "SignatureDoesNotMatch":
		return Lasting, "the access key or its secret is not right for this S3: correct them"
	case a.code == "ExpiredToken", a.code == "InvalidToken", a.code == "TokenRefreshRequired":
		return Lasting, "log in again (`aws sso login`), or use a role, whose credentials renew " +
			"themselves"
	case a.code == "RequestTimeTooSkewed":
		return Passing, "this machine's clock is wrong: set it"
	case a.code == "KMSNotConfigured", strings.Contains(a.message, "KMS is not configured"):
		return Lasting, "this S3 has no KMS to encrypt with: take `sse` out, or set its KMS up"
	case strings.HasPrefix(a.code, "KMS."), a.status == http.StatusForbidden &&
		strings.Contains(a.message, "kms:"):
		return Lasting, fmt.Sprintf("allow %s on the key, and see that it is enabled and in %s",
			strings.Join(keyActions(), " and "), b.region)
	case strings.Contains(a.message, "API port"): // MinIO's console
		return Lasting, hintEndpoint
	case a.status == http.StatusRequestEntityTooLarge, a.code == "EntityTooLarge":
		return Lasting, "what stands before this S3 takes no file so large: raise its limit " +
			"(nginx: client_max_body_size)"
	case a.status == http.StatusBadGateway, a.status == http.StatusGatewayTimeout,
		a.status == http.StatusServiceUnavailable && a.page:
		return Passing, "what stands before this S3 gets no answer from it: see that it runs"
	case a.page && a.status < http.StatusInternalServerError,
		a.status == http.StatusMethodNotAllowed:
		return Lasting, hintEndpoint
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return Lasting, b.allow(c.name, c.key)
	case strings.Contains(a.message, "Missing required header") && !b.sums:
		return Lasting, "the bucket asks for a checksum, as with Object Lock: take `checksum: " +
			"none` out"
	case a.status == http.StatusNotImplemented, a.status == http.StatusBadRequest &&
		slices.Contains(codesHeader, a.code):
		return Lasting, headersHint(a.message, c.headers)
	case a.status >= http.StatusInternalServerError, a.status == http.StatusTooManyRequests,
		a.status == http.StatusRequestTimeout, a.status == http.StatusConflict,
		a.code == "RequestTimeout":
		return Passing, ""
	case a.status/100 == 4:
		return Lasting, ""
	}
	return Unclear, ""
}

// hintEndpoint is what to do where something else answers than an S3.
const hintEndpoint = "what answers there is no S3 API, or a login stands before it: correct " +
	"`endpoint` (MinIO's API is on port 9000, its console on 9001)"

// redirected says what to do about a redirect that is none of S3's own.
func (b *Bucket) redirected(location string) string {
	to, err := url.Parse(location)
	from, wrong := url.Parse(b.o.Endpoint)
	if err == nil && wrong == nil && to.Scheme == "https" && from.Scheme == "http" &&
		to.Hostname() == from.Hostname() {
		return "this S3 is asked by HTTPS: write https:// in `endpoint`"
	}
	return "what answers there redirects elsewhere, as a login does: correct `endpoint`"
}

// notS3 is the error of an answer that says that all is well and is no S3's, such as the page of a
// login.
func (b *Bucket) notS3(doing, key string) error {
	return &Error{
		Doing: doing + " " + b.URL(key), Trouble: Lasting, Err: errNotS3, Hint: hintEndpoint,
	}
}

var errNotS3 = errors.New("the answer is none of an S3's: a web page, or one without an ETag")

// pageType tells whether a Content-Type is that of a web page.
func pageType(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "text/html")
}

// isPage tells whether what lies at a key is a web page.
func isPage(key string) bool { return strings.HasSuffix(key, ".html") }

// looksLikePage tells whether bytes are a web page, whatever their Content-Type.
func looksLikePage(body []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 200)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// answersPage tells whether the answer to a write is a web page. Google's is of that type, and
// empty.
func answersPage(of middleware.Metadata) bool {
	response, ok := awsmiddleware.GetRawResponse(of).(*smithyhttp.Response)
	return ok && pageType(response.Header.Get("Content-Type")) && response.ContentLength != 0
}

// codesHeader are the codes with which an S3 refuses a request for a header that it does not know.
var codesHeader = []string{
	"InvalidArgument", "InvalidRequest", "NotImplemented", "BadRequest", "UnsupportedHeader",
}

// header is a header of a write that not every S3 knows.
type header struct {
	name  string
	words []string // by which an answer means it
	what  string   // to do about it
}

// sentHeaders are those that a write carries.
func sentHeaders(in *s3.PutObjectInput) []header {
	var out []header
	if in.ChecksumSHA256 != nil {
		out = append(out, header{
			"x-amz-checksum-sha256", []string{"checksum"}, "set `checksum: none`",
		})
	}
	const conditional = "promsnap needs conditional writes: use an S3 that knows them"
	words := []string{"if-none-match", "if-match", "condition"}
	if in.IfNoneMatch != nil {
		out = append(out, header{"If-None-Match", words, conditional})
	}
	if in.IfMatch != nil {
		out = append(out, header{"If-Match", words, conditional})
	}
	if in.ServerSideEncryption != "" {
		out = append(out, header{
			"x-amz-server-side-encryption", []string{"encrypt"}, "take `sse` out",
		})
	}
	return out
}

// headersHint says which header of a write an S3 may not know, and what to do: the one that its
// words name, else all that it was sent.
func headersHint(message string, sent []header) string {
	low := strings.ToLower(message)
	named := slices.DeleteFunc(slices.Clone(sent), func(h header) bool {
		return !slices.ContainsFunc(h.words, func(w string) bool {
			return strings.Contains(low, w)
		})
	})
	if len(named) == 0 {
		named = sent
	}
	switch len(named) {
	case 0:
		return ""
	case 1:
		return "this S3 does not know the header " + named[0].name + ": " + named[0].what
	}
	var each []string
	for _, h := range named {
		each = append(each, h.name+": "+h.what)
	}
	return "this S3 does not know one of these headers: " + strings.Join(each, "; ")
}

// allow says which actions of IAM are missing where S3 denies a call.
func (b *Bucket) allow(call, key string) string {
	var wanted []string
	for _, action := range actions(call) {
		resource := "arn:aws:s3:::" + b.o.Name
		if action != "s3:ListBucket" {
			resource += "/" + key
		}
		wanted = append(wanted, action+" on "+resource)
	}
	hint := "allow this identity " + strings.Join(wanted, " and ")
	if b.o.Encryption == EncryptKMS {
		hint += ", and " + strings.Join(keyActions(), " and ") + " on its KMS key"
	}
	return hint + "; docs/s3.md has the whole policy"
}
