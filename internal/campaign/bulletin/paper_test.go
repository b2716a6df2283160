package bulletin

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"learnspace/internal/access"
	"learnspace/internal/db/dbtest"
)

func TestPaper(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, h *dbtest.Harness) {
		f := frozen(t, h)
		f.must(f.s.SetTarget(f.ctx, f.officer("", access.Province, "22"), f.node("220100"), 2019, 270, "吉教办〔2019〕12号"))
		f.must(f.s.Dispute(f.ctx, f.officer("", access.Reporter, "220500"), october, f.node("220500"), Objection{FigurePupilBase, 104, "转出2人未办结"}))
		f.must(f.s.Answer(f.ctx, f.officer("", access.Province, "22"), october, f.node("220500"), FigurePupilBase, Reply{OutcomeNoted, "待转入地接收。"}))
		f.issue("核对提前完成")
		v, err := f.s.Show(f.ctx, f.officer("", access.Inspector, "220100"), october, 0)
		f.must(err)
		c := v.Content
		code := c.Code
		for i := range c.Rows {
			c.Rows[i].Node = 0
		}
		c.Total.Node, c.Code = 0, ""
		var out bytes.Buffer
		f.must(c.Write(&out, HTML))
		got := plainText(out.String())
		path := filepath.Join("testdata", "bulletin.txt")
		if *update {
			f.must(os.WriteFile(path, []byte(got), 0o644))
		}
		want, err := os.ReadFile(path)
		f.must(err)
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("the paper reads otherwise (go test -update writes it again):\n%s", diff)
		}
		if len(code) != 9 {
			t.Errorf("version code %q", code)
		}
		for _, format := range []string{DOCX, XLSX} {
			out.Reset()
			f.must(c.Write(&out, format))
			if !strings.HasPrefix(out.String(), "PK") {
				t.Errorf("%s is no archive", format)
			}
		}
	})
}

// plainText is a page without its tags and styles, a block a line.
func plainText(page string) string {
	_, page, _ = strings.Cut(page, "</head>")
	for _, end := range []string{"</p>", "</h1>", "</h2>", "</h3>", "</tr>", "</caption>"} {
		page = strings.ReplaceAll(page, end, "\n")
	}
	for _, end := range []string{"</td>", "</th>"} {
		page = strings.ReplaceAll(page, end, "\t")
	}
	var b strings.Builder
	inTag := false
	for _, r := range page {
		switch {
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		case !inTag:
			b.WriteRune(r)
		}
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSpace(line); line != "" {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}
