// Package config holds the settings of one installation: where the data lie,
// on which address to listen, what the platform is called. They come from
// flags, else from the environment (LEARNSPACE_…), else from defaults.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config is the whole configuration. The zero value is not usable; see [New].
type Config struct {
	// Data is the data folder: database, blobs, keys, control socket.
	Data string
	// DB is the database's URL: sqlite:PATH or postgres://….
	DB string
	// Blob is where files go: file:DIR.
	Blob string
	// Addr is the address to listen on, host:port.
	Addr string
	// BaseURL is the address under which users reach the server; its scheme
	// decides about cookies. Empty: http:// and the address.
	BaseURL string
	// TrustedProxies lists networks (CIDR) whose forwarded headers are believed.
	TrustedProxies []string
	// Platform is the legal name that stands in the header and in every paper,
	// by language.
	Platform map[string]string
	// Office is the office that issues bulletins, e.g. 吉林省电化教育馆.
	Office string
	// Phone is the service telephone in the footer; empty hides it.
	Phone string
	// Demo is set in a demo folder.
	Demo *Demo
}

// Demo describes a demo folder: its clock begins in 2019 and runs on.
type Demo struct {
	// Offset is what is added to the machine's clock.
	Offset time.Duration `json:"offset"`
	// Seed and People made the folder's content.
	Seed   uint64 `json:"seed"`
	People int    `json:"people"`
	Wide   bool   `json:"wide"`
}

// demoFile marks a demo folder; it is written when the content is whole.
const demoFile = "demo.json"

// New fills the defaults for a data folder. db and blob may be empty: then
// they lie in the folder. A demo folder is recognised by its mark.
func New(data, db, blob string) (Config, error) {
	abs, err := filepath.Abs(data)
	if err != nil {
		return Config{}, fmt.Errorf("data folder %s: %w", data, err)
	}
	c := Config{
		Data: abs, DB: db, Blob: blob, Addr: "127.0.0.1:8080",
		Platform: map[string]string{
			"zh": "吉林省教育资源公共服务平台",
			"en": "Jilin Public Service Platform for Educational Resources",
			"ko": "길림성교육자원공공봉사플랫폼",
		},
		Office: "吉林省电化教育馆",
	}
	if c.DB == "" {
		c.DB = "sqlite:" + filepath.Join(abs, "learnspace.db")
	}
	if c.Blob == "" {
		c.Blob = "file:" + filepath.Join(abs, "blobs")
	}
	if name := os.Getenv("LEARNSPACE_PLATFORM"); name != "" {
		c.Platform = map[string]string{"zh": name, "en": name, "ko": name}
	}
	if office := os.Getenv("LEARNSPACE_OFFICE"); office != "" {
		c.Office = office
	}
	c.Phone = os.Getenv("LEARNSPACE_PHONE")
	c.Demo, err = readDemo(abs)
	return c, err
}

// Keys is the path of the key file; it is not in a backup unless asked.
func (c Config) Keys() string { return filepath.Join(c.Data, "keys.json") }

// Socket is the path of the control socket of a running server.
func (c Config) Socket() string { return filepath.Join(c.Data, "control.sock") }

// Base is the address under which users reach the server.
func (c Config) Base() string {
	if c.BaseURL != "" {
		return strings.TrimRight(c.BaseURL, "/")
	}
	return "http://" + c.Addr
}

// CheckBase refuses a base URL that is none.
func (c Config) CheckBase() error {
	u, err := url.Parse(c.Base())
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("base url %q: expected http://host or https://host", c.Base())
	}
	return nil
}

func readDemo(dir string) (*Demo, error) {
	raw, err := os.ReadFile(filepath.Join(dir, demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo mark: %w", err)
	}
	var d Demo
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("demo mark %s: %w", filepath.Join(dir, demoFile), err)
	}
	return &d, nil
}

// WriteDemo marks dir as a demo folder. It is written last: a folder without
// it holds no whole demo.
func WriteDemo(dir string, d Demo) error {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, demoFile), append(raw, '\n'), 0o600)
}
