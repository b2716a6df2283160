package metrics

import (
	"context"
	"fmt"

	"learnspace/internal/db"
	"learnspace/internal/event"
)

// Consumer returns the event consumer that keeps the figures.
func (s *Service) Consumer() event.Consumer { return consumer{} }

// ConsumerName is the name under which the figures' cursor is kept.
const ConsumerName = "metrics"

type consumer struct{}

// Name implements event.Consumer.
func (consumer) Name() string { return ConsumerName }

// Consume folds the events within the transaction.
func (consumer) Consume(ctx context.Context, tx *db.Tx, es []event.Event) error {
	t := &tables{tx: tx}
	s := newState(t)
	if err := t.prefetch(ctx, s, es); err != nil {
		return err
	}
	if err := s.apply(ctx, es); err != nil {
		return err
	}
	return s.flush(ctx)
}

// folded lists the tables that a rebuild fills again.
var folded = []string{"met_node", "met_leaf", "met_roll", "met_frozen", "met_person", "met_presence", "met_unit", "met_month"}

// Reset empties the folded tables.
func (consumer) Reset(ctx context.Context, tx *db.Tx) error {
	for _, t := range folded {
		if _, err := tx.Exec(ctx, "DELETE FROM "+t); err != nil {
			return fmt.Errorf("empty %s: %w", t, err)
		}
	}
	return nil
}
