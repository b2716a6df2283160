package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ErrRefused is wrapped when the target is not on the list, or is private.
var ErrRefused = errors.New("the server may not connect to this address")

// Dialer opens connections to listed targets. It is safe for concurrent use.
type Dialer struct {
	names map[string]bool         // host:port in small letters
	exact map[netip.AddrPort]bool // addresses that were listed as such
	// resolve looks a name up; tests replace it.
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	dialer  net.Dialer
}

// New returns a dialer for a list of host:port. An IP address in it stands for
// itself, private or not.
func New(allow []string) (*Dialer, error) {
	d := &Dialer{names: map[string]bool{}, exact: map[netip.AddrPort]bool{}, dialer: net.Dialer{Timeout: 10 * time.Second},
		resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}}
	for _, a := range allow {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			return nil, fmt.Errorf("%q: expected host:port", a)
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || host == "" {
			return nil, fmt.Errorf("%q: expected host:port", a)
		}
		if ip, err := netip.ParseAddr(host); err == nil {
			d.exact[netip.AddrPortFrom(ip.Unmap(), uint16(n))] = true
			continue
		}
		d.names[canonical(host)+":"+port] = true
	}
	return d, nil
}

// canonical is a host name in small letters without the dot at its end.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// DialContext opens a TCP connection to host:port. It returns an error that
// wraps [ErrRefused] when the target may not be reached.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, fmt.Errorf("network %s: %w", network, ErrRefused)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: no host:port", ErrRefused)
	}
	targets, err := d.targets(ctx, host, port)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, t := range targets {
		c, err := d.dialer.DialContext(ctx, network, t.String())
		if err == nil {
			return c, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

// targets are the addresses that a target may be reached under.
func (d *Dialer) targets(ctx context.Context, host, port string) ([]netip.AddrPort, error) {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: no port", ErrRefused)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if at := netip.AddrPortFrom(ip.Unmap(), uint16(n)); d.exact[at] {
			return []netip.AddrPort{at}, nil
		}
		return nil, fmt.Errorf("an address that is not listed: %w", ErrRefused)
	}
	if !d.names[canonical(host)+":"+port] {
		return nil, fmt.Errorf("a host that is not listed: %w", ErrRefused)
	}
	found, err := d.resolve(ctx, canonical(host))
	if err != nil {
		return nil, fmt.Errorf("look up the host: %w", err)
	}
	var out []netip.AddrPort
	for _, ip := range found {
		at := netip.AddrPortFrom(ip.Unmap(), uint16(n))
		if public(at.Addr()) || d.exact[at] {
			out = append(out, at)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the host leads to a private address that is not listed: %w", ErrRefused)
	}
	return out, nil
}

// special are networks that RFC 6890 keeps for other ends, and those that wrap
// an IPv4 address; netip does not know them.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// public reports whether an address is one of the open network.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Client returns an HTTP client that goes through the dialer, asks no proxy,
// follows no redirect and gives up after timeout.
func (d *Dialer) Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: timeout,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
