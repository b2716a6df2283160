// Package config holds the settings of one installation: where the data lie,
// on which address to listen, what the platform is called, what a request may
// cost. A setting comes from a flag, else from the environment (LEARNSPACE_…),
// else from the file (learnspace.conf in the data folder), else it has its
// default. [Settings] is the one table of them.
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
	// TrustedHosts are answered beside the host of the base URL.
	TrustedHosts []string
	// SecondFactor is "off" where nobody is asked for a second factor: in a demo.
	SecondFactor string
	// ContentURL is the second origin for what others uploaded; "" for none.
	ContentURL string
	// Limits bound what requests and background work may cost.
	Limits Limits
	// AuditKeep is how long rows of the audit trail are kept.
	AuditKeep time.Duration
	// RightsDays is within how many working days a request about personal data is
	// answered.
	RightsDays int
	// DialAllow lists host:port that the server may connect to.
	DialAllow []string
	// MetricsAddr is the listener of the metrics; "" for none.
	MetricsAddr string
	// LogLevel is debug, info, warn or error.
	LogLevel string
	// Deliver says how mail and text messages go out.
	Deliver Deliver
	// Demo is set in a demo folder.
	Demo *Demo

	from map[string]origin
}

// Limits bound what requests and background work may cost.
type Limits struct {
	Body, Upload, Header                  Bytes
	HeaderTime, RequestTime, TransferTime time.Duration
	// Rate is requests a second from one address; 0 for no limit.
	Rate int
	// Page is the rows of a page, ExportRows the most of one export.
	Page, ExportRows int
	// Statement bounds a statement of a database server, JobTime a run of a job.
	Statement, JobTime time.Duration
	JobWorkers         int
	// Disk is the least free space, Lag the longest delay of a ready server.
	Disk Bytes
	Lag  time.Duration
}

// Deliver says how mail and text messages go out; without an address a channel
// is closed.
type Deliver struct {
	MailAddr, MailUser, MailPassword, MailFrom string
	SMSURL, SMSToken                           string
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

// New loads the settings of a data folder that stands for itself, such as a
// demo's: where db and blob are empty they lie in the folder, whatever file and
// environment say.
func New(data, db, blob string) (Config, error) {
	abs, err := filepath.Abs(data)
	if err != nil {
		return Config{}, fmt.Errorf("data folder %s: %w", data, err)
	}
	return Load(Source{Data: abs, Flags: Own(abs, db, blob)})
}

// Own gives db and blob as settings, inside the data folder where they are
// empty.
func Own(data, db, blob string) map[string]string {
	if db == "" {
		db = "sqlite:" + filepath.Join(data, "learnspace.db")
	}
	if blob == "" {
		blob = "file:" + filepath.Join(data, "blobs")
	}
	return map[string]string{"db": db, "blob": blob}
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
