// Package chrome drives a headless Chromium for the tests that need a real
// browser: journeys, accessibility (axe-core, MPL-2.0, in this folder with its
// licence) and pictures of pages.
//
//	browser, ok := chrome.Start(t)
//	if !ok { return } // said once in the log: there is no Chromium here
//	tab := browser.Tab(chrome.Screen{Width: 390, Height: 844})
//	tab.Open(server.URL + "/signin")
//	tab.Fill("#f-login", "zhoumuyang")
//	tab.Submit("button.btn-primary")
//
// Each tab has cookies of its own. A step that fails ends the test.
package chrome
