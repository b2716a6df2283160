package fault

import (
	"errors"
	"strings"
)

// The kinds. Each is tested with errors.Is; an error that is none of them is
// internal.
var (
	// ErrInvalid means that the input breaks a rule that the user can mend.
	ErrInvalid = errors.New("invalid")
	// ErrForbidden means that the actor may see the object and may not do this with it.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound means that the object does not exist for this actor.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that the state of things does not allow the step.
	ErrConflict = errors.New("conflict")
	// ErrStale means that somebody else changed the object in between.
	ErrStale = errors.New("stale")
	// ErrTooMany means that a limit on tries or size is used up.
	ErrTooMany = errors.New("too many")
	// ErrUnavailable means that the product cannot do it now and can later.
	ErrUnavailable = errors.New("unavailable")
)

// Field is one complaint about one input: the name of the form field, the
// message key and the message's arguments.
type Field struct {
	Name string
	Key  string
	Args []any
}

// problem is an error of a kind with the user's words as a message key.
type problem struct {
	kind   error
	cause  error
	key    string
	args   []any
	fields []Field
}

// New returns an error of the kind whose words for the user are the message
// key with args.
func New(kind error, key string, args ...any) error {
	return &problem{kind: kind, key: key, args: args}
}

// Wrap is New with a cause that goes to the log and never to the page.
func Wrap(kind, cause error, key string, args ...any) error {
	return &problem{kind: kind, cause: cause, key: key, args: args}
}

// Invalid returns an error of kind ErrInvalid that names the fields at fault.
// Its message is error.invalid with the number of fields.
func Invalid(fields ...Field) error {
	return &problem{kind: ErrInvalid, key: "error.invalid", args: []any{len(fields)}, fields: fields}
}

// At is short for a Field with a message key and arguments.
func At(name, key string, args ...any) Field {
	return Field{Name: name, Key: key, Args: args}
}

// Error gives the text for the log: kind, message key, field names and cause.
func (p *problem) Error() string {
	var b strings.Builder
	b.WriteString(p.kind.Error())
	if p.key != "" {
		b.WriteString(" (")
		b.WriteString(p.key)
		for _, f := range p.fields {
			b.WriteString(" ")
			b.WriteString(f.Name)
			b.WriteString("=")
			b.WriteString(f.Key)
		}
		b.WriteString(")")
	}
	if p.cause != nil {
		b.WriteString(": ")
		b.WriteString(p.cause.Error())
	}
	return b.String()
}

// Unwrap gives kind and cause, so that errors.Is and errors.As see both.
func (p *problem) Unwrap() []error {
	if p.cause == nil {
		return []error{p.kind}
	}
	return []error{p.kind, p.cause}
}

// Message returns the message key and arguments for the user, or "" when the
// error carries none.
func Message(err error) (key string, args []any) {
	var p *problem
	if errors.As(err, &p) {
		return p.key, p.args
	}
	return "", nil
}

// Fields returns the fields at fault, or nil.
func Fields(err error) []Field {
	var p *problem
	if errors.As(err, &p) {
		return p.fields
	}
	return nil
}

// Kind returns the kind of err, or nil for an internal error.
func Kind(err error) error {
	for _, k := range []error{ErrInvalid, ErrForbidden, ErrNotFound, ErrConflict, ErrStale, ErrTooMany, ErrUnavailable} {
		if errors.Is(err, k) {
			return k
		}
	}
	return nil
}
