package web

import (
	"bytes"
	"context"
	"net/http"
)

// inView answers a reading request from data of one moment, where the server
// was given a way to. The answer is held until the view has ended: a slow
// browser must not keep a connection of the database.
func (s *Server) inView(w http.ResponseWriter, r *http.Request, route Route, answer func(w http.ResponseWriter, r *http.Request) error) error {
	if s.options.View == nil || route.Stream || route.Apart || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return answer(w, r)
	}
	h := &held{ResponseWriter: w, body: buffers.Get().(*bytes.Buffer)}
	h.body.Reset()
	defer buffers.Put(h.body)
	err := s.options.View(r.Context(), func(ctx context.Context) error { return answer(h, r.WithContext(ctx)) })
	if gone := h.send(); err == nil && gone != nil {
		return errGone{gone}
	}
	return err
}

// held keeps an answer back; its header is the browser's from the beginning.
type held struct {
	http.ResponseWriter
	status int
	body   *bytes.Buffer
}

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// send lets the answer go, if there is one.
func (h *held) send() error {
	if h.status == 0 {
		return nil
	}
	h.ResponseWriter.WriteHeader(h.status)
	if h.body.Len() == 0 {
		return nil
	}
	_, err := h.ResponseWriter.Write(h.body.Bytes())
	return err
}
