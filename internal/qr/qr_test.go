package qr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	qrcode "github.com/skip2/go-qrcode"
)

// The path, drawn again, is the code that the library made.
func TestPathDrawsTheCode(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"http://127.0.0.1:8080/activate?c=K7QM-3XWP-9T2D-HV6R",
		"https://space.example.cn/activate?c=AAAA-BBBB-CCCC-DDDD", "学", strings.Repeat("长", 300),
	} {
		side, d, err := Path(content)
		if err != nil {
			t.Fatal(err)
		}
		drawn := make([][]bool, side)
		for y := range drawn {
			drawn[y] = make([]bool, side)
		}
		for _, box := range strings.Split(strings.TrimSuffix(d, "z"), "z") {
			var x, y, run, back int
			if _, err := fmt.Sscanf(box, "M%d %dh%dv1h-%d", &x, &y, &run, &back); err != nil || run != back {
				t.Fatalf("box %q: %v", box, err)
			}
			for i := range run {
				drawn[y][x+i] = true
			}
		}
		code, err := qrcode.New(content, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(code.Bitmap(), drawn); diff != "" {
			t.Errorf("%s: %s", content, diff)
		}
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	svg, err := SVG("https://space.example.cn/activate?c=K7QM-3XWP-9T2D-HV6R", `激活"<码>`)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg, `aria-label="激活&#34;&lt;码&gt;"`) || strings.Contains(svg, "K7QM") {
		t.Errorf("label: %s", svg[:120])
	}
	if len(svg) > 8000 {
		t.Errorf("%d bytes", len(svg))
	}
	if _, err := SVG("", "x"); err == nil {
		t.Error("empty content drawn")
	}
	if _, err := SVG(strings.Repeat("x", 4000), "x"); err == nil {
		t.Error("too much content drawn")
	}
}
