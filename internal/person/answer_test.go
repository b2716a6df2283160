package person

import (
	"testing"

	"learnspace/internal/clock"
	"learnspace/internal/id"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	const mother, father, child id.Person = 1, 2, 9
	given, refused, withdrawn := ConsentGiven, ConsentRefused, ConsentWithdrawn
	answer := func(who id.Person, what string) Consent {
		return Consent{Child: child, Guardian: who, Purpose: PurposeTalk, TextVersion: "2019-1", Answer: what}
	}
	old := func(who id.Person) Consent {
		c := answer(who, given)
		c.TextVersion = "2018-1"
		return c
	}
	for name, c := range map[string]struct {
		answers  []Consent
		ended    id.Person
		day      clock.Day
		want     string
		conflict bool
	}{
		"nobody":                           {nil, 0, 20191105, "", false},
		"one yes":                          {[]Consent{answer(mother, given)}, 0, 20191105, given, false},
		"a no wins over a yes":             {[]Consent{answer(mother, refused), answer(father, given)}, 0, 20191105, refused, true},
		"and in the other order":           {[]Consent{answer(mother, given), answer(father, refused)}, 0, 20191105, refused, true},
		"both no":                          {[]Consent{answer(mother, refused), answer(father, withdrawn)}, 0, 20191105, withdrawn, false},
		"a change of mind":                 {[]Consent{answer(mother, refused), answer(mother, given)}, 0, 20191105, given, false},
		"withdrawn":                        {[]Consent{answer(mother, given), answer(mother, withdrawn)}, 0, 20191105, withdrawn, false},
		"unnamed, then a guardian":         {[]Consent{answer(0, refused), answer(mother, given)}, 0, 20191105, given, false},
		"a binding that has ended":         {[]Consent{answer(mother, given), answer(father, refused)}, father, 20191105, given, false},
		"an old text in its days":          {[]Consent{old(mother)}, 0, 20190130, given, false},
		"an old text after its days":       {[]Consent{old(mother)}, 0, 20190131, ConsentLapsed, false},
		"one renewed, one lapsed":          {[]Consent{old(mother), answer(father, given)}, 0, 20191105, given, false},
		"a lapsed yes is no contradiction": {[]Consent{old(mother), answer(father, refused)}, 0, 20191105, refused, false},
		"from 14 on the child alone":       {[]Consent{answer(mother, refused), answer(child, given)}, 0, 20191105, given, false},
		"and guardians no longer":          {[]Consent{answer(child, given), answer(mother, refused)}, 0, 20191105, given, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range c.answers {
				c.answers[i].ID = id.Consent(i + 1)
			}
			v := Decide(c.answers, func(p id.Person) bool { return p == c.ended }, c.day)
			if v.Answer != c.want || v.Conflict != c.conflict {
				t.Errorf("got %s, conflict %v; want %s, %v", v.Answer, v.Conflict, c.want, c.conflict)
			}
		})
	}
}

// A text that is replaced twice: each consent lapses with the text after it.
func TestTextsFollowEachOther(t *testing.T) {
	t.Parallel()
	all := []Text{{PurposeTalk, "1", 20190101, 0}, {PurposeSpace, "1", 20190101, 0}, {PurposeTalk, "2", 20200301, 30}, {PurposeTalk, "3", 20210301, 10}}
	for version, want := range map[string]clock.Day{"0": 20190101, "1": 20200331, "2": 20210311, "3": 0} {
		if got := lapses(all, PurposeTalk, version); got != want {
			t.Errorf("version %s lapses on %d, want %d", version, got, want)
		}
	}
	for day, want := range map[clock.Day]string{20181231: "1", 20200229: "1", 20200301: "2", 20210301: "3", 20300101: "3"} {
		if got := currentText(all, PurposeTalk, day).Version; got != want {
			t.Errorf("on %d the text is %s, want %s", day, got, want)
		}
	}
}
