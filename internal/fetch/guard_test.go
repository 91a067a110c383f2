package fetch

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"serai/internal/feed"
)

func TestAddressesThatAreNotDialled(t *testing.T) {
	g := newGuard(nil)
	for _, text := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.1", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1",
		"192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
		"240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:db8::1", "2002:7f00:1::1", "2620:4f:8000::1", "3fff::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0",
		"fec0::1", "ff02::1", "4000::1",
	} {
		if g.check(netip.AddrPortFrom(netip.MustParseAddr(text), 80)) == nil {
			t.Errorf("%s is dialled", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "192.0.1.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"} {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr(text), 443)); err != nil {
			t.Errorf("%s is refused: %v", text, err)
		}
	}
}

func TestPortsThatAreDialled(t *testing.T) {
	g := newGuard(nil)
	for port, want := range map[uint16]bool{80: true, 443: true, 8080: true, 8443: true, 50000: true, 0: false, 22: false, 25: false, 1023: false, 2049: false, 6379: false, 11211: false} {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr("8.8.8.8"), port)); (err == nil) != want {
			t.Errorf("port %d: %v", port, err)
		}
	}
}

func TestWhatTheAdminAllowsIsDialled(t *testing.T) {
	g := newGuard([]feed.AllowedNet{
		{Prefix: netip.MustParsePrefix("10.1.0.0/16")},
		{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Port: 6379},
		{Prefix: netip.MustParsePrefix("::ffff:172.16.0.0/112"), Port: 80},
		{Prefix: netip.MustParsePrefix("64:ff9b::/96")},
		{Prefix: netip.MustParsePrefix("fd00::/8")},
	})
	for address, want := range map[string]bool{
		"10.1.2.3:80": true, "10.1.2.3:81": true, "10.2.0.1:80": false, "[::ffff:10.1.2.3]:80": true,
		"10.1.2.3:6379": false, "127.0.0.1:6379": true, "127.0.0.1:80": false,
		"172.16.0.1:80": true, "172.16.0.1:81": false,
		"[64:ff9b::808:808]:80": true, "[64:ff9b::7f00:1]:80": false, "[64:ff9b::a01:203]:80": true,
		"[fd12::1]:80": true, "[fc00::1]:80": false,
	} {
		if err := g.check(netip.MustParseAddrPort(address)); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestNamesAreCheckedByWhatTheyResolveTo(t *testing.T) {
	o := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(small)) })
	_, port, err := net.SplitHostPort(o.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// The name is public when it is looked up first, and private ever after.
	var asked atomic.Int32
	resolver := resolveTo(func() netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.2")
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	c := New(Options{Allow: []feed.AllowedNet{{Prefix: netip.MustParsePrefix("127.0.0.2/32")}}})
	t.Cleanup(c.Close)
	c.dialer.Resolver = resolver
	// Nothing listens at 127.0.0.2: what counts is that it was let through.
	first := c.Get(t.Context(), Request{URL: "http://rebinding.example:" + port + "/"})
	fails(t, first, feed.FailNetwork, "connect")
	second := c.Get(t.Context(), Request{URL: "http://rebinding.example:" + port + "/"})
	fails(t, second, feed.FailRefused, "connect")
	if !strings.Contains(second.Failure.Text, `"127.0.0.1/32:`+port+`" to network.allow`) {
		t.Errorf("text is %q", second.Failure.Text)
	}
	if n := len(o.requests()); n != 0 {
		t.Errorf("the private server was asked %d times", n)
	}
}

// resolveTo returns a resolver that is told every name's one address by answer.
func resolveTo(answer func() netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answerDNS(far, answer)
		return near, nil
	}}
}

// answerDNS speaks just enough DNS over a stream (RFC 1035 4.2.2) to answer one
// question with one A record.
func answerDNS(conn net.Conn, answer func() netip.Addr) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		end := 12
		for query[end] != 0 {
			end += 1 + int(query[end])
		}
		question := query[12 : end+5]
		isA := binary.BigEndian.Uint16(query[end+1:]) == 1
		reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if isA {
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
			reply = append(reply, answer().AsSlice()...)
		}
		binary.BigEndian.PutUint16(size[:], uint16(len(reply)))
		if _, err := conn.Write(append(size[:], reply...)); err != nil {
			return
		}
	}
}

func TestSourceAddressesAreChecked(t *testing.T) {
	allow := []feed.AllowedNet{{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Port: 9700}}
	tests := []struct{ name, address, want string }{
		{"https", "https://example.org/feed", ""},
		{"port_above_1023", "http://example.org:8080/feed", ""},
		{"address_in_another_script", "https://новости.example/лента", ""},
		{"allowed_private_address", "http://127.0.0.1:9700/feed", ""},
		{"allowed_localhost", "http://localhost:9700/feed", ""},
		{"no_scheme", "example.org/feed", "only http and https"},
		{"file", "file:///etc/passwd", "only http and https"},
		{"feed_scheme", "feed:https://example.org/", "only http and https"},
		{"no_host", "http:///feed", "no host"},
		{"password", "https://user:secret@example.org/", "Authorization header"},
		{"control_characters", "https://example.org/\x00", "control characters"},
		{"odd_port", "http://example.org:25/", "port 25"},
		{"impossible_port", "http://example.org:99999/", "between 1 and 65535"},
		{"private_address", "http://192.168.1.1/feed", `add "192.168.1.1/32:80" to network.allow`},
		{"private_ipv6_address", "https://[fd00::1]/feed", `add "fd00::1/128:443" to network.allow`},
		{"mapped_address", "https://[::ffff:127.0.0.1]/feed", `add "127.0.0.1/32:443" to network.allow`},
		{"loopback_at_another_port", "http://127.0.0.1:9701/", `add "127.0.0.1/32:9701" to network.allow`},
		{"localhost", "http://localhost/feed", `add "127.0.0.1/32:80" to network.allow`},
		{"localhost_with_a_dot", "http://LOCALHOST./feed", "network.allow"},
		{"short_ipv4", "http://127.1/", "four decimal numbers"},
		{"hexadecimal_ipv4", "http://0x7f000001/", "four decimal numbers"},
		{"octal_ipv4", "http://0177.0.0.1/", "four decimal numbers"},
		{"one_number", "http://2130706433/", "four decimal numbers"},
		{"too_long", "https://example.org/" + strings.Repeat("x", 9000), "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckURL(tt.address, allow)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret")):
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"http://a", "http://[::1]", "http://a:b", "//", "http://%31", "http://a@b", "http://1.2.3.4.", "http://０.0.0.1"} {
		f.Add(s)
	}
	// What passes can be asked, and its literal address, if it has one, dialled.
	f.Fuzz(func(t *testing.T, address string) {
		if CheckURL(address, nil) != nil {
			return
		}
		target, err := parseTarget(address)
		if err != nil {
			t.Fatalf("%q passed: %v", address, err)
		}
		if addr, err := netip.ParseAddr(target.url.Hostname()); err == nil && newGuard(nil).check(netip.AddrPortFrom(addr, 80)) != nil {
			t.Errorf("%q passed", address)
		}
	})
}
