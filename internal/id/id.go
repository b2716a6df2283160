package id

import (
	"database/sql/driver"
	"fmt"
	"strconv"
)

// ID is an identifier of one kind of thing; T only keeps the kinds apart. The
// zero value means none.
type ID[T any] int64

type issuerKind struct{}

type (
	personKind    struct{}
	nodeKind      struct{}
	spaceKind     struct{}
	accountKind   struct{}
	sessionKind   struct{}
	eventKind     struct{}
	auditKind     struct{}
	batchKind     struct{}
	postKind      struct{}
	commentKind   struct{}
	grantKind     struct{}
	edgeKind      struct{}
	bulletinKind  struct{}
	noticeKind    struct{}
	jobKind       struct{}
	codeKind      struct{}
	sheetKind     struct{}
	consentKind   struct{}
	pictureKind   struct{}
	reportKind    struct{}
	transferKind  struct{}
	mergeKind     struct{}
	departureKind struct{}
	requestKind   struct{}
	lookKind      struct{}
	exportKind    struct{}
	alarmKind     struct{}
	pendingKind   struct{}
	passkeyKind   struct{}
	viewKind      struct{}
)

// The kinds of the product.
type (
	// Person names a natural person.
	Person = ID[personKind]
	// Node names a node of the organisation tree.
	Node = ID[nodeKind]
	// Space names a personal, institution or group space.
	Space = ID[spaceKind]
	// Account names a sign-in account.
	Account = ID[accountKind]
	// Session names a signed-in session.
	Session = ID[sessionKind]
	// Event names an event; its seq orders it.
	Event = ID[eventKind]
	// Audit names an audit row.
	Audit = ID[auditKind]
	// Batch names an import batch.
	Batch = ID[batchKind]
	// Post names a post in a space.
	Post = ID[postKind]
	// Comment names a comment on a post.
	Comment = ID[commentKind]
	// Grant names a grant of a role in a subtree.
	Grant = ID[grantKind]
	// Edge names an edge of a tree over a span of time.
	Edge = ID[edgeKind]
	// Bulletin names a monthly bulletin.
	Bulletin = ID[bulletinKind]
	// Notice names a notification to a person.
	Notice = ID[noticeKind]
	// Job names a piece of background work.
	Job = ID[jobKind]
	// Code names an activation code.
	Code = ID[codeKind]
	// Issuer names an OpenID Connect provider.
	Issuer = ID[issuerKind]
	// Sheet names a printed sheet of activation slips.
	Sheet = ID[sheetKind]
	// Consent names a guardian's answer.
	Consent = ID[consentKind]
	// Picture names a picture of a post.
	Picture = ID[pictureKind]
	// Report names a report of content by a reader.
	Report = ID[reportKind]
	// Transfer names a pending move of a person between schools.
	Transfer = ID[transferKind]
	// Merge names a merging of two records of one person.
	Merge = ID[mergeKind]
	// Departure names a person's leaving, graduation or death.
	Departure = ID[departureKind]
	// Request names what a person asks of the data held about him.
	Request = ID[requestKind]
	// Look names one look at a person's data.
	Look = ID[lookKind]
	// Export names a request to take persons' data out in a file.
	Export = ID[exportKind]
	// Alarm names what the security administrator must see.
	Alarm = ID[alarmKind]
	// Pending names a half-open sign-in.
	Pending = ID[pendingKind]
	// Passkey names a passkey of an account.
	Passkey = ID[passkeyKind]
	// View names a time in which an operator looks at somebody's pages.
	View = ID[viewKind]
)

// Parse reads a decimal id. The empty string, signs, leading zeros, zero and
// anything beyond 63 bits are errors, so that one id has one spelling.
func Parse[T any](s string) (ID[T], error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || s[0] == '+' || s[0] == '0' {
		return 0, fmt.Errorf("parse id %q: not an identifier", s)
	}
	return ID[T](n), nil
}

// IsZero reports whether i names nothing.
func (i ID[T]) IsZero() bool { return i == 0 }

// Int returns i as the integer that is stored.
func (i ID[T]) Int() int64 { return int64(i) }

// String returns the decimal form, "0" for none.
func (i ID[T]) String() string { return strconv.FormatInt(int64(i), 10) }

// MarshalText returns the decimal form, so JSON shows a string; none is "".
func (i ID[T]) MarshalText() ([]byte, error) {
	if i == 0 {
		return []byte{}, nil
	}
	return strconv.AppendInt(nil, int64(i), 10), nil
}

// UnmarshalText reads what MarshalText writes; "" and "0" give none.
func (i *ID[T]) UnmarshalText(text []byte) error {
	if len(text) == 0 || string(text) == "0" {
		*i = 0
		return nil
	}
	v, err := Parse[T](string(text))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// Value gives the integer to a database driver.
func (i ID[T]) Value() (driver.Value, error) { return int64(i), nil }

// Scan takes an integer column; NULL gives none.
func (i *ID[T]) Scan(src any) error {
	switch v := src.(type) {
	case int64:
		*i = ID[T](v)
	case nil:
		*i = 0
	default:
		return fmt.Errorf("scan id from %T", src)
	}
	return nil
}
