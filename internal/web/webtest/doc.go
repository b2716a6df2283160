// Package webtest builds a server from routes with invented actors and asks
// its pages by CSS selector, for the tests of the faces.
//
//	site := webtest.New(t, face.Routes()...)
//	page := site.As(teacher).Get("/classes/7")
//	page.Want(http.StatusOK)
//	if page.Text("h1") != "七年级（3）班" { … }
package webtest
