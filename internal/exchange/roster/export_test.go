package roster

import "context"

// OnCommit lets a test know after how many rows a chunk is durable.
func (s *Service) OnCommit(fn func(rows int64)) { s.committed = fn }

// Sweep runs what the queue runs at night.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }
