package rights_test

import "learnspace/internal/paper"

// textOf is a block as plain text, cells with bars between.
func textOf(b paper.Block) string {
	switch b := b.(type) {
	case paper.Paragraph:
		return b.Text + "\n"
	case paper.Heading:
		return b.Text + "\n"
	case paper.Table:
		out := ""
		for _, row := range b.Rows {
			for _, c := range row {
				out += c.String() + "|"
			}
			out += "\n"
		}
		return out
	}
	return ""
}
