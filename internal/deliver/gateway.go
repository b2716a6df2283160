package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Gateway is a service that sends text messages: it takes a POST with
// {"id","to","text"} and a bearer token, and answers 2xx. id is the same at
// each try. Other interfaces are adapted by a small program in front of it.
type Gateway struct {
	URL    string
	Token  string
	client *http.Client
}

// NewGateway returns the gateway at an https address, or an http one on this
// machine.
func NewGateway(address, token string, dial Dial) (*Gateway, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")) {
		return nil, errors.New("the gateway for text messages needs an https address")
	}
	return &Gateway{URL: address, Token: token, client: &http.Client{
		Timeout:       sendTime,
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send hands the message to the gateway.
func (g *Gateway) Send(ctx context.Context, m Outgoing) error {
	body, err := json.Marshal(map[string]string{"id": m.ID, "to": m.To, "text": m.Text})
	if err != nil {
		return fmt.Errorf("text message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("text message: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if g.Token != "" {
		req.Header.Set("Authorization", "Bearer "+g.Token)
	}
	res, err := g.client.Do(req)
	if err != nil {
		// Of a url.Error the cause alone: the address may carry a key.
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err
		}
		return fmt.Errorf("reach the gateway: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusBadRequest || code == http.StatusUnprocessableEntity:
		return Refused(fmt.Errorf("the gateway answered %d", code))
	default:
		return fmt.Errorf("the gateway answered %d", code)
	}
}
