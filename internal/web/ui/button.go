package ui

import "github.com/a-h/templ"

// Btn describes a button or a link that looks like one. Its words are verb and
// object; one primary a view.
type Btn struct {
	Text string
	// Kind is primary, outline (when empty), soft, ghost or danger.
	Kind string
	// Size is sm, lg or "".
	Size string
	Icon string
	// Href makes it a link in LinkButton.
	Href string
	// Name and Value are sent with the form; ID and Form as in HTML.
	Name, Value, ID, Form string
	// Hint is read out after the words, for rows of equal buttons: the object.
	Hint string
	// Block fills the width.
	Block bool
	// Open is the id of a dialog that script opens instead; the link leads to
	// its page without script.
	Open  string
	Attrs templ.Attributes
}

func (b Btn) class() string {
	kind := b.Kind
	if kind == "" {
		kind = "outline"
	}
	class := "btn btn-" + kind
	if b.Size != "" {
		class += " btn-" + b.Size
	}
	if b.Block {
		class += " btn-block"
	}
	return class
}

func orOne(v string) string {
	if v == "" {
		return "1"
	}
	return v
}
