package roster

// OnCommit lets a test know after how many rows a chunk is durable.
func (s *Service) OnCommit(fn func(rows int64)) { s.committed = fn }
