package demo

import (
	"learnspace/internal/codes"
)

// treeRow is one line of the organisation as the import reads it.
type treeRow struct {
	Code, Name, NameKo, Kind, Parent, ReportsTo, Type, Lang string
}

// tree lists the province, the regions of 2019, 长白山 with its three school
// districts, and the schools: parents first. 梅河口 and 公主岭 lie in their
// prefectures and report to the province (吉教发〔2015〕1号).
func (w *world) tree() []treeRow {
	var rows []treeRow
	for _, r := range codes.RegionsOn(20190301) {
		row := treeRow{Code: r.Code, Name: r.Name, Kind: r.Level, Parent: r.Parent}
		if r.Level == "province" {
			row.Parent = ""
		}
		if r.Code == "220581" || r.Code == "220381" {
			row.ReportsTo = "220000"
		}
		rows = append(rows, row)
	}
	rows = append(rows, treeRow{Code: baishan, Name: "长白山保护开发区", Kind: "zone", Parent: "220000", ReportsTo: "220000"})
	for _, d := range zoneDistricts {
		rows = append(rows, treeRow{Code: d.code, Name: "长白山" + d.name, Kind: "district", Parent: baishan})
	}
	for _, kind := range []string{"school", "point"} {
		for _, s := range w.schools {
			if s.kind == kind {
				rows = append(rows, treeRow{Code: s.code, Name: s.name, NameKo: s.nameKo, Kind: s.kind, Parent: s.parent, Type: s.typ, Lang: s.lang})
			}
		}
	}
	return rows
}
