package deliver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"learnspace/internal/deliver"
)

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// certificate is one for this machine, and who trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// mailServer speaks as much SMTP as a client needs, with STARTTLS and PLAIN. It
// answers RCPT with rcpt, and hands over what it was told.
func mailServer(t *testing.T, cert tls.Certificate, rcpt string) (address string, told <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { conn.Close() }()
		var all strings.Builder
		defer func() { out <- all.String() }()
		r, secure := bufio.NewReader(conn), false
		fmt.Fprint(conn, "220 mail.test ESMTP\r\n")
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			all.WriteString(line)
			switch verb := strings.ToUpper(strings.Fields(line + " x")[0]); verb {
			case "EHLO":
				if secure {
					fmt.Fprint(conn, "250-mail.test\r\n250 AUTH PLAIN\r\n")
				} else {
					fmt.Fprint(conn, "250-mail.test\r\n250 STARTTLS\r\n")
				}
			case "STARTTLS":
				fmt.Fprint(conn, "220 go\r\n")
				conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
				r, secure = bufio.NewReader(conn), true
			case "AUTH":
				fmt.Fprint(conn, "235 ok\r\n")
			case "RCPT":
				fmt.Fprint(conn, rcpt+"\r\n")
			case "DATA":
				fmt.Fprint(conn, "354 go on\r\n")
				for line != ".\r\n" {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					all.WriteString(line)
				}
				fmt.Fprint(conn, "250 taken\r\n")
			case "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return l.Addr().String(), out
}

func letter() deliver.Outgoing {
	return deliver.Outgoing{ID: "7", To: "lin@example.cn", Subject: "找回\r\nBcc: all@example.cn", Text: "验证码604211", At: time.Unix(0, 0)}
}

func TestMailOverStartTLS(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	address, told := mailServer(t, cert, "250 ok")
	s := deliver.SMTP{Addr: address, User: "platform", Password: "secret", From: "平台 <no-reply@example.cn>", Dial: dial, TLS: &tls.Config{RootCAs: pool}}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := <-told
	for _, want := range []string{"STARTTLS", "AUTH PLAIN", "RCPT TO:<lin@example.cn>", base64.StdEncoding.EncodeToString([]byte("验证码604211"))} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\nBcc:") {
		t.Errorf("a subject made a header:\n%s", got)
	}
}

func TestMailRefuses(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	for name, c := range map[string]struct {
		rcpt, to string
		pool     *x509.CertPool
		refused  bool
	}{
		"no such mailbox":    {"550 lin@example.cn is unknown here", "lin@example.cn", pool, true},
		"later":              {"451 lin@example.cn: try later", "lin@example.cn", pool, false},
		"no address":         {"250 ok", "lin", pool, true},
		"another's identity": {"250 ok", "lin@example.cn", x509.NewCertPool(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := mailServer(t, cert, c.rcpt)
			m := letter()
			m.To = c.to
			err := deliver.SMTP{Addr: address, From: "no-reply@example.cn", Dial: dial, TLS: &tls.Config{RootCAs: c.pool}}.Send(t.Context(), m)
			if err == nil || strings.Contains(err.Error(), "lin") {
				t.Fatalf("error %v", err)
			}
			again := deliver.Refused(errors.New("x"))
			if got := fmt.Sprintf("%T", err) == fmt.Sprintf("%T", again); got != c.refused {
				t.Errorf("final: %v, %v", got, err)
			}
		})
	}
}

func TestGateway(t *testing.T) {
	t.Parallel()
	var got map[string]string
	status := http.StatusAccepted
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" {
			status = http.StatusUnauthorized
		}
		body, _ := io.ReadAll(r.Body)
		json.Unmarshal(body, &got)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	g, err := deliver.NewGateway(server.URL, "token", dial)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Send(t.Context(), deliver.Outgoing{ID: "7", To: phone, Text: code}); err != nil {
		t.Fatal(err)
	}
	if got["id"] != "7" || got["to"] != phone || got["text"] != code {
		t.Errorf("the gateway got %v", got)
	}
	for _, code := range []int{400, 302, 500} {
		status = code
		if err := g.Send(t.Context(), deliver.Outgoing{ID: "7", To: phone}); err == nil || strings.Contains(err.Error(), phone) {
			t.Errorf("answer %d: %v", code, err)
		}
	}
	for _, address := range []string{"http://sms.example.cn/send", "ftp://127.0.0.1/", "", "https://"} {
		if _, err := deliver.NewGateway(address, "", dial); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	f := deliver.Folder{Dir: t.TempDir() + "/outbox", Channel: deliver.SMS}
	if all, err := f.List(10); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	for _, n := range []string{"9", "10", "10"} {
		if err := f.Send(t.Context(), deliver.Outgoing{ID: n, To: phone, Text: "code " + n}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.List(10)
	if err != nil || len(all) != 2 || all[0].ID != "10" || all[1].Text != "code 9" || all[0].Channel != deliver.SMS {
		t.Errorf("kept %+v, %v", all, err)
	}
}
