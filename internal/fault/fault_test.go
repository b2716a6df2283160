package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/fault"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk")
	cases := []struct {
		name string
		err  error
		kind error
		key  string
		args []any
		text string
	}{
		{"new", fault.New(fault.ErrForbidden, "error.forbidden"), fault.ErrForbidden, "error.forbidden", nil, "forbidden (error.forbidden)"},
		{"wrapped further", fmt.Errorf("freeze: %w", fault.New(fault.ErrStale, "error.stale", 3)), fault.ErrStale, "error.stale", []any{3}, "freeze: stale (error.stale)"},
		{"with cause", fault.Wrap(fault.ErrUnavailable, cause, "error.unavailable"), fault.ErrUnavailable, "error.unavailable", nil, "unavailable (error.unavailable): disk"},
		{"fields", fault.Invalid(fault.At("name", "error.required")), fault.ErrInvalid, "error.invalid", []any{1}, "invalid (error.invalid name=error.required)"},
		{"internal", cause, nil, "", nil, "disk"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.Kind(c.err); got != c.kind {
				t.Errorf("kind %v, want %v", got, c.kind)
			}
			key, args := fault.Message(c.err)
			if key != c.key || !cmp.Equal(args, c.args) {
				t.Errorf("message %q %v, want %q %v", key, args, c.key, c.args)
			}
			if c.err.Error() != c.text {
				t.Errorf("text %q, want %q", c.err, c.text)
			}
		})
	}
}

func TestCauseAndFields(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk")
	if err := fault.Wrap(fault.ErrConflict, cause, "k.k"); !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	want := []fault.Field{{Name: "a", Key: "x.y", Args: []any{1}}, {Name: "b", Key: "x.z"}}
	err := fmt.Errorf("import: %w", fault.Invalid(want...))
	if diff := cmp.Diff(want, fault.Fields(err)); diff != "" {
		t.Error(diff)
	}
	if fault.Fields(cause) != nil {
		t.Error("an internal error has no fields")
	}
}
