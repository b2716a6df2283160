package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

var (
	// ErrNoRows is returned by Row.Scan when the query gave nothing.
	ErrNoRows = sql.ErrNoRows
	// ErrLocked is returned by Open when another process writes the file.
	ErrLocked = errors.New("the database is in use by another process")
	// ErrClosed is returned once the database is closed.
	ErrClosed = errors.New("the database is closed")
	// ErrReadOnly is returned by Tx on a database opened for reading.
	ErrReadOnly = errors.New("the database is open for reading only")
	// ErrDone is returned when a Tx is used after its closure has returned.
	ErrDone = errors.New("the transaction has ended")
	// errBroken: the engine has rolled the whole group back by itself.
	errBroken = errors.New("the engine rolled the transaction back")
)

// Result codes of SQLite, with their extensions where they are asked for.
const (
	codeBusy       = 5
	codeLocked     = 6
	codeNoMem      = 7
	codeInterrupt  = 9
	codeIOErr      = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCantOpen   = 14
	codePrimaryKey = 19 | 6<<8
	codeUnique     = 19 | 8<<8
	codeRowID      = 19 | 10<<8
)

// SQLSTATEs of PostgreSQL.
const (
	stateUnique        = "23505"
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
	stateLockTimeout   = "55P03"
	stateCancelled     = "57014" // statement_timeout among other reasons
	stateDiskFull      = "53100"
)

// IsUnique reports whether err is the violation of a unique constraint.
func IsUnique(err error) bool {
	code, state := class(err)
	return code == codeUnique || code == codePrimaryKey || code == codeRowID || state == stateUnique
}

// IsBusy reports whether err means that the engine gave way to another writer
// and the work may succeed when it is done again.
func IsBusy(err error) bool {
	code, state := class(err)
	switch code & 0xff {
	case codeBusy, codeLocked:
		return true
	}
	switch state {
	case stateSerialization, stateDeadlock, stateLockTimeout:
		return true
	}
	return false
}

// IsFull reports whether err means that the disk under the database is full.
func IsFull(err error) bool {
	code, state := class(err)
	return code&0xff == codeFull || state == stateDiskFull || errors.Is(err, syscall.ENOSPC)
}

// IsSlow reports whether err means that a statement took longer than it may,
// or waited that long for others.
func IsSlow(err error) bool {
	_, state := class(err)
	return state == stateCancelled || IsBusy(err) || errors.Is(err, context.DeadlineExceeded)
}

// IsDown reports whether err means that the database cannot be reached, read
// or written at all for now.
func IsDown(err error) bool {
	code, state := class(err)
	switch code & 0xff {
	case codeIOErr, codeCantOpen, codeNoMem:
		return true
	}
	// Connection exceptions, the server starts or stops, out of connections.
	if strings.HasPrefix(state, "08") || strings.HasPrefix(state, "57P") || strings.HasPrefix(state, "53") {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, ErrClosed)
}

// class returns the engine's own code of err: SQLite's number or PostgreSQL's
// five letters.
func class(err error) (code int, state string) {
	if err == nil {
		return 0, ""
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code(), ""
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return 0, e.Code
	}
	return 0, ""
}

// mayRollBack reports whether SQLite may have rolled back the whole
// transaction together with the statement that failed with err.
func mayRollBack(err error) bool {
	code, _ := class(err)
	switch code & 0xff {
	case codeBusy, codeNoMem, codeInterrupt, codeIOErr, codeCorrupt, codeFull:
		return true
	}
	return false
}
