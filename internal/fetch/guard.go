package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"

	"serai/internal/feed"
)

// A guard decides which addresses may be dialled. It is asked by the dialer,
// after the name was looked up and for each address that is tried, so neither a
// redirect nor a name that changes its mind gets past it.
type guard struct {
	public *ssrf.Guardian // knows the special-purpose registries of IANA
	allow  []feed.AllowedNet
}

func newGuard(allow []feed.AllowedNet) *guard {
	return &guard{public: ssrf.New(ssrf.WithAnyPort()), allow: slices.Clone(allow)}
}

// A refusal is the reason why an address is not dialled.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// control is a net.Dialer's ControlContext.
func (g *guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return &refusal{"only TCP is dialled, not " + network}
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusal{"the address dialled is malformed"}
	}
	return g.check(addr)
}

// nat64 is the well-known prefix by which IPv6-only networks reach IPv4 hosts
// (RFC 6052 2.1).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// check returns why the address may not be dialled, as a refusal; nil if it may.
func (g *guard) check(ap netip.AddrPort) error {
	addr, port := ap.Addr().Unmap().WithZone(""), ap.Port()
	if nat64.Contains(addr) && g.allowed(addr, port) {
		// The gateway is the admin's; what lies behind it is checked as if it
		// were dialled itself.
		b := addr.As16()
		return g.check(netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:])), port))
	}
	if g.allowed(addr, port) {
		return nil
	}
	if err := g.public.SafeAddr(addr); err != nil {
		return &refusal{fmt.Sprintf("%s is not a public address: if it is meant, add %q to network.allow",
			addr, allowEntry(addr, port))}
	}
	if !commonPort(port) {
		return &refusal{fmt.Sprintf("port %d is not one that feeds are served on: if it is meant, add %q to network.allow",
			port, allowEntry(addr, port))}
	}
	return nil
}

// allowed reports whether the admin listed the address. An entry without a port
// does not open the ports of databases and the like: those must be named.
func (g *guard) allowed(addr netip.Addr, port uint16) bool {
	return slices.ContainsFunc(g.allow, func(n feed.AllowedNet) bool {
		prefix := n.Prefix
		if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		return prefix.Contains(addr) && (n.Port == port || n.Port == 0 && !badPort(port))
	})
}

func allowEntry(addr netip.Addr, port uint16) string {
	prefix := netip.PrefixFrom(addr, addr.BitLen()).String()
	return prefix + ":" + strconv.Itoa(int(port))
}

// commonPort reports whether a public server may be asked at the port.
func commonPort(port uint16) bool {
	return port == 80 || port == 443 || port > 1023 && !badPort(port)
}

// badPort reports whether something listens at the port, by custom, that could
// take a request for a command. It holds the ports that the WHATWG Fetch
// standard blocks (2.9), and those of common databases and caches.
func badPort(port uint16) bool {
	_, found := slices.BinarySearch(badPorts, port)
	return found
}

var badPorts = []uint16{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
	110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531,
	532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 3306,
	3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 10080,
	11211, 27017,
}

// CheckURL returns why the address cannot be a source's, or nil. It looks at the
// text alone: scheme, user name, host, port, and whether the host is a private
// address or plainly this machine. Names are looked up, and their addresses
// checked, only when they are dialled.
func CheckURL(address string, allow []feed.AllowedNet) error {
	if strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("the address has control characters in it: remove them")
	}
	t, err := parseTarget(address)
	if err != nil {
		return err
	}
	port, err := portOf(t)
	if err != nil {
		return err
	}
	g := newGuard(allow)
	host := strings.TrimSuffix(strings.ToLower(t.url.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.check(netip.AddrPortFrom(addr, port))
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if g.allowed(loopback, port) || g.allowed(netip.IPv6Loopback(), port) {
			return nil
		}
		return g.check(netip.AddrPortFrom(loopback, port))
	}
	if endsInNumber(host) {
		return fmt.Errorf("the host %q looks like an IPv4 address in a short or octal form: write it as four decimal numbers", host)
	}
	if commonPort(port) || slices.ContainsFunc(allow, func(n feed.AllowedNet) bool { return n.Port == port || n.Port == 0 && !badPort(port) }) {
		return nil
	}
	return fmt.Errorf("port %d is not one that feeds are served on: if it is meant, add the host's address as CIDR:%d to network.allow", port, port)
}

// portOf returns the port that the target is asked at.
func portOf(t target) (uint16, error) {
	text := t.url.Port()
	if text == "" {
		text = defaultPort(t.url.Scheme)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the port %s is not between 1 and 65535", text)
	}
	return uint16(port), nil
}

// endsInNumber reports whether resolvers may take the host for an IPv4 address
// (WHATWG URL 3.5): 127.1, 0x7f.1 and 2130706433 are all this machine to some.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.ParseUint(last, 10, 64); err == nil {
		return true
	}
	hex, ok := strings.CutPrefix(last, "0x")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(hex, 16, 64)
	return hex == "" || err == nil
}
