package paper

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test -update writes it again): %s", name, diff)
	}
}

// sample is a bulletin with every part that a paper can have.
func sample() Document {
	return Document{
		Mark: "工作通报", SerialText: "第8期",
		Title:      "吉林省电化教育馆关于2019年10月份\n网络学习空间建设与应用进展情况的通报",
		Addressees: "各市（州）教育局，长白山管委会教育科技局，梅河口市、公主岭市教育局：",
		Body: []Block{
			Paragraph{Text: "按照《基于吉林省数字教育资源公共服务体系的网络学习空间应用普及行动实施方案》要求，现将10月份工作进展通报如下。数据由平台汇总，截至10月31日24时，未另行布置学校和教师填报，不作为评价学校、教师的依据。"},
			Heading{Level: 1, Text: "建设进展"},
			Paragraph{Text: "本月新增实名制空间18.0万个，累计86.3万个，完成年度目标的86.3%。"},
			Heading{Level: 1, Text: "应用情况"},
			Heading{Level: 2, Text: "交互水平。", Run: "教师、学生月活率分别为87.7%、73.6%。"},
			Heading{Level: 2, Text: "服务效果。", Run: "作业7日内反馈率90.1%。"},
			Heading{Level: 1, Text: "下一步工作"},
			Heading{Level: 2, Text: "名册核实"},
			Heading{Level: 3, Text: "核对。", Run: "请各地继续做好<名册>核实&比对。"},
			Heading{Level: 4, Text: "分送。", Run: "重复账户由平台先行比对后分送。"},
		},
		Annexes: []Annex{
			{Title: "各市（州）进展情况表", Landscape: true, Blocks: []Block{sampleTable(12)}},
			{Title: "各县（市、区）进展情况表", Apart: true, Blocks: []Block{Paragraph{Text: "不在此印出"}}},
			{Title: "指标解释", Blocks: []Block{
				Table{
					Caption: "指标解释", Form: true,
					Head: [][]Cell{{Text("指标"), Text("分子或计算规则"), Text("分母")}},
					Rows: [][]Cell{
						{Label("本月新增"), Text("本月首次完成实名核验的教师、学生，一人一次，归核验时所在单位；减去本月发现的错重"), Dash()},
						{Label("教师、学生实名率"), Text("截止时在册且已实名，按主任职（学籍）单位"), Text("同单位同日在册数，来源随表注明")},
					},
				},
				Note{Text: "测试、演示单位未计入，本期剔除14个单位、2306人。"},
			}},
		},
		Signer: "吉林省电化教育馆（印章）", Date: "2019年11月5日", Contact: "联系人：×××，电话：0431-×",
		Copies: "省教育厅有关处室。", Issuer: "吉林省电化教育馆办公室", IssuedOn: "2019年11月5日", Version: "7K2M-Q9XD",
	}
}

func sampleTable(rows int) Table {
	t := Table{
		Caption: "表1　各市（州）、直报单位实名空间进展情况", Sheet: "表1 实名空间",
		Head: [][]Cell{
			{Text("序号").Span(1, 2), Text("地区").Span(1, 2), Text("年度目标\n（个）").Span(1, 2), Text("本月\n新增").Span(1, 2), Text("完成率\n（%）").Span(1, 2), Text("教师").Span(3, 1), Text("学生").Span(3, 1)},
			{Text("在册"), Text("实名"), Text("率（%）"), Text("在册"), Text("实名"), Text("率（%）")},
		},
		Total: []Cell{Label("合计").Span(2, 1), Int(1000000), Int(180218), Progress(863440, 1000000), Int(261735), Int(250007), Percent(250007, 261735), Int(2432659), Int(2075391), Percent(2075391, 2432659)},
		Notes: []string{"注：按行政区划代码排列，直报单位列后。"},
	}
	names := []string{"长春市", "吉林市", "四平市", "辽源市", "通化市", "白山市", "松原市", "白城市", "延边朝鲜族自治州", "长白山保护开发区管委会", "梅河口市", "=公主岭市"}
	for i := range rows {
		n := int64(i + 1)
		t.Rows = append(t.Rows, []Cell{
			Int(n), Name(names[i%len(names)]), Int(10000 * n), Int(1234 * n), Progress(9186*n, 10000*n), Small(700 * (n - 1)), Small(4 * n), Percent(4*n, 700*(n-1)),
			Int(72088 * n), Int(65408 * n), Percent(65408*n, 72088*n),
		})
	}
	return t
}
