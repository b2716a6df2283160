package roster

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/id"
	"learnspace/internal/org"
)

const (
	chunkLeast = 1_000 // rows of a chunk while somebody waits for the database
	chunkMost  = 9_000 // rows of a chunk while nobody does
)

// engine takes the rows of one request from the files into a sink.
type engine struct {
	s        *Service
	by       access.Actor
	node     org.Node
	mode     Mode
	release  bool
	day      clock.Day
	files    []*sheet.File
	names    []string
	entries  []FileReport // one a visible sheet, in order
	bases    []int        // index of the first entry of each file
	batch    id.Batch     // 0 for a dry run
	keep     bool         // rows are kept for mending
	schools  *schools
	progress func(int64)
	limit    int64 // rows of the request; 0 for no limit
	size     atomic.Int64
}

// engine opens the files. A refused file gives the report that names it.
func (s *Service) engine(ctx context.Context, by access.Actor, node org.Node, sources []Source) (*engine, Report, error) {
	e := &engine{s: s, by: by, node: node, mode: Add, day: clock.DayOf(s.now()), schools: newSchools(s, node)}
	e.size.Store(chunkLeast)
	for _, src := range sources {
		f, err := sheet.Open(ctx, src.Data, src.Size, sheet.Limits{})
		if code := sheet.RefusalCode(err); code != "" {
			return nil, refusal(src.Name, code), nil
		}
		if err != nil {
			return nil, Report{}, fmt.Errorf("open roster: %w", err)
		}
		e.files, e.names = append(e.files, f), append(e.names, src.Name)
	}
	name, code, err := e.probe(ctx)
	if code != "" {
		return nil, refusal(name, code), nil
	}
	if err != nil {
		return nil, Report{}, fmt.Errorf("read roster: %w", err)
	}
	return e, Report{}, nil
}

// refusal is the report of a request whose file cannot be read.
func refusal(name, code string) Report {
	r := Report{Files: []FileReport{{File: name, Refused: code}}}
	r.sum()
	return r
}

func (e *engine) close() {
	for _, f := range e.files {
		_ = f.Close()
	}
}

// chunk is a run of rows that go into the database together.
type chunk struct {
	first int64 // number of the first row in the request, from 0
	items []*item
}

// stream reads all files, prepares the rows beside the database's work and
// hands them to take in order. skip rows are read and not handed on. No more
// than two chunks are in memory.
func (e *engine) stream(ctx context.Context, skip int64, take func(chunk) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := make(chan chunk)
	go func() {
		defer close(ready)
		if err := e.read(ctx, skip, ready); err != nil {
			cancel(err)
		}
	}()
	for c := range ready {
		if ctx.Err() != nil {
			continue
		}
		if err := take(c); err != nil {
			cancel(err)
		}
	}
	return context.Cause(ctx)
}

// prepareAll hashes and seals what the rows say, a part at a time so that
// memory stays small.
func (e *engine) prepareAll(items []*item) error {
	for part := range slices.Chunk(items, 2000) {
		if err := e.prepare(part); err != nil {
			return err
		}
	}
	return nil
}

// read sends the rows of every file in chunks of the size wanted now.
func (e *engine) read(ctx context.Context, skip int64, out chan<- chunk) error {
	var count int64
	var c chunk
	send := func() error {
		if len(c.items) == 0 {
			return nil
		}
		if err := e.prepareAll(c.items); err != nil {
			return err
		}
		select {
		case out <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		c = chunk{}
		return nil
	}
	for i := range e.files {
		err := e.readFile(ctx, i, func(entry int, r *read.Row) error {
			count++
			if e.limit > 0 && count > e.limit {
				return errTooManyRows
			}
			if count <= skip {
				return nil
			}
			if len(c.items) == 0 {
				c.first = count - 1
				c.items = make([]*item, 0, e.size.Load())
			}
			c.items = append(c.items, e.item(entry, r))
			if int64(len(c.items)) >= e.size.Load() {
				return send()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return send()
}

// grow sets the size of the next chunk by who waits now.
func (e *engine) grow() {
	if e.s.db.Waiting() > 0 {
		e.size.Store(max(chunkLeast, e.size.Load()/4))
		return
	}
	e.size.Store(min(chunkMost, e.size.Load()*2))
}

// sum makes the report out of what every chunk gave.
func sum(batch id.Batch, entries []FileReport, classes []NewClass, leaving int64) Report {
	r := Report{Batch: batch, Files: entries, Classes: classes, Leaving: leaving}
	r.sum()
	return r
}
