// Package ui is the frame of every page and the components that pages are made
// of: templ components that know words, links and numbers, and no domain type.
//
// A face writes
//
//	@ui.Layout(ui.Page{Title: i18n.T(ctx, "roster.title"), Nav: "roster"}) {
//		@ui.Card(i18n.T(ctx, "ui.navigation"), nil) { … }
//	}
//
// and package web supplies the [Frame] (language, appearance, navigation, the
// signed-in person, messages of the last action) through the context.
//
// Rules: plain HTML that reads well without stylesheet and script; no style
// attribute and no inline script, because the content security policy refuses
// both; every component is usable by keyboard and named for screen readers.
// The classes are those of static/app.css in package web.
package ui
