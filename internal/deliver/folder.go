package deliver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Folder keeps the messages of a demo as files, for the page that shows them.
type Folder struct {
	Dir     string
	Channel Channel
}

// Kept is a message in a folder.
type Kept struct {
	Channel Channel   `json:"channel"`
	ID      string    `json:"id"`
	To      string    `json:"to"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
}

// Send writes the message as a file, once.
func (f Folder) Send(_ context.Context, m Outgoing) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fmt.Errorf("make the outbox: %w", err)
	}
	raw, err := json.MarshalIndent(Kept{f.Channel, m.ID, m.To, m.Subject, m.Text, m.At}, "", "  ")
	if err != nil {
		return fmt.Errorf("keep a message: %w", err)
	}
	return os.WriteFile(filepath.Join(f.Dir, m.ID+".json"), append(raw, '\n'), 0o600)
}

// List returns the newest messages of a folder, at most limit.
func (f Folder) List(limit int) ([]Kept, error) {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Or(cmp.Compare(len(b.Name()), len(a.Name())), strings.Compare(b.Name(), a.Name()))
	})
	var out []Kept
	for _, e := range entries[:min(limit, len(entries))] {
		raw, err := os.ReadFile(filepath.Join(f.Dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		var k Kept
		if err := json.Unmarshal(raw, &k); err != nil {
			return nil, fmt.Errorf("read %s of the outbox: %w", e.Name(), err)
		}
		out = append(out, k)
	}
	return out, nil
}
