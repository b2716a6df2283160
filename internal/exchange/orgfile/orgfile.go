package orgfile

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"learnspace/internal/exchange/roster/sheet"
	"learnspace/internal/org"
)

// headers are the words of the header, in the form of plainHeader.
var headers = map[string][]string{
	"code":       {"代码", "code", "机构代码", "单位代码", "节点代码", "标识码", "学校标识码", "学校代码", "编码"},
	"name":       {"名称", "name", "机构名称", "单位名称", "学校名称", "全称"},
	"name_ko":    {"朝文名称", "nameko", "朝鲜文名称", "朝语名称"},
	"kind":       {"类别", "kind", "机构类别", "节点类别", "单位类别"},
	"parent":     {"上级代码", "parent", "上级", "上级机构代码", "上级单位代码", "主管代码", "隶属代码"},
	"reports_to": {"填报上级", "reportsto", "填报上级代码", "填报单位代码", "填报单位"},
	"type":       {"办学类型", "type", "办学类型代码", "学校类型"},
	"from":       {"启用日期", "from", "启用时间", "生效日期", "开始日期"},
	"to":         {"停用日期", "to", "停用时间", "失效日期", "结束日期"},
	"flag":       {"标志", "flag", "标记"},
	"system":     {"学制", "system"},
	"lang":       {"教学语言", "lang", "语言"},
}

// needed are the columns without which a row is no header.
var needed = []string{"code", "name", "kind"}

// headerRows is how far down a header is looked for.
const headerRows = 30

// notRows begin rows that are no nodes.
var notRows = []string{"合计", "小计", "总计", "填表人", "审核人", "制表人", "注：", "注:", "说明：", "说明:"}

// Read reads all visible sheets of a file, in order. An error is a
// sheet.Refusal when the file is refused.
func Read(ctx context.Context, path string) ([]org.ImportRow, error) {
	f, err := sheet.OpenPath(ctx, path, sheet.Limits{})
	if err != nil {
		return nil, err
	}
	rows, err := readFile(ctx, f, filepath.Base(path))
	return rows, errors.Join(err, f.Close())
}

func readFile(ctx context.Context, f *sheet.File, name string) ([]org.ImportRow, error) {
	var out []org.ImportRow
	found := false
	for _, sh := range f.Sheets {
		rows, ok, err := readSheet(ctx, sh, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		found = found || ok
		out = append(out, rows...)
	}
	if !found {
		return nil, &sheet.Refusal{Code: sheet.HeaderNotFound}
	}
	return out, nil
}

// readSheet reads one sheet; ok is false where it has no header.
func readSheet(ctx context.Context, sh *sheet.Sheet, file string) (rows []org.ImportRow, ok bool, err error) {
	var columns map[string]int
	seen := 0
	err = sh.Each(ctx, func(r sheet.Row) error {
		if found := header(r); found != nil {
			if columns == nil {
				columns = found
			}
			return nil // a repeated header is no row
		}
		if columns == nil {
			if seen++; seen > headerRows {
				return errStop
			}
			return nil
		}
		if row, is := rowOf(r, columns); is {
			row.File, row.Sheet, row.Row = file, sh.Name, r.Number
			rows = append(rows, row)
		}
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return rows, columns != nil, err
}

// errStop ends the reading of a sheet that has no header.
var errStop = errors.New("no header")

// header returns the column of each field when the row is a header.
func header(r sheet.Row) map[string]int {
	columns := map[string]int{}
	for i, c := range r.Cells {
		word := plainHeader(c.Text)
		for field, words := range headers {
			if _, taken := columns[field]; !taken && slices.Contains(words, word) {
				columns[field] = i
			}
		}
	}
	for _, field := range needed {
		if _, ok := columns[field]; !ok {
			return nil
		}
	}
	return columns
}

// plainHeader takes out what habits add to a header: blanks, stars, the English
// word after a slash, what stands in brackets.
func plainHeader(text string) string {
	text, _, _ = strings.Cut(text, "/")
	for _, open := range []string{"（", "(", "【", "["} {
		text, _, _ = strings.Cut(text, open)
	}
	chinese := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\u3000\u00a0\ufeff*＊_：:", r) || chinese && r < unicode.MaxASCII {
			return -1
		}
		return r
	}, text))
}

// rowOf reads one row; is is false for blank rows, notes and totals.
func rowOf(r sheet.Row, columns map[string]int) (row org.ImportRow, is bool) {
	cell := func(field string) string {
		i, ok := columns[field]
		if !ok {
			return ""
		}
		return strings.TrimSpace(r.At(i).Text)
	}
	row = org.ImportRow{Code: cell("code"), Name: cell("name"), NameKo: cell("name_ko"), Kind: cell("kind"), Parent: cell("parent"),
		ReportsTo: cell("reports_to"), Type: cell("type"), From: cell("from"), To: cell("to"), Flag: cell("flag"),
		System: cell("system"), Lang: cell("lang")}
	if row == (org.ImportRow{}) {
		return row, false
	}
	for _, c := range r.Cells {
		if text := strings.TrimSpace(c.Text); text != "" {
			return row, !slices.ContainsFunc(notRows, func(w string) bool { return strings.HasPrefix(text, w) })
		}
	}
	return row, false
}
