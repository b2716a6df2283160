package chrome

import (
	"fmt"
	"os"
	"path/filepath"
)

// Looks are the screens on which Look examines a page: the narrowest phone, a
// phone in the dark, a desk.
var Looks = []Screen{{Width: 320, Height: 800}, {Width: 390, Height: 844, Dark: true}, {Width: 1440, Height: 900}}

// Look opens a page of the server at base with a session's token, on each of
// screens, and examines it as a reader with a screen reader or a narrow phone
// meets it: nothing wider than the screen, no violation of accessibility. name
// stands for the page in what is said, and in the file names of the pictures
// that go to the folder $LEARNSPACE_PICTURES, if there is one.
func (b *Browser) Look(base, token, path, name string, screens []Screen) {
	b.t.Helper()
	tab := b.Tab(screens[0])
	tab.Open(base + "/healthz")
	Eval[string](tab, `document.cookie = "ls=`+token+`; path=/"`)
	for _, s := range screens {
		tab.Screen(s)
		tab.Open(base + path)
		tab.See("h1")
		if n := tab.Overflow(); n > 0 {
			b.t.Errorf("%s at %d px: %d px too wide", name, s.Width, n)
		}
		for _, v := range tab.Axe() {
			b.t.Errorf("%s at %d px: %v", name, s.Width, v)
		}
		if dir := os.Getenv("LEARNSPACE_PICTURES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, s.Width)), tab.Picture(), 0o600); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}
