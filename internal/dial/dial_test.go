package dial

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	d, err := New([]string{"sso.example.cn:443", "inside.example.cn:8443", "10.0.0.5:8443", "[2001:db8::5]:443"})
	if err != nil {
		t.Fatal(err)
	}
	book := map[string][]string{
		"sso.example.cn": {"93.184.216.34"}, "inside.example.cn": {"10.0.0.5"}, "other.example.cn": {"93.184.216.34"},
	}
	d.resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		var out []netip.Addr
		for _, a := range book[host] {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}
	tests := []struct {
		host, port string
		want       string
	}{
		{"sso.example.cn", "443", "93.184.216.34:443"},
		{"SSO.example.cn.", "443", "93.184.216.34:443"},
		{"sso.example.cn", "80", ""},
		{"other.example.cn", "443", ""},
		{"93.184.216.34", "443", ""},
		{"inside.example.cn", "8443", "10.0.0.5:8443"}, // its address is listed too
		{"10.0.0.5", "8443", "10.0.0.5:8443"},
		{"10.0.0.5", "22", ""},
		{"::ffff:10.0.0.5", "8443", "10.0.0.5:8443"},
		{"2001:db8::5", "443", "[2001:db8::5]:443"},
		{"localhost", "443", ""},
		{"127.0.0.1", "443", ""},
		{"0x7f000001", "443", ""},
		{"169.254.169.254", "80", ""},
	}
	for _, tt := range tests {
		got, err := d.targets(t.Context(), tt.host, tt.port)
		if tt.want == "" {
			if !errors.Is(err, ErrRefused) {
				t.Errorf("%s:%s is reached at %v, %v", tt.host, tt.port, got, err)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].String() != tt.want {
			t.Errorf("%s:%s: %v, %v; want %s", tt.host, tt.port, got, err, tt.want)
		}
	}
	// The owner of a listed name leads inside.
	for _, a := range []string{"127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
		"::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"} {
		book["sso.example.cn"] = []string{a}
		if got, err := d.targets(t.Context(), "sso.example.cn", "443"); !errors.Is(err, ErrRefused) {
			t.Errorf("a listed name leads to %s: %v, %v", a, got, err)
		}
	}
	for _, bad := range []string{"x", "x:", ":1", "x:0", "x:99999", "http://x"} {
		if _, err := New([]string{bad}); err == nil {
			t.Errorf("%q is taken for host:port", bad)
		}
	}
}

// TestClient reaches what is listed, nothing else, and follows nobody.
func TestClient(t *testing.T) {
	t.Parallel()
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("secret")) }))
	defer secret.Close()
	open := httptest.NewServer(http.RedirectHandler(secret.URL, http.StatusFound))
	defer open.Close()
	d, err := New([]string{strings.TrimPrefix(open.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	client := d.Client(5 * time.Second)
	res, err := client.Get(open.URL)
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("%v, %v", res, err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if res, err := client.Get(secret.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("%v, %v", res, err)
	}
	if _, err := d.DialContext(t.Context(), "unix", "/run/x.sock"); !errors.Is(err, ErrRefused) {
		t.Errorf("a socket: %v", err)
	}
	var _ func(context.Context, string, string) (net.Conn, error) = d.DialContext
}
