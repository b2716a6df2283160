package read

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"learnspace/internal/i18n"
)

// templateColumn is a column of a blank roster.
type templateColumn struct {
	field    Field
	required bool
	text     bool // stored as text, so that long numbers keep their digits
	width    float64
}

var pupilTemplate = []templateColumn{
	{Name, true, true, 12}, {Sex, false, true, 6}, {Birth, false, true, 12}, {IDType, false, true, 14}, {IDNo, false, true, 22}, {StudentNo, false, true, 23},
	{NoIDReason, false, true, 16}, {Ethnic, false, true, 10}, {Grade, true, true, 10}, {Class, true, true, 10}, {Enrolled, false, true, 10}, {Boarding, false, true, 10}, {Phone, false, true, 14},
	{GuardianName, false, true, 12}, {GuardianRelation, false, true, 12}, {GuardianPhone, false, true, 14},
	{Guardian2Name, false, true, 12}, {Guardian2Relation, false, true, 12}, {Guardian2Phone, false, true, 14},
}

var staffTemplate = []templateColumn{
	{Name, true, true, 12}, {Sex, false, true, 6}, {IDType, false, true, 14}, {IDNo, true, true, 22}, {Ethnic, false, true, 10}, {Phone, false, true, 14},
	{Post, true, true, 14}, {Subject, false, true, 14}, {Class, false, true, 20}, {ClassTeacher, false, true, 14}, {PrimaryUnit, false, true, 16},
}

// orgWords are the columns of `import org`, in Chinese and English as the contract
// has them.
var orgWords = [][2]string{
	{"代码", "code"}, {"名称", "name"}, {"类别", "kind"}, {"上级代码", "parent"}, {"填报上级", "reports_to"}, {"办学类型", "type"}, {"启用日期", "from"}, {"停用日期", "to"}, {"标志", "flag"},
}

// WriteTemplate writes a blank workbook to fill in: kind is pupils, staff or org.
// Its one sheet has a row of notes and the header; it lists nobody. Numbers stand
// in text columns, so that a spreadsheet leaves their digits alone.
func WriteTemplate(w io.Writer, kind string, l i18n.Language) error {
	f := excelize.NewFile()
	defer f.Close()
	var headers []string
	var columns []templateColumn
	switch kind {
	case "pupils":
		columns = pupilTemplate
	case "staff":
		columns = staffTemplate
	case "org":
		for _, words := range orgWords {
			headers = append(headers, words[map[bool]int{true: 1}[l == i18n.English]])
			columns = append(columns, templateColumn{text: true, width: 16})
		}
	default:
		return fmt.Errorf("write template: no kind %q", kind)
	}
	for _, c := range columns {
		if c.field != "" {
			h := i18n.Text(l, "roster.field."+string(c.field))
			if c.required {
				h += "*"
			}
			headers = append(headers, h)
		}
	}
	if err := fillTemplate(f, kind, l, headers, columns); err != nil {
		return fmt.Errorf("write template %s: %w", kind, err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write template %s: %w", kind, err)
	}
	return nil
}

func fillTemplate(f *excelize.File, kind string, l i18n.Language, headers []string, columns []templateColumn) error {
	sheet := i18n.Text(l, "roster.template."+kind+".sheet")
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	text, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return err
	}
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: 49, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E2EFEA"}}})
	if err != nil {
		return err
	}
	note, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(len(headers))
	if err != nil {
		return err
	}
	for i, c := range columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := f.SetColWidth(sheet, name, name, c.width); err != nil {
			return err
		}
	}
	row := "1"
	if kind != "org" { // the organisation's file is read by other rules: its header is the first row
		row = "2"
		if err := f.SetCellStr(sheet, "A1", i18n.Text(l, "roster.template."+kind+".note")); err != nil {
			return err
		}
		if err := f.MergeCell(sheet, "A1", last+"1"); err != nil {
			return err
		}
		if err := f.SetRowHeight(sheet, 1, 96); err != nil {
			return err
		}
	}
	if err := f.SetColStyle(sheet, "A:"+last, text); err != nil {
		return err
	}
	if row == "2" {
		if err := f.SetCellStyle(sheet, "A1", last+"1", note); err != nil {
			return err
		}
	}
	if err := f.SetSheetRow(sheet, "A"+row, &headers); err != nil {
		return err
	}
	if err := f.SetCellStyle(sheet, "A"+row, last+row, head); err != nil {
		return err
	}
	y := int(row[0] - '0')
	return f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: y, TopLeftCell: fmt.Sprintf("A%d", y+1), ActivePane: "bottomLeft"})
}
