// Package i18n is the product's message catalogue and its habits of writing
// numbers, rates and times in Chinese, English and Korean.
//
// The catalogue is catalogue/*.json, one file an area, each entry a key by
// meaning with its text in the three languages:
//
//	"roster.confirm": {"zh": "确认导入{0}行", "en": "Import {0} rows", "en_one": "Import {0} row", "ko": "{0}행 반입 확인"}
//
// {0} is the first argument. Integers are written with thousands separators,
// {0:d} writes one without (a number before 年 or 년 is a year and never has
// them). {0:을/를} writes the argument and then the Korean particle that fits
// its last sound. en_one is the English text when the first integer among the
// arguments is 1. An argument that is a [Key] or another [Localizer] is
// written in the reader's language.
//
// Korean follows China's norm (조선말규범집). A key that is missing shows
// itself; a test sees to it that none is.
package i18n
