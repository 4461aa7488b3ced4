package cloud_test

import (
	"context"
	"fmt"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/secret"
)

// A link is signed without asking the server, so that this needs none.
func Example() {
	ctx := context.Background()
	account, err := cloud.Open(ctx, cloud.Identity{
		Region: "us-east-1", AccessKey: "AKIDEXAMPLE", SecretKey: secret.Inline("example"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bucket, err := account.Bucket(cloud.BucketOptions{
		Name: "reports", Endpoint: "https://minio.example.com", PathStyle: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	link, _, err := bucket.Link(ctx, "daily/index.html", cloud.MaxLinkLife)
	fmt.Println(link[:len("https://minio.example.com/reports/daily/index.html?")], err)
	// Output: https://minio.example.com/reports/daily/index.html? <nil>
}
