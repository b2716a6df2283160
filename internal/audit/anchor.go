package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"learnspace/internal/clock"
)

// anchorEvery is how often the head is written down while the trail grows;
// logEvery how often it also goes to the log, which is kept elsewhere.
const (
	anchorEvery = time.Minute
	logEvery    = time.Hour
)

// anchorsKept bounds the file; each line covers every row before it.
const anchorsKept = 1000

// anchor is the head of the chain at a moment, outside the database: whoever
// cuts the end of the trail off, or writes all of it anew, does not match it.
type anchor struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	At   string `json:"at"`
}

// AnchorTo makes Run and Verify write the head of the chain to a file, and
// Verify compare the chain with it. It is called before the trail is used.
func (t *Trail) AnchorTo(file string) { t.anchorFile = file }

// Anchor writes the head of the chain down, unless the newest line has it.
func (t *Trail) Anchor(ctx context.Context) error {
	if t.anchorFile == "" {
		return nil
	}
	t.anchorMu.Lock()
	defer t.anchorMu.Unlock()
	var a anchor
	var hash []byte
	if err := t.d.QueryRow(ctx, "SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&a.Seq, &hash); err != nil {
		return fmt.Errorf("anchor the audit chain: %w", err)
	}
	if a.Seq == 0 || a.Seq == t.anchored {
		return nil
	}
	list, err := t.anchors()
	if err != nil {
		return err
	}
	if n := len(list); n > 0 && list[n-1].Seq >= a.Seq {
		return nil // the head has gone back: Verify says so, and this line proves it
	}
	a.Hash, a.At = hex.EncodeToString(hash), t.clk.Now().In(clock.Zone).Format(time.RFC3339)
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if len(list) >= 2*anchorsKept {
		err = t.rewrite(append(list[len(list)-anchorsKept:], a))
	} else {
		err = appendLine(t.anchorFile, line)
	}
	if err != nil {
		return fmt.Errorf("anchor the audit chain: %w", err)
	}
	t.anchored = a.Seq
	if now := time.Now(); now.Sub(t.logged) >= logEvery {
		t.logged = now
		t.log.Info("audit head", "seq", a.Seq, "hash", a.Hash)
	}
	return nil
}

func appendLine(name string, line []byte) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// rewrite keeps the newest lines.
func (t *Trail) rewrite(list []anchor) error {
	var b bytes.Buffer
	for _, a := range list {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	tmp := filepath.Join(filepath.Dir(t.anchorFile), ".audit.anchor")
	if err := os.WriteFile(tmp, b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, t.anchorFile)
}

// anchors reads the file; a last line that a crash cut short is left out.
func (t *Trail) anchors() ([]anchor, error) {
	if t.anchorFile == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(t.anchorFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the anchors of the audit chain: %w", err)
	}
	var out []anchor
	scan := bufio.NewScanner(bytes.NewReader(raw))
	for scan.Scan() {
		var a anchor
		if json.Unmarshal(scan.Bytes(), &a) == nil && a.Seq > 0 {
			out = append(out, a)
		}
	}
	return out, scan.Err()
}

// Heads counts the heads that are written down: with none of before, an end that
// was cut off cannot be told.
func (t *Trail) Heads() (int, error) {
	list, err := t.anchors()
	return len(list), err
}

// keepAnchored writes the head down until ctx ends, and once more then.
func (t *Trail) keepAnchored(ctx context.Context) {
	ticker := time.NewTicker(anchorEvery)
	defer ticker.Stop()
	for {
		if err := t.Anchor(context.WithoutCancel(ctx)); err != nil {
			t.log.Error("anchor the audit chain", "error", err)
		}
		select {
		case <-ctx.Done():
			if err := t.Anchor(context.WithoutCancel(ctx)); err != nil {
				t.log.Error("anchor the audit chain", "error", err)
			}
			return
		case <-ticker.C:
		}
	}
}
