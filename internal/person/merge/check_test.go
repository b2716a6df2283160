package merge_test

import (
	"testing"

	"learnspace/internal/fault"
	"learnspace/internal/person"
	"learnspace/internal/person/merge"
)

// TestCheckReadsWhatPeopleWrite: a guardian writes a day and a sex as people do,
// and what the school could not write down is refused when it is asked for.
func TestCheckReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for value, field := range map[string]string{"男": merge.FieldSex, "2": merge.FieldSex, "녀": merge.FieldSex, "2010-08-16": merge.FieldBirth,
		"2010年8月16日": merge.FieldBirth, "2010/8/16": merge.FieldBirth, "2010. 8. 16": merge.FieldBirth, "20100816": merge.FieldBirth, "丁研彩": merge.FieldName} {
		if err := (merge.Correction{Field: field, Value: value}).Check(person.RolePupil, 20191105); err != nil {
			t.Errorf("%s %q: %v", field, value, err)
		}
	}
	for value, field := range map[string]string{"不知道": merge.FieldSex, "0": merge.FieldSex, "2010年13月1日": merge.FieldBirth, "2010-8-16岁": merge.FieldBirth,
		"去年": merge.FieldBirth, "2020-01-01": merge.FieldBirth, "123": merge.FieldPhone, "220102201003070014": merge.FieldIDNo} {
		err := (merge.Correction{Field: field, Value: value}).Check(person.RolePupil, 20191105)
		if got := fault.Fields(err); len(got) != 1 || got[0].Name != "value" {
			t.Errorf("%s %q: %v", field, value, err)
		}
	}
}
