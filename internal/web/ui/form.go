package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// FieldError is one complaint in the reader's language about one input.
type FieldError struct {
	Name string
	Text string
}

// Errors are the complaints of one form, in the order of the form.
type Errors []FieldError

// In returns the first complaint about the input, "" for none.
func (e Errors) In(name string) string {
	for _, f := range e {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}

// Input describes one field of a form. Label is visible above it, Hint under
// it, Error after both.
type Input struct {
	Name  string
	Label string
	Hint  string
	Error string
	Value string
	// Type is the type of an input: text when empty.
	Type string
	// ID is f-Name when empty.
	ID           string
	Autocomplete string
	Placeholder  string
	InputMode    string
	// Pattern of the look: "code" for activation codes, "short" for a narrow field.
	Look string
	// Required stands in the HTML only as aria-required: the server answers an
	// empty field with what it expects, the browser does not stop the form.
	Required bool
	// Optional marks the label.
	Optional  bool
	MaxLength int
	// Rows is the height of a text area; 4 when 0.
	Rows int
	// Attrs are further attributes.
	Attrs templ.Attributes
}

func (i Input) id() string {
	if i.ID != "" {
		return i.ID
	}
	return FieldID(i.Name)
}

// FieldID is the id of the field with this name.
func FieldID(name string) string {
	if strings.ContainsAny(name, ".[] ") {
		name = idSafe.Replace(name)
	}
	return "f-" + name
}

var idSafe = strings.NewReplacer(".", "-", "[", "-", "]", "", " ", "-")

func (i Input) kind() string {
	if i.Type == "" {
		return "text"
	}
	return i.Type
}

// shows reports whether a password may be looked at: one's own, not a key of a
// server.
func (i Input) shows() bool {
	return i.kind() == "password" && strings.HasSuffix(i.Autocomplete, "-password")
}

func (i Input) class() string {
	switch i.Look {
	case "code":
		return "input code-in"
	case "short":
		return "input input-short"
	}
	return "input"
}

// describedBy names hint and error for the screen reader.
func (i Input) describedBy() string {
	switch {
	case i.Hint != "" && i.Error != "":
		return i.id() + "-h " + i.id() + "-e"
	case i.Hint != "":
		return i.id() + "-h"
	case i.Error != "":
		return i.id() + "-e"
	}
	return ""
}

func (i Input) rows() int {
	if i.Rows == 0 {
		return 4
	}
	return i.Rows
}

// Option is one choice of a select, a group of radio buttons or checkboxes.
type Option struct {
	Value string
	Label string
	// Hint is a second line; a select does not show it.
	Hint     string
	Disabled bool
}

// Hidden is one hidden field.
type Hidden struct{ Name, Value string }

// KeyName is the name of the hidden field that makes a form repeatable
// without effect.
const KeyName = "_key"
