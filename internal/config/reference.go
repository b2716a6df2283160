package config

import (
	"fmt"
	"strings"
)

// Reference is the table of settings as Markdown, the page
// docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Settings / 设置

<!-- Made from the table in internal/config: go test ./internal/config -update -->

A setting is given by a flag (` + "`--set key=value`, some have a flag of their own" + `), else by the environment, else by the file ` + "`learnspace.conf`" + ` in the data folder (or ` + "`--config FILE`" + `), else it has its default. The file has lines ` + "`key = value`" + `; a line that begins with ` + "`#`" + ` is a comment. An unknown key is refused with the one that may have been meant. ` + "`learnspace config`" + ` prints what is in force and where it came from; secrets are masked.

设置依次取自：命令行（` + "`--set 键=值`" + `）、环境变量、数据文件夹中的` + "`learnspace.conf`" + `（或` + "`--config 文件`" + `）、默认值。` + "`learnspace config`" + `列出当前值及其来源，密码等只显示掩码。

| key 键 | environment 环境变量 | type 类型 | default 默认 | meaning 含义 |
|---|---|---|---|---|
`)
	for _, s := range settings {
		kind := s.Type()
		if u := s.Unit(); u != "" {
			kind += " (" + strings.ReplaceAll(u, "|", `\|`) + ")"
		}
		value := "–"
		if s.Default != "" {
			value = "`" + s.Default + "`"
		}
		note := ""
		if s.DemoOnly {
			note = " (demo folder only / 仅限演示文件夹)"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s %s%s |\n", s.Key, s.Env(), kind, value, s.Zh, s.En, note)
	}
	b.WriteString(`
Not settings of an installation: ` + "`--data`/`LEARNSPACE_DATA`" + ` says where the data folder is, ` + "`--config`/`LEARNSPACE_CONFIG`" + ` names the file, ` + "`--lang`/`LEARNSPACE_LANG`" + ` is the language of the command line.
`)
	return b.String()
}
