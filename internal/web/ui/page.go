package ui

import "github.com/a-h/templ"

// Page is what a face says about a page. Title is shown as the h1 and in the
// browser's title; every page has exactly one h1.
type Page struct {
	Title string
	// Lead is one sentence under the title; may be "".
	Lead string
	// Nav is the key of the active navigation item.
	Nav string
	// Crumbs lead to the page; the last is the page itself.
	Crumbs []Crumb
	// Actions stand beside the title; nil for none.
	Actions templ.Component
	// NoHead leaves the head to the page, which then writes the h1 itself: a
	// cover, or the title of an official document.
	NoHead bool
	// Narrow is for a page with one short form.
	Narrow bool
	// Refresh loads the page again after so many seconds where no script runs;
	// with script the part that changes asks for itself.
	Refresh int
	// Bare leaves out the side navigation: sign-in, activation, print sheets.
	Bare bool
}

// heading is the browser's title.
func (p Page) heading(brand string) string {
	if brand == "" {
		return p.Title
	}
	return p.Title + " · " + brand
}

func (p Page) wrap() string {
	if p.Narrow {
		return "wrap wrap-narrow"
	}
	return "wrap"
}

// Nothing is an empty component.
func Nothing() templ.Component { return templ.NopComponent }
