package config

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fileName is the file of settings in a data folder.
const fileName = "learnspace.conf"

// Source says where settings come from.
type Source struct {
	// Data is the data folder.
	Data string
	// File is read instead of learnspace.conf in the data folder; it must exist.
	File string
	// Flags are settings by key that stand above file and environment.
	Flags map[string]string
	// Env looks a variable up; nil means os.LookupEnv.
	Env func(name string) (string, bool)
}

// origin is what was said of one setting and where.
type origin struct{ value, source string }

// Value is a setting as it is in force.
type Value struct {
	Setting
	// Value is masked where it is secret.
	Value string
	// Source is default, flag, the name of the variable, or file and line.
	Source string
}

// Load reads the settings of a data folder: defaults, then the file, then the
// environment, then flags. An unknown key, a key that stands twice and a value
// that cannot be read are refused by name.
func Load(src Source) (Config, error) {
	abs, err := filepath.Abs(src.Data)
	if err != nil {
		return Config{}, fmt.Errorf("data folder %s: %w", src.Data, err)
	}
	c := Config{Data: abs, from: map[string]origin{}}
	c.Platform = map[string]string{
		"zh": "吉林省教育资源公共服务平台",
		"en": "Jilin Public Service Platform for Educational Resources",
		"ko": "길림성교육자원공공봉사플랫폼",
	}
	if c.Demo, err = readDemo(abs); err != nil {
		return c, err
	}
	said, err := gather(src, abs)
	if err != nil {
		return c, err
	}
	for _, s := range settings {
		o, ok := said[s.Key]
		if !ok {
			o = origin{s.Default, "default"}
			if o.value == "" {
				c.from[s.Key] = o
				continue
			}
		}
		if s.DemoOnly && c.Demo == nil && ok && o.value != s.Default {
			return c, fmt.Errorf("%s (%s): this setting exists in a demo folder only", s.Key, o.source)
		}
		if err := s.set(&c, o.value); err != nil {
			return c, fmt.Errorf("%s = %q (%s): %w", s.Key, s.masked(o.value), o.source, err)
		}
		c.from[s.Key] = o
	}
	if c.DB == "" {
		c.DB = "sqlite:" + filepath.Join(abs, "learnspace.db")
	}
	if c.Blob == "" {
		c.Blob = "file:" + filepath.Join(abs, "blobs")
	}
	return c, nil
}

// gather collects what file, environment and flags say, the later above the
// earlier.
func gather(src Source, data string) (map[string]origin, error) {
	name := src.File
	if name == "" {
		name = filepath.Join(data, fileName)
	}
	said, err := readFile(name, src.File == "")
	if err != nil {
		return nil, err
	}
	env := src.Env
	if env == nil {
		env = os.LookupEnv
	}
	for _, s := range settings {
		if v, ok := env(s.Env()); ok && v != "" {
			said[s.Key] = origin{v, s.Env()}
		}
	}
	for key, v := range src.Flags {
		if _, ok := find(key); !ok {
			return nil, unknown(key, "flag")
		}
		said[key] = origin{v, "flag"}
	}
	return said, nil
}

// readFile reads lines of "key = value"; a line that begins with # is a
// comment.
func readFile(name string, mayMiss bool) (map[string]origin, error) {
	said := map[string]origin{}
	raw, err := os.ReadFile(name)
	if mayMiss && errors.Is(err, fs.ErrNotExist) {
		return said, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	scan := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	for n := 1; scan.Scan(); n++ {
		line := strings.TrimSpace(scan.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := fmt.Sprintf("%s:%d", filepath.Base(name), n)
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("settings %s: expected key = value", at)
		}
		key = strings.TrimSpace(key)
		if _, ok := find(key); !ok {
			return nil, unknown(key, at)
		}
		if before, twice := said[key]; twice {
			return nil, fmt.Errorf("settings %s: %s stands twice, first at %s", at, key, before.source)
		}
		said[key] = origin{strings.TrimSpace(value), at}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("settings %s: %w", name, err)
	}
	return said, nil
}

func find(key string) (Setting, bool) {
	for _, s := range settings {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// unknown refuses a key and says which one may have been meant.
func unknown(key, at string) error {
	best, least := "", 4
	for _, s := range settings {
		if d := distance(key, s.Key); d < least {
			best, least = s.Key, d
		}
	}
	if best != "" {
		return fmt.Errorf("settings %s: no setting is called %q; did you mean %s?", at, key, best)
	}
	return fmt.Errorf("settings %s: no setting is called %q; learnspace config lists them", at, key)
}

// Strangers lists variables of the environment that look like settings and are
// none, with what may have been meant.
func Strangers(environ []string) []string {
	var out []string
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		key, ok := strings.CutPrefix(name, envPrefix)
		if !ok || strings.HasPrefix(key, "TEST_") || contains([]string{"DATA", "LANG", "CONFIG", "VULNDB"}, key) {
			continue
		}
		if _, known := find(strings.ToLower(key)); !known {
			out = append(out, name)
		}
	}
	return out
}

// distance is the number of letters to add, drop or change between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Effective lists every setting as it is in force and where it came from.
func (c Config) Effective() []Value {
	out := make([]Value, 0, len(settings))
	for _, s := range settings {
		o := c.from[s.Key]
		if o.value == "" {
			o.value = c.derived(s.Key)
		}
		out = append(out, Value{Setting: s, Value: s.masked(o.value), Source: o.source})
	}
	return out
}

// derived is the value of a setting whose default follows from others.
func (c Config) derived(key string) string {
	switch key {
	case "db":
		return c.DB
	case "blob":
		return c.Blob
	case "base_url":
		return c.Base()
	case "platform":
		return c.Platform["zh"]
	}
	return ""
}
