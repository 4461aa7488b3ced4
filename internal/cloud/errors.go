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

// Trouble says whether a retry may help.
type Trouble uint8

// The kinds of trouble.
const (
	Unclear Trouble = iota // the caller's context ended, or the answer is unknown
	// no answer, a lost answer or throttling: a retry may help. A write may have been done
	Passing
	Lasting // refused: a retry does not help. Nothing was written
)

// Error is a failed call. It shows no secret.
type Error struct {
	Doing   string // what was being done: "writing s3://bucket/key"
	Trouble Trouble
	After   time.Duration // the wait that the server asked for; 0 if none
	Hint    string        // what to do; "" if the error says it
	Err     error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("%s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether a retry may help. secret.Temporary calls it, because package secret
// must not import this one.
func (e *Error) Temporary() bool { return e.Trouble != Lasting }

// actions returns the IAM actions that a call of this package needs. Without s3:ListBucket, S3
// answers 403 for an object that does not exist yet.
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
	case "ListObjectsV2":
		return []string{"s3:ListBucket"}
	case "DeleteObject":
		return []string{"s3:DeleteObject"}
	}
	return nil
}

// keyActions returns the IAM actions that are needed on the key of EncryptKMS.
func keyActions() []string { return []string{"kms:GenerateDataKey", "kms:Decrypt"} }

// managedActions returns the IAM actions that are needed on a workspace of ManagedPrometheus:
// queries, and the names of existing metrics. With the names promsnap can distinguish an empty
// answer that is fine from a missing metric. Reading the version has no action; it may fail.
func managedActions() []string { return []string{"aps:QueryMetrics", "aps:GetLabels"} }

// answer is the answer with which a service refused a call.
type answer struct {
	status        int
	code, message string
	header        http.Header
	id            string // of the request, for AWS support
	bare          bool   // without a code and a message; code is the name of the status
	page          bool   // a web page
}

// Error formats the answer on one line.
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

// wait returns how long the service asks to wait.
func (a *answer) wait() time.Duration {
	after, _ := exchange.RetryAfter(a.header)
	return after
}

// answered returns the answer in err, or nil if the service did not answer.
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

// missing reports whether err says that an object does not exist. The answer to a HEAD has no body,
// so it does not show whether the bucket is missing, or whether the server is an S3 at all. The
// next write shows that.
func missing(err error) bool {
	a := answered(err)
	if a == nil || a.status != http.StatusNotFound || a.code == "NoSuchBucket" {
		return false
	}
	var call *smithy.OperationError
	head := errors.As(err, &call) && call.OperationName == "HeadObject"
	return !a.page || head
}

// conflict reports whether err says that a condition was false, or that another conditional write
// was running.
func conflict(err error) bool {
	a := answered(err)
	return a != nil && (a.status == http.StatusPreconditionFailed ||
		a.status == http.StatusConflict)
}

// plain returns err without the text that the SDK adds.
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

// credentialsTrouble returns the error of the credentials in err, or nil if there is none.
func credentialsTrouble(err error) *Error {
	var known *Error
	errors.As(err, &known)
	return known
}

// call is a failed call to S3.
type call struct {
	name, doing, key string
	headers          []header // of a write, that not every S3 supports
}

// explain returns the *Error of a failed call.
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
		out.Trouble, out.Hint = Passing, "S3 does not answer: check the endpoint and the network "+
			"to it"
	default:
		out.Trouble, out.Hint = b.judge(a, c)
		if out.Trouble == Passing {
			out.After = a.wait()
		}
	}
	return out
}

// judge returns what an answer of S3 means for a call: whether a retry may help, and what to do.
func (b *Bucket) judge(a *answer, c call) (Trouble, string) {
	elsewhere := a.header.Get("X-Amz-Bucket-Region")
	switch {
	case a.code == "NoSuchBucket", a.code == "InvalidBucketName":
		return Lasting, fmt.Sprintf("create the bucket %s, or correct `bucket`", b.o.Name)
	case elsewhere != "" && elsewhere != b.region && a.status < http.StatusInternalServerError:
		return Lasting, fmt.Sprintf("the bucket is in %s, not in %s: correct `region`",
			elsewhere, b.region)
	case a.status == http.StatusNotModified:
		return Lasting, "a cache in front of this S3 answered instead: let it pass requests through"
	case a.status/100 == 3 && b.o.Endpoint != "" && a.header.Get("Location") != "" && a.bare:
		return Lasting, b.redirected(a.header.Get("Location"))
	case a.status/100 == 3, a.code == "AuthorizationHeaderMalformed",
		a.code == "IllegalLocationConstraintException":
		return Lasting, fmt.Sprintf("the bucket is not in %s: correct `region`, or `endpoint`",
			b.region)
	case a.code == "InvalidAccessKeyId", a.code == "SignatureDoesNotMatch":
		return Lasting, "the access key or its secret is not right for this S3: correct them"
	case a.code == "ExpiredToken", a.code == "InvalidToken", a.code == "TokenRefreshRequired":
		return Lasting, "log in again (`aws sso login`), or use a role, whose credentials are " +
			"renewed automatically"
	case a.code == "RequestTimeTooSkewed":
		return Passing, "this machine's clock is wrong: set it"
	case a.code == "KMSNotConfigured", strings.Contains(a.message, "KMS is not configured"):
		return Lasting, "this S3 has no KMS for encryption: remove `sse`, or set up its KMS"
	case strings.HasPrefix(a.code, "KMS."), a.status == http.StatusForbidden &&
		strings.Contains(a.message, "kms:"):
		return Lasting, fmt.Sprintf("allow %s on the key, and check that it is enabled and in %s",
			strings.Join(keyActions(), " and "), b.region)
	case strings.Contains(a.message, "API port"): // MinIO's console
		return Lasting, hintEndpoint
	case a.status == http.StatusRequestEntityTooLarge, a.code == "EntityTooLarge":
		return Lasting, "the proxy in front of this S3 refuses such a large file: raise its " +
			"limit (nginx: client_max_body_size)"
	case a.status == http.StatusBadGateway, a.status == http.StatusGatewayTimeout,
		a.status == http.StatusServiceUnavailable && a.page:
		return Passing, "the proxy in front of this S3 gets no answer from it: check that it runs"
	case a.page && a.status < http.StatusInternalServerError,
		a.status == http.StatusMethodNotAllowed:
		return Lasting, hintEndpoint
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return Lasting, b.allow(c.name, c.key)
	case strings.Contains(a.message, "Missing required header") && !b.sums:
		return Lasting, "the bucket requires a checksum, as with Object Lock: remove `checksum: " +
			"none`"
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

// hintEndpoint says what to do if the server is not an S3.
const hintEndpoint = "the server there has no S3 API, or there is a login in front of it: " +
	"correct `endpoint` (MinIO's API is on port 9000, its console on 9001)"

// redirected returns what to do about a redirect that does not come from S3.
func (b *Bucket) redirected(location string) string {
	to, err := url.Parse(location)
	from, wrong := url.Parse(b.o.Endpoint)
	if err == nil && wrong == nil && to.Scheme == "https" && from.Scheme == "http" &&
		to.Hostname() == from.Hostname() {
		return "this S3 requires HTTPS: write https:// in `endpoint`"
	}
	return "the server there redirects to another address, like a login: correct `endpoint`"
}

// notS3 returns the error of a successful answer that is not from an S3, such as a login page.
func (b *Bucket) notS3(doing, key string) error {
	return &Error{
		Doing: doing + " " + b.URL(key), Trouble: Lasting, Err: errNotS3, Hint: hintEndpoint,
	}
}

var errNotS3 = errors.New("the answer is not from an S3: it is a web page or has no ETag")

// pageType reports whether a Content-Type is that of a web page.
func pageType(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "text/html")
}

// isPage reports whether the object at a key is a web page.
func isPage(key string) bool { return strings.HasSuffix(key, ".html") }

// looksLikePage reports whether a body is a web page, whatever its Content-Type is.
func looksLikePage(body []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 200)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// answersPage reports whether the answer to a write is a web page. Google's answer has that type,
// but is empty.
func answersPage(of middleware.Metadata) bool {
	response, ok := awsmiddleware.GetRawResponse(of).(*smithyhttp.Response)
	return ok && pageType(response.Header.Get("Content-Type")) && response.ContentLength != 0
}

// codesHeader are the codes with which an S3 refuses an unknown header.
var codesHeader = []string{
	"InvalidArgument", "InvalidRequest", "NotImplemented", "BadRequest", "UnsupportedHeader",
}

// header is a header of a write that not every S3 supports.
type header struct {
	name  string
	words []string // that an answer about the header contains
	what  string   // what to do about it
}

// sentHeaders returns the headers of a write that not every S3 supports.
func sentHeaders(in *s3.PutObjectInput) []header {
	var out []header
	if in.ChecksumSHA256 != nil {
		out = append(out, header{
			"x-amz-checksum-sha256", []string{"checksum"}, "set `checksum: none`",
		})
	}
	const conditional = "promsnap needs conditional writes: use an S3 that supports them"
	words := []string{"if-none-match", "if-match", "condition"}
	if in.IfNoneMatch != nil {
		out = append(out, header{"If-None-Match", words, conditional})
	}
	if in.IfMatch != nil {
		out = append(out, header{"If-Match", words, conditional})
	}
	if in.ServerSideEncryption != "" {
		out = append(out, header{
			"x-amz-server-side-encryption", []string{"encrypt"}, "remove `sse`",
		})
	}
	return out
}

// headersHint returns which header of a write an S3 may not support, and what to do. It names the
// headers that the message mentions or, if there are none, all that were sent.
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
		return "this S3 does not support the header " + named[0].name + ": " + named[0].what
	}
	var each []string
	for _, h := range named {
		each = append(each, h.name+": "+h.what)
	}
	return "this S3 does not support one of these headers: " + strings.Join(each, "; ")
}

// allow returns which IAM actions to allow if S3 denies a call.
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
