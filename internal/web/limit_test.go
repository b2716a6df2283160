package web

import (
	"net/netip"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	t.Parallel()
	now := time.Unix(1572915600, 0)
	r := newRates(2)
	r.now = func() time.Time { return now }
	a, b := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.10")
	for n := range 20 {
		if !r.take(a) {
			t.Fatalf("request %d of the burst is refused", n+1)
		}
	}
	if r.take(a) || !r.take(b) {
		t.Error("one address is limited by itself, and no other")
	}
	now = now.Add(time.Second)
	for n, want := range []bool{true, true, false} {
		if r.take(a) != want {
			t.Errorf("request %d after a second: allowed %v; a second gives two back", n+1, !want)
		}
	}
	now = now.Add(-time.Hour) // the clock jumps: nobody is locked out for an hour
	r.take(a)
	now = now.Add(time.Hour)
	if !r.take(a) {
		t.Error("a jump of the clock locks an address out")
	}
	if !newRates(0).take(a) {
		t.Error("no limit is set and one holds")
	}
	for range 100 {
		if !r.take(netip.MustParseAddr("127.0.0.1")) {
			t.Fatal("this machine itself is limited")
		}
	}
}

// TestRatesOfANetwork: whoever owns a /64 has one bucket, and memory is bounded.
func TestRatesOfANetwork(t *testing.T) {
	t.Parallel()
	r := newRates(1)
	for range 10 {
		r.take(netip.MustParseAddr("2001:db8::1").Next())
	}
	if r.take(netip.MustParseAddr("2001:db8::ffff")) {
		t.Error("another address of the same /64 has a bucket of its own")
	}
	at := netip.MustParseAddr("10.0.0.0")
	for range addressesKept + 10 {
		at = at.Next()
		r.take(at)
	}
	if len(r.by) > addressesKept {
		t.Errorf("%d addresses are kept", len(r.by))
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		base    string
		trusted []string
		host    string
		want    bool
	}{
		{"space.example.cn", nil, "space.example.cn", true},
		{"space.example.cn", nil, "SPACE.example.cn:443", true},
		{"space.example.cn", nil, "space.example.cn:8443", false},
		{"space.example.cn", nil, "evil.example", false},
		{"space.example.cn", nil, "space.example.cn.evil.example", false},
		{"space.example.cn", nil, "", false},
		{"space.example.cn", nil, "127.0.0.1:8080", false},
		{"space.example.cn", []string{"old.example.cn"}, "old.example.cn", true},
		{"space.example.cn", []string{"old.example.cn"}, "old.example.cn:8443", true},
		{"space.example.cn", []string{"old.example.cn:8443"}, "old.example.cn:9443", false},
		{"127.0.0.1:8080", nil, "127.0.0.1:8080", true},
		{"127.0.0.1:8080", nil, "localhost:9090", true},
		{"127.0.0.1:8080", nil, "[::1]:8080", true},
		{"127.0.0.1:8080", nil, "rebind.example:8080", false},
		{"127.0.0.1:8080", nil, "192.0.2.7:8080", false},
		{"0.0.0.0:8080", nil, "192.0.2.7:8080", true},
		{"0.0.0.0:8080", nil, "rebind.example:8080", false},
		{":8080", nil, "192.0.2.7:8080", true},
	}
	for _, tt := range tests {
		if got := hostsFor(tt.base, "", tt.trusted).knows(tt.host); got != tt.want {
			t.Errorf("base %s, trusted %v: host %q is answered: %v, want %v", tt.base, tt.trusted, tt.host, got, tt.want)
		}
	}
}
