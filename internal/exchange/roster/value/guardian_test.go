package value

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuardianTexts(t *testing.T) {
	t.Parallel()
	father := GuardianText{"王大力", "father", "13800001111"}
	for text, want := range map[string][]GuardianText{
		"王大力 父亲 13800001111":                {father},
		"王大力（父亲）13800001111":                {father},
		"父亲：王大力 13800001111":                {father},
		"父亲王大力138-0000-1111":                {father},
		"13800001111（父亲 王大力）":               {father},
		"王大力，父亲，电话：13800001111":             {father},
		"王大力（父）13800001111":                 {father},
		"王大力13800001111":                    {{"王大力", "", "13800001111"}},
		"王大力（父亲）":                           {{"王大力", "father", ""}},
		"父亲王大力13800001111\n母亲李梅13900002222": {father, {"李梅", "mother", "13900002222"}},
		"王大力父亲 13800001111/13900002222":     {father},
		"买买提·艾力 父亲 13800001111":             {{"买买提·艾力", "father", "13800001111"}},
		"王大力":                               nil,
		"王 大":                               nil,
		"阿卜杜·热合曼":                           nil,
		"John Smith":                        nil,
		"王大、李丽":                             nil,
		"13800001111":                       {{"", "", "13800001111"}},
		"":                                  nil,
	} {
		if diff := cmp.Diff(want, GuardianTexts(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
