// Package sheet opens what schools send as a spreadsheet and streams its rows:
// CSV with comma, tab or semicolon in UTF-8 (with and without mark), UTF-16 and
// GB18030, and XLSX workbooks. It goes by content, never by the file's name, and
// refuses what it cannot read whole with one of the file codes of the roster
// contract.
//
// A workbook is read by a small scanner of its own, because a roster needs what
// the usual libraries hide: whether a number was typed or is text, formulas,
// number formats, merged regions, all of it row by row in bounded memory.
package sheet
