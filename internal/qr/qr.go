// Package qr draws QR codes (GB/T 18284, ISO/IEC 18004) as inline SVG: one path of a
// few hundred characters, so that a page of activation slips needs no pictures, no
// script and no further request.
package qr

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// Path draws content with error correction M (15 %) and a quiet zone of four modules.
// It returns the side of the square in modules and the SVG path of the dark ones,
// one closed box for each horizontal run. It fails when content is empty or longer
// than a code holds (about 2,300 bytes).
func Path(content string) (side int, d string, err error) {
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return 0, "", fmt.Errorf("draw QR code of %d bytes: %w", len(content), err)
	}
	rows := code.Bitmap()
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			run := 1
			for x+run < len(row) && row[x+run] {
				run++
			}
			n := strconv.Itoa(run)
			b.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + n + "v1h-" + n + "z")
			x += run
		}
	}
	return len(rows), b.String(), nil
}

// SVG draws content as an svg element with black modules on white, in both themes and
// in print. label is the text for who does not see it and never the content itself.
// Size comes from the style sheet (class qr). Errors are those of Path.
func SVG(content, label string) (string, error) {
	side, d, err := Path(content)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		side, side, html.EscapeString(label), side, side, d), nil
}
