package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
)

// testName is the report that a test delivers, in messages and in the keys of archives.
const testName = "promsnap-test"

// UnknownReceiverError says that a requested receiver is not in the configuration.
type UnknownReceiverError struct {
	Name string
	Have []string
}

func (e *UnknownReceiverError) Error() string {
	return fmt.Sprintf("no receiver %q in the configuration; %s", e.Name, instead(e.Name, e.Have))
}

// Test delivers one thing that is marked as a test: a message to people, a report without panels to
// an archive, an alert that is resolved at once to PagerDuty or Opsgenie, an alert that ends by
// itself to an Alertmanager, metrics that are deleted again to a Pushgateway. It is not recorded
// and not retried.
func Test(ctx context.Context, cfg *config.Config, name string, o Options) (notify.Receipt, error) {
	i := slices.IndexFunc(cfg.Receivers, func(r config.Receiver) bool { return r.Name == name })
	if i < 0 {
		e := &UnknownReceiverError{Name: name}
		for _, r := range cfg.Receivers {
			e.Have = append(e.Have, r.Name)
		}
		return notify.Receipt{}, e
	}
	to, err := openReceiver(ctx, cfg.Receivers[i])
	if err != nil {
		return notify.Receipt{}, fmt.Errorf("receiver %s: %w", name, err)
	}
	d := notify.Delivery{Report: report.Build(report.Info{
		Cluster: cfg.Cluster, Name: testName, Title: "A test of promsnap", Slot: o.Slot,
		Version: o.Version,
	}, nil)}
	if to.config.Role != config.RoleArchive {
		d.Message = &notify.Message{Kind: notify.KindTest}
	} else if d.Files, err = filesOf(ctx, d.Report); err != nil {
		return notify.Receipt{}, fmt.Errorf("drawing the test: %w", err)
	}
	receipt, err := to.notifier.Notify(ctx, d)
	if err != nil {
		return receipt, fmt.Errorf("delivering a test to %s: %w", name, err)
	}
	return receipt, nil
}
