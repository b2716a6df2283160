// Package orgfile reads files of the organisation tree: CSV and XLSX with the
// columns 代码/code, 名称/name, 类别/kind, 上级代码/parent, 填报上级/reports_to,
// 办学类型/type, 启用日期/from, 停用日期/to, 标志/flag (DESIGN 10), beside them
// 朝文名称/name_ko, 学制/system and 教学语言/lang. It only reads cells into
// org.ImportRow; what they mean is decided by org.Service.Import.
//
// A title above the header and rows for notes or totals are no rows. Other
// columns are left out. A file without the columns code, name and kind is
// refused as header_not_found; the other refusals are those of the package
// sheet.
package orgfile
