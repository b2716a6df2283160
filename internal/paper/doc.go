// Package paper is a small model of official papers (公文) in the layout of
// GB/T 9704-2012 and three writers over it: HTML with print rules, DOCX and XLSX.
// It knows paragraphs, tables, annexes, signature and imprint, and nothing of what
// they say; whoever writes a bulletin, a plan or a form fills a Document.
//
// The same document always gives the same bytes. A paper is written in Chinese: its
// fixed words (附件, 抄送, 印发) are part of the standard and are not translated.
//
// Rules from GB/T 9704-2012 that stand here: A4 with margins of 37, 26, 35 and 28 mm
// (5.2.1), 22 lines of 28 characters in 3号 (16 pt) 仿宋 (5.2.2, 5.2.3), title in 2号
// 小标宋 (7.3.1), headings 黑体, 楷体, 仿宋 (7.3.3), the list of annexes (7.3.4), signature
// and date on a page with text (7.3.5), annexes before the imprint (7.3.7), the imprint
// in 4号 between lines (7.4), page numbers in 4号 between dashes at the outer side (7.5).
//
// Figures follow one rule on every paper and screen; see Rate, Share and Small.
package paper
