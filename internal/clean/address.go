package clean

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/nlnwa/whatwg-url/url"
)

// maxAddress is the longest address that is carried on, in bytes. Longer ones
// are accidents (an article in an href) or attacks.
const maxAddress = 8192

// URL returns the address as an absolute http or https one, read as a browser
// reads it (WHATWG URL) and relative to base: no user information, no control
// characters, a host in ASCII, and all that RFC 3986 has no place for
// percent-encoded. What can't become such an address becomes "".
func URL(address, base string) string {
	r := resolver{base: base}
	return r.resolve(address)
}

// A resolver makes addresses absolute, all against one base, which it parses
// only once and only when it must.
type resolver struct {
	base   string
	parsed *url.Url // nil until needed, or when base is no address
	tried  bool
}

func (r *resolver) resolve(address string) string {
	if len(address) > maxAddress {
		return ""
	}
	if isOrdinary(address) {
		return address
	}
	address = strings.Trim(Chars(address), " \t\r\n\f")
	if address == "" {
		return ""
	}
	if root := r.root(); root != "" && isFromRoot(address) && len(root)+len(address) <= maxAddress {
		return root + address
	}
	u, err := r.parse(address)
	if err != nil || (u.Scheme() != "http" && u.Scheme() != "https") || !isHost(u.Hostname()) {
		return ""
	}
	if u.Username() != "" || u.Password() != "" {
		u.SetUsername("")
		u.SetPassword("")
	}
	// Square brackets are right in the host and nowhere else.
	origin := len(u.Protocol()) + len("//") + len(u.Host())
	href := encodeStray(u.Href(false), origin)
	if len(href) > maxAddress {
		return ""
	}
	return href
}

// isHost reports whether a host can be one: WHATWG also takes quotes and braces.
func isHost(s string) bool {
	if strings.HasPrefix(s, "[") {
		return true // the parser has read the IPv6 address
	}
	for i := range len(s) {
		if addressBytes[s[i]]&inHost == 0 && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

func (r *resolver) parse(address string) (*url.Url, error) {
	if base := r.absolute(); base != nil {
		return base.Parse(address)
	}
	return url.Parse(address)
}

// absolute returns the base, or nil where there is none to be relative to.
func (r *resolver) absolute() *url.Url {
	if !r.tried {
		r.tried = true
		if base := strings.Trim(Chars(r.base), " \t\r\n\f"); base != "" && len(base) <= maxAddress {
			// An error leaves no base, and relative addresses then go nowhere.
			if u, err := url.Parse(base); err == nil && (u.Scheme() == "http" || u.Scheme() == "https") {
				r.parsed = u
			}
		}
	}
	return r.parsed
}

// root returns scheme and host of the base, empty where there is no base or its
// host is for the parser to judge.
func (r *resolver) root() string {
	if base := r.absolute(); base != nil && isHost(base.Hostname()) {
		return base.Protocol() + "//" + base.Host()
	}
	return ""
}

// isFromRoot reports whether the address is a plain path from the root, which
// resolving would only put behind the base's host.
func isFromRoot(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && isOrdinaryPath(s)
}

// Classes of bytes in an address, for the fast road.
const (
	inHost  = 1 << iota // lower-case letters, digits, hyphen, dot
	inPath              // pchar and slash of RFC 3986, without the percent sign
	inQuery             // what may besides stand after a question mark
)

var addressBytes = func() (t [256]uint8) {
	const alnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	mark := func(chars string, class uint8) {
		for i := range len(chars) {
			t[chars[i]] |= class
		}
	}
	mark(alnum+"-.", inHost)
	mark(alnum+"ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&()*+,;=:@/", inPath|inQuery)
	mark("'", inPath) // WHATWG encodes it in queries
	mark("?", inQuery)
	return t
}()

// isOrdinary reports whether resolving the address would give it back as it is,
// for nearly all that feeds hold: a plain absolute address without anything to
// decide.
func isOrdinary(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		return false
	}
	host, port, hasPort := strings.Cut(rest[:end], ":")
	return (isOrdinaryName(host) || isQuad(host)) && (!hasPort || isOrdinaryPort(port)) && isOrdinaryPath(rest[end:])
}

// isOrdinaryName reports whether a host is a plain name in its one spelling.
func isOrdinaryName(s string) bool {
	letters := false
	label := 0 // where the current label begins
	for i := range len(s) {
		c := s[i]
		if addressBytes[c]&inHost == 0 {
			return false
		}
		if c == '.' {
			// Empty labels, hyphens at the edge and punycode are for the parser.
			if i == label || s[i-1] == '-' {
				return false
			}
			label, letters = i+1, false
		} else if c >= 'a' {
			letters = true
		}
		if i == label && (c == '-' || strings.HasPrefix(s[i:], "xn--")) {
			return false
		}
	}
	// A last label of digits makes an IPv4 address in one of its spellings, and
	// so does "0x" and hexadecimal digits.
	return label < len(s) && letters && s[len(s)-1] != '-' && !strings.HasPrefix(s[label:], "0x")
}

// isQuad reports whether a host is an IPv4 address in its one spelling.
func isQuad(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is4()
}

// isOrdinaryPort reports whether a port is in its one spelling and cannot be
// the one that goes without saying.
func isOrdinaryPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && s[0] != '0' && s[0] != '+' && n != 80 && n != 443
}

func isOrdinaryPath(s string) bool {
	class := uint8(inPath)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case addressBytes[c]&class != 0:
			if c == '/' && class == inPath && strings.HasPrefix(s[i+1:], ".") {
				return false // perhaps a dot segment
			}
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			if class == inPath && s[i+1] == '2' && s[i+2]|0x20 == 'e' {
				return false // a dot in disguise
			}
			i += 2
		case c == '?' && class == inPath:
			class = inQuery
		default:
			return false
		}
	}
	return true
}

// encodeStray percent-encodes what WHATWG leaves in an address and RFC 3986
// does not allow, from start on, so that every reader and validator takes it.
func encodeStray(s string, start int) string {
	hash := strings.IndexByte(s, '#') // a second one is not allowed
	const hex = "0123456789ABCDEF"
	var b []byte // nil while nothing had to be encoded
	for i := start; i < len(s); i++ {
		c := s[i]
		if isStray(s, i) || c == '#' && i > hash {
			if b == nil {
				b = append(make([]byte, 0, len(s)+16), s[:i]...)
			}
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else if b != nil {
			b = append(b, c)
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}

// isStray reports whether the byte at i has no place in an address.
func isStray(s string, i int) bool {
	switch c := s[i]; {
	case c <= ' ', c >= 0x7f:
		return true
	case c == '%':
		return i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])
	default:
		return strings.IndexByte("\"<>[\\]^`{|}", c) >= 0
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
