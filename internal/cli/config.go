package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"learnspace/internal/config"
)

// configCmd prints the settings: of the running server when there is one, else
// as a server started now would have them.
type configCmd struct {
	Reference bool `help:"Print the reference of all settings as Markdown."`
}

// setting is one line of the command's JSON.
type setting struct {
	Key     string `json:"key"`
	Env     string `json:"env"`
	Type    string `json:"type"`
	Unit    string `json:"unit"`
	Default string `json:"default"`
	Value   string `json:"value"`
	Source  string `json:"source"`
	Zh      string `json:"zh"`
	En      string `json:"en"`
}

// Run prints the table.
func (c *configCmd) Run(e *env) error {
	if c.Reference {
		_, err := io.WriteString(e.stdout, config.Reference())
		return err
	}
	conf, err := e.config()
	if err != nil {
		return err
	}
	if e.running != nil {
		conf = e.running.Config
	}
	list := []setting{}
	for _, v := range conf.Effective() {
		list = append(list, setting{v.Key, v.Env(), v.Type(), v.Unit(), v.Default, v.Value, v.Source, v.Zh, v.En})
	}
	return e.print(map[string]any{"data": conf.Data, "settings": list}, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, s := range list {
			meaning := s.En
			if e.lang().Code() == "zh" {
				meaning = s.Zh
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Key, s.Value, s.Source, meaning)
		}
		_ = t.Flush()
	})
}
