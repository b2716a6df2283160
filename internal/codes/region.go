package codes

import (
	"slices"
	"sync"
)

// Levels of a Region.
const (
	LevelProvince   = "province"
	LevelPrefecture = "prefecture"
	LevelCounty     = "county"
)

// Codes that have a rule of their own.
const (
	// Province is the code of 吉林省. "22" means the same wherever a code is read.
	Province = "220000"
	// Changbaishan is the local code of 长白山保护开发区, which GB/T 2260 does not have.
	Changbaishan = "22CB00"
	// Meihekou is 梅河口市, under 通化市 but run directly by the province.
	Meihekou = "220581"
	// GongzhulingOld is 公主岭市 under 四平市, until GongzhulingMove.
	GongzhulingOld = "220381"
	// GongzhulingNew is 公主岭市 under 长春市, from GongzhulingMove.
	GongzhulingNew = "220184"
	// GongzhulingMove is the day from which 公主岭市 belongs to 长春市.
	GongzhulingMove int32 = 20200619
)

// A Region is a province, prefecture or county of GB/T 2260.
type Region struct {
	Code   string // six digits
	Name   string // official name, 中文
	Level  string // LevelProvince, LevelPrefecture or LevelCounty
	Parent string // code of the region above; "" for the province
	Kind   string // province, prefecture_city, autonomous_prefecture, district, county, county_city, autonomous_county
	From   int32  // first day of validity, 0: before any record here
	To     int32  // day after the last, 0: still valid
	Note   string // remark of the table, English
}

// ValidOn says whether the code was in force on the day.
func (r Region) ValidOn(day int32) bool { return r.From <= day && (r.To == 0 || day < r.To) }

var regionTable = load("regions", func(r record) Region {
	out := Region{
		Code: r["code"], Name: r["name"], Level: r["level"], Parent: r["parent"],
		Kind: r["kind"], Note: r["note"],
	}
	if r["in_2019"] == "0" {
		out.From = GongzhulingMove
	}
	if r["in_now"] == "0" {
		out.To = GongzhulingMove
	}
	return out
}, func(r Region) string { return r.Code })

// Regions returns every region of the table, the province first, then the
// prefectures, then the counties, each in order of code: those of 2019 and those of
// today, so 公主岭市 stands in it twice. Source: GB/T 2260.
func Regions() []Region { return regionTable().all() }

// RegionsOn returns the regions in force on the day (yyyymmdd), in table order.
func RegionsOn(day int32) []Region {
	return slices.DeleteFunc(Regions(), func(r Region) bool { return !r.ValidOn(day) })
}

// FindRegion finds a region by its six digits; "22" finds the province.
func FindRegion(code string) (Region, bool) { return regionTable().find(FullRegionCode(code)) }

// FullRegionCode completes "22" to "220000" and leaves every other code as it is.
func FullRegionCode(code string) string {
	if code == "22" {
		return Province
	}
	return code
}

// A Zone is an area that runs schools without being a region of GB/T 2260: a
// development zone, or 长白山保护开发区, which reports to the province itself.
type Zone struct {
	Code   string // six characters; Changbaishan is local, the others are statistical codes
	Name   string // official name, 中文
	Parent string // code of the region above
	Direct bool   // 直报: reports to the province
	Note   string // remark of the table, English
}

var zoneTable = load("zones", func(r record) Zone {
	return Zone{
		Code: r["code"], Name: r["name"], Parent: r["parent"],
		Direct: r["parent"] == Province, Note: r["note"],
	}
}, func(z Zone) string { return z.Code })

// Zones returns the development zones in order of code, 长白山 last.
func Zones() []Zone { return zoneTable().all() }

// FindZone finds a zone by its code.
func FindZone(code string) (Zone, bool) { return zoneTable().find(code) }

// A ReportingUnit is one row of the bulletin: whoever reports to the province
// without anybody between.
type ReportingUnit struct {
	Code   string // code of the region or zone
	Name   string // official name, 中文
	Kind   string // LevelPrefecture, LevelCounty, or "zone"
	Parent string // code of the administrative parent: not the province for 梅河口 and 公主岭
	Direct bool   // 直报 unit, printed after the prefectures
}

// ReportingUnits returns the units that report to the province on the day
// (yyyymmdd): the nine prefectures in order of code, then the 直报 units 长白山,
// 梅河口 and, before 2020-06-19, 公主岭. Twelve in 2019, eleven today
// (addressees of 吉教发〔2015〕1号). Pass any type over int32, such as clock.Day.
func ReportingUnits[D ~int32](day D) []ReportingUnit {
	units := slices.Clone(reportingUnits())
	if int32(day) >= GongzhulingMove {
		units = units[:len(units)-1]
	}
	return units
}

var reportingUnits = sync.OnceValue(func() []ReportingUnit {
	var units []ReportingUnit
	for _, r := range regionTable().list {
		if r.Level == LevelPrefecture {
			units = append(units, ReportingUnit{Code: r.Code, Name: r.Name, Kind: r.Level, Parent: r.Parent})
		}
	}
	for _, z := range zoneTable().list {
		if z.Direct {
			units = append(units, ReportingUnit{Code: z.Code, Name: z.Name, Kind: "zone", Parent: z.Parent, Direct: true})
		}
	}
	for _, code := range []string{Meihekou, GongzhulingOld} {
		r, _ := regionTable().find(code)
		units = append(units, ReportingUnit{Code: r.Code, Name: r.Name, Kind: r.Level, Parent: r.Parent, Direct: true})
	}
	return units
})
