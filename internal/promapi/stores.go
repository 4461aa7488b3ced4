package promapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// Store is a store that a Thanos Query reads from.
type Store struct {
	Kind string // "sidecar", "store", "rule", "receive"
	Name string // its address
	Down string // why the server cannot reach it; "" if it can
}

// The limits of the list of stores.
const (
	maxStores     = 1000
	maxStoreBytes = 4 << 20
	maxStoreName  = 200
)

// Stores queries the stores of a Thanos Query. It does not retry. Other servers have none; that is
// no error.
func (c *Client) Stores(ctx context.Context) ([]Store, error) {
	const op = "reading the stores"
	if err := c.enter(ctx); err != nil {
		return nil, c.explain(ctx, op, err)
	}
	defer c.leave()
	timed, cancel := context.WithTimeoutCause(ctx, c.o.QueryTimeout, errSlow(c.o.QueryTimeout))
	defer cancel()
	body, err := c.body(timed, "api/v1/stores")
	if err == nil {
		return c.readStores(body), nil
	}
	err = c.explain(timed, op, err)
	var e *Error
	if errors.As(err, &e) && (e.Kind == KindNotFound || e.Kind == KindBadAnswer ||
		e.Status/100 == 4) {
		return nil, nil
	}
	return nil, err
}

// body sends a GET without parameters and returns the body of the answer.
func (c *Client) body(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.get(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(io.LimitReader(resp.Body, maxStoreBytes))
}

// readStores parses the list of stores. For anything else it returns nil, because other servers may
// answer this path with anything.
func (c *Client) readStores(body []byte) []Store {
	var answer struct {
		Status string `json:"status"`
		Data   map[string][]struct {
			Name      string          `json:"name"`
			LastError json.RawMessage `json:"lastError"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Status != "success" {
		return nil
	}
	say := func(s string, most int) string {
		return outside.Middle(c.sent.Scrub(strings.TrimSpace(outside.Line(s))), most)
	}
	var out []Store
	for kind, stores := range answer.Data {
		for _, s := range stores {
			store := Store{Kind: say(kind, maxType), Name: say(s.Name, maxStoreName)}
			var why string
			if err := json.Unmarshal(s.LastError, &why); err != nil && len(s.LastError) > 0 {
				why = string(s.LastError) // some releases write an object
			}
			if store.Down = say(why, maxMessage); store.Down == "{}" {
				store.Down = "no reason given"
			}
			out = append(out, store)
		}
	}
	slices.SortFunc(out, func(a, b Store) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out[:min(len(out), maxStores)]
}
