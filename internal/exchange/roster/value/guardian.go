package value

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A GuardianText is what one cell says of one guardian. Any part may be "".
type GuardianText struct {
	Name     string
	Relation string // as Relation gives it
	Phone    string // as Phone gives it
}

var (
	reInnerPhone    = regexp.MustCompile(`(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8}`)
	reInnerRelation = regexp.MustCompile(`^(父亲|母亲|爸爸|妈妈|爷爷|奶奶|外公|外婆|姥姥|姥爷|祖父|祖母)(\p{Han}.*)$`)
	reOuterRelation = regexp.MustCompile(`^(\p{Han}{2,4})(父亲|母亲|爸爸|妈妈|爷爷|奶奶|外公|外婆|姥姥|姥爷)$`)
	rePhoneWord     = regexp.MustCompile(`(?:联系)?(?:电话|手机|方式)(?:号码?)?|号码|姓名|(?:tel|phone)\b`)
)

// GuardianTexts reads a cell that holds more of a guardian than the name: 王大力
// 父亲 13800001111, 李梅（母亲）, 父亲王大力13800001111 母亲李梅13900002222. It returns
// at most two, and none where the cell is a plain name.
func GuardianTexts(text string) []GuardianText {
	t := Fold(text)
	if !strings.ContainsAny(t, "0123456789 ():") {
		return nil
	}
	var out []GuardianText
	from := 0
	for _, at := range reInnerPhone.FindAllStringIndex(t, -1) {
		g := guardianWords(t[from:at[0]])
		from = at[1]
		if g.Phone, _ = Phone(t[at[0]:at[1]]); g.Name != "" || len(out) == 0 {
			out = append(out, g)
		}
	}
	rest := guardianWords(t[from:])
	switch {
	case len(out) == 0 && (rest.Relation == "" || rest.Name == ""):
		return nil
	case len(out) == 0:
		out = append(out, rest)
	case len(out) == 1: // the number may stand in front
		if out[0].Name == "" {
			out[0].Name = rest.Name
		}
		if out[0].Relation == "" {
			out[0].Relation = rest.Relation
		}
	}
	return out[:min(len(out), 2)]
}

// guardianWords reads the name and the relation out of what stands round a number.
func guardianWords(t string) GuardianText {
	var g GuardianText
	var names []string
	for part := range strings.FieldsFuncSeq(rePhoneWord.ReplaceAllString(strings.ToLower(t), " "), func(r rune) bool { return strings.ContainsRune(" ():,;/、，；。|-+", r) }) {
		relation := relations[part]
		if m := reInnerRelation.FindStringSubmatch(part); relation == "" && m != nil {
			relation, part = relations[m[1]], m[2]
			names = append(names, part)
		} else if m := reOuterRelation.FindStringSubmatch(part); relation == "" && m != nil {
			relation, part = relations[m[2]], m[1]
			names = append(names, part)
		} else if relation == "" {
			names = append(names, part)
		}
		if g.Relation == "" && (utf8.RuneCountInString(part) > 1 || strings.Contains(t, "("+part+")")) {
			g.Relation = relation
		} else if relation != "" && g.Relation == "" {
			names = append(names, part) // 父 as a given name
		}
	}
	g.Name = Name(strings.Join(names, " "))
	return g
}
