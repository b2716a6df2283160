package cli

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A command that finds a server on its data folder runs inside that server,
// since exactly one process writes a SQLite file. The client sends its
// arguments and folder as one JSON line; the server answers in frames.

// request is what the client sends.
type request struct {
	Args     []string `json:"args"`
	Dir      string   `json:"dir"`
	User     string   `json:"user"`
	Terminal bool     `json:"terminal"`
	Input    string   `json:"input,omitempty"`
}

// The kinds of frames that the server sends.
const (
	frameStdout byte = 1
	frameStderr byte = 2
	frameExit   byte = 3
)

// maxFrame bounds one frame; longer output is cut into several.
const maxFrame = 1 << 20

// frames writes framed output; several writers may share it.
type frames struct {
	mu  sync.Mutex
	out io.Writer
}

func (f *frames) send(kind byte, p []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(p)))
	if _, err := f.out.Write(head[:]); err != nil {
		return err
	}
	_, err := f.out.Write(p)
	return err
}

// stream is one of the two outputs of a command that runs in the server.
type stream struct {
	frames *frames
	kind   byte
}

func (s stream) Write(p []byte) (int, error) {
	for n := 0; n < len(p); n += maxFrame {
		if err := s.frames.send(s.kind, p[n:min(n+maxFrame, len(p))]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// dial connects to the server on a data folder. It returns nil when none runs:
// no socket, or one that a killed server left behind.
func dial(socket string) net.Conn {
	c, err := net.DialTimeout("unix", socket, 2*time.Second)
	if err != nil {
		return nil
	}
	return c
}

// forward runs the command in the server behind c and returns its exit code.
func forward(c net.Conn, req request, stdout, stderr io.Writer) (int, error) {
	defer c.Close()
	if err := json.NewEncoder(c).Encode(req); err != nil {
		return exitFailed, fmt.Errorf("send the command to the server: %w", err)
	}
	in := bufio.NewReader(c)
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return exitFailed, fmt.Errorf("the server went away before the command ended: %w", err)
		}
		size := binary.BigEndian.Uint32(head[1:])
		if size > maxFrame {
			return exitFailed, errors.New("the server sent a frame that is too long")
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(in, body); err != nil {
			return exitFailed, fmt.Errorf("the server went away before the command ended: %w", err)
		}
		switch head[0] {
		case frameStdout:
			stdout.Write(body)
		case frameStderr:
			stderr.Write(body)
		case frameExit:
			if len(body) != 1 {
				return exitFailed, errors.New("the server sent no exit code")
			}
			return int(body[0]), nil
		}
	}
}

// listenControl opens the control socket of a server, for its user alone. A
// socket left by a killed server is replaced: the database's lock has already
// shown that no other server lives.
func listenControl(socket string) (net.Listener, error) {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("remove the old control socket: %w", err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("close the control socket to others: %w", err)
	}
	return l, nil
}

// serveControl answers commands until the listener is closed.
func serveControl(ctx context.Context, l net.Listener, run func(ctx context.Context, req request, stdout, stderr io.Writer) int) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go answer(ctx, c, run)
	}
}

// answer runs one command; it is cancelled when the client goes away.
func answer(ctx context.Context, c net.Conn, run func(ctx context.Context, req request, stdout, stderr io.Writer) int) {
	defer c.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := bufio.NewReader(c)
	var req request
	line, err := in.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &req) != nil {
		return
	}
	go func() {
		io.Copy(io.Discard, in) // ends when the client goes away
		cancel()
	}()
	f := &frames{out: c}
	code := run(ctx, req, stream{f, frameStdout}, stream{f, frameStderr})
	f.send(frameExit, []byte{byte(code)})
}
