package paper

import (
	"strconv"

	"learnspace/internal/i18n"
)

// Unchecked is what stands in place of a share whose numerator is larger than its
// base: the roster has to be checked. It is never cut to 100 %.
const Unchecked = "名册待核"

// Rate writes num/den in percent with one decimal, half up, without the sign. It is
// never 100.0 or 0.0 unless exact: the nearest other value stands instead. It may be
// over 100 (a target more than reached) or below 0 (more errors found than made).
// Without a base of at least 30 there is no rate, and None stands instead. (DESIGN 4,
// DOMAIN 3.)
func Rate(num, den int64) string {
	if den < 30 {
		return None
	}
	if num < 0 {
		return "-" + tenths(rate(-num, den))
	}
	return tenths(rate(num, den))
}

// Share is Rate for a part of a base: Unchecked when the part is larger than the base.
func Share(num, den int64) string {
	if num > den {
		return Unchecked
	}
	return Rate(num, den)
}

// rate returns tenths of a percent of num/den by the product's one rule; num ≥ 0, den > 0.
func rate(num, den int64) int64 {
	n, _ := i18n.Tenths(num, den)
	return n
}

func tenths(n int64) string { return itoa(n/10) + "." + itoa(n%10) }

// parseTenths reads what Rate wrote; false for a text without a number.
func parseTenths(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// SmallText writes a count of persons, ＜5 from 1 to 4 (UX 3, rule 16). Nobody is 0.
func SmallText(n int64) string {
	if 0 < n && n < 5 {
		return "＜5"
	}
	return itoa(n)
}

// Conceal says which parts of a printed total are to be hidden: those from 1 to 4, and
// where only one of them would be hidden, so that the total gives it away, the smallest
// of the others as well. Parts that are 0 are never hidden.
func Conceal(parts []int64) []bool {
	hidden := make([]bool, len(parts))
	count, second := 0, -1
	for i, n := range parts {
		switch {
		case 0 < n && n < 5:
			hidden[i] = true
			count++
		case n >= 5 && (second < 0 || n < parts[second]):
			second = i
		}
	}
	if count == 1 && second >= 0 {
		hidden[second] = true
	}
	return hidden
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
