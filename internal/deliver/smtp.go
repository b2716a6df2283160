package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// Dial opens a connection to the outside; the product's one dialer.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// SMTP is a mail server. Credentials and messages go over TLS only, but to this
// machine itself.
type SMTP struct {
	Addr     string // host:port; 465 is TLS from the start, others STARTTLS
	User     string // "" without authentication
	Password string
	From     string
	Dial     Dial
	// TLS changes how the server's certificate is checked; nil: by the system's
	// roots.
	TLS *tls.Config
}

// sendTime bounds one try.
const sendTime = 30 * time.Second

// Send hands the message to the server.
func (s SMTP) Send(ctx context.Context, m Outgoing) error {
	to, err := mail.ParseAddress(m.To)
	if err != nil {
		return Refused(errors.New("the recipient is no mail address"))
	}
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return fmt.Errorf("sender of mail: %w", err)
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	conn, err := s.Dial(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		conf = s.TLS.Clone()
	}
	conf.ServerName = host
	if port == "465" {
		conn = tls.Client(conn, conf)
	}
	return answered(s.talk(conn, host, port == "465", conf, from.Address, to.Address, letter(from, to, m)))
}

// talk is the dialogue with the server.
func (s SMTP) talk(conn net.Conn, host string, secure bool, conf *tls.Config, from, to string, text []byte) error {
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	defer c.Close()
	if !secure {
		if ok, _ := c.Extension("STARTTLS"); ok {
			if err := c.StartTLS(conf); err != nil {
				return err
			}
		} else if !local(conn) {
			return errors.New("the mail server offers no TLS")
		}
	}
	if s.User != "" {
		if err := c.Auth(smtp.PlainAuth("", s.User, s.Password, host)); err != nil {
			return err
		}
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// local reports whether the other end is this machine.
func local(conn net.Conn) bool {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	return err == nil && net.ParseIP(host).IsLoopback()
}

// answered keeps of a server's refusal the number alone: its words may repeat
// the recipient.
func answered(err error) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return err
	}
	short := fmt.Errorf("the mail server answered %d", said.Code)
	if said.Code >= 500 && said.Code != 530 && said.Code != 535 {
		return Refused(short)
	}
	return short
}

// letter writes the message as RFC 5322 has it.
func letter(from, to *mail.Address, m Outgoing) []byte {
	var b bytes.Buffer
	domain := from.Address[strings.LastIndex(from.Address, "@")+1:]
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", to.String()},
		{"Subject", mime.BEncoding.Encode("utf-8", strings.NewReplacer("\r", " ", "\n", " ").Replace(m.Subject))},
		{"Date", m.At.Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "base64"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(m.Text))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.Bytes()
}
