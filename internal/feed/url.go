package feed

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// maxUnwrap is how many redirectors may be wrapped around each other.
const maxUnwrap = 3

// CanonicalURL returns the one spelling of an address that we compare by: two
// addresses with the same spelling lead to the same page. It is no address to
// fetch or to publish. What says nothing about the page goes: scheme, "www.",
// mobile and AMP hosts, default ports, fragments, index files, the slash at the
// end, and the parameters that trackers add. Parameters that are not known as
// such all stay, sorted. An address behind a redirector is the one that it leads
// to.
//
// It is total and idempotent: what is not an absolute http or https address
// comes back trimmed.
func CanonicalURL(address string) string {
	address = strings.TrimSpace(address)
	a, ok := splitAddress(address)
	if !ok {
		return address
	}
	for range maxUnwrap {
		target, ok := splitAddress(strings.TrimSpace(a.target()))
		if !ok {
			break
		}
		a = target
	}
	return a.canonical()
}

// A webAddress is an absolute http or https address in parts, with escapes as
// written.
type webAddress struct {
	host     string // lower case, in ASCII, without what [CanonicalURL] drops
	port     string // empty for the default one
	path     string // empty, or begins with a slash
	query    string // without the question mark
	fragment string // without the number sign
}

// splitAddress reads an absolute http or https address. It reports false for
// all else.
func splitAddress(s string) (webAddress, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return webAddress{}, false
	}
	var a webAddress
	rest, a.fragment, _ = strings.Cut(rest, "#")
	rest, a.query, _ = strings.Cut(rest, "?")
	if i := strings.IndexAny(rest, "/\\"); i >= 0 {
		rest, a.path = rest[:i], rest[i:]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		rest, a.port = rest[:i], rest[i+1:]
	}
	if a.port == "80" || a.port == "443" {
		a.port = ""
	}
	a.host = canonicalHost(rest)
	valid := a.host != "" && strings.Trim(a.port, "0123456789") == "" && !strings.ContainsFunc(a.host, isNoHostChar)
	return a, valid
}

func isNoHostChar(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}%", r)
}

// canonicalHost returns a host in lower-case ASCII, without the labels that only
// say how its pages are shown.
func canonicalHost(host string) string {
	for i := range len(host) {
		if c := host[i]; c >= 0x80 || c >= 'A' && c <= 'Z' {
			// What IDNA refuses is a name that does not resolve: any spelling
			// of it does.
			ascii, err := idna.Lookup.ToASCII(host)
			if err != nil {
				ascii = strings.ToLower(host)
			}
			host = ascii
			break
		}
	}
	host = strings.TrimSuffix(host, ".")
	for {
		label, rest, ok := strings.Cut(host, ".")
		if !ok || !strings.Contains(rest, ".") || label != "www" && label != "m" && label != "mobile" && label != "amp" {
			break
		}
		host = rest
	}
	if language, ok := strings.CutSuffix(host, ".m.wikipedia.org"); ok {
		host = language + ".wikipedia.org"
	}
	return host
}

func (a webAddress) canonical() string {
	out := make([]byte, 0, len(a.host)+len(a.port)+len(a.path)+len(a.query)+16)
	out = append(out, a.host...)
	if a.port != "" {
		out = append(append(out, ':'), a.port...)
	}
	out = appendCanonical(out, canonicalPath(a.path), false)
	if a.query != "" {
		out = appendQuery(out, a.query, a.host)
	}
	if strings.HasPrefix(a.fragment, "!") { // a page of a site that routes by fragments
		out = appendCanonical(append(out, '#'), a.fragment, false)
	}
	return string(out)
}

// canonicalPath leaves out of a path what only says how the page is shown.
func canonicalPath(path string) string {
	if strings.Contains(path, "\\") {
		path = strings.ReplaceAll(path, "\\", "/")
	}
	if strings.Contains(path, "/.") {
		path = withoutDots(path)
	}
	for {
		path = strings.TrimRight(path, "/")
		cut := path
		for _, end := range []string{"/amp", "/index.html", "/index.htm", "/index.php"} {
			cut = strings.TrimSuffix(cut, end)
		}
		if cut == path {
			break
		}
		path = cut
	}
	if page, ok := strings.CutSuffix(path, ".amp.html"); ok {
		return page + ".html"
	}
	return strings.TrimSuffix(path, ".amp")
}

// withoutDots resolves dot segments (RFC 3986 5.2.4).
func withoutDots(path string) string {
	var out []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case ".":
		case "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
		default:
			out = append(out, segment)
		}
	}
	return strings.Join(out, "/")
}

// appendQuery writes the parameters that say which page is meant, sorted.
func appendQuery(out []byte, query, host string) []byte {
	var space [16]string
	kept := space[:0]
	for parameter := range strings.SplitSeq(query, "&") {
		parameter = strings.TrimPrefix(parameter, "amp;") // from HTML, escaped twice
		if parameter != "" && !isTracking(parameter, host) {
			kept = append(kept, parameter)
		}
	}
	slices.Sort(kept)
	mark := byte('?')
	for _, parameter := range kept {
		out = appendCanonical(append(out, mark), parameter, true)
		mark = '&'
	}
	return out
}

// appendCanonical writes text with its escapes in one spelling: characters that
// never need them without (RFC 3986 6.2.2.2), all others in upper case, and
// what should have been escaped escaped.
func appendCanonical(out []byte, s string, query bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			c = byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			if isUnreserved(c) {
				out = append(out, c)
			} else {
				out = append(out, '%', hex[c>>4], hex[c&15])
			}
		case c == '+' && query:
			out = append(out, "%20"...)
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0:
			out = append(out, '%', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return out
}

func isUnreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// MaskURL returns the address with its secrets replaced by "***", fit for logs
// and pages: user information, and the values of parameters whose names say
// that they are keys or passwords.
func MaskURL(address string) string {
	head, fragment, hasFragment := strings.Cut(address, "#")
	head, query, hasQuery := strings.Cut(head, "?")
	if i := strings.Index(head, "//"); i >= 0 {
		authority := head[i+2:]
		if end := strings.IndexAny(authority, "/\\"); end >= 0 {
			authority = authority[:end]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			head = head[:i+2] + "***" + head[i+2+at:]
		}
	}
	if hasQuery {
		head += "?" + maskParameters(query)
	}
	if hasFragment {
		head += "#" + maskParameters(fragment)
	}
	return head
}

// HasSecret reports whether [MaskURL] changes the address.
func HasSecret(address string) bool { return MaskURL(address) != address }

func maskParameters(query string) string {
	if !strings.Contains(query, "=") {
		return query
	}
	parameters := strings.Split(query, "&")
	for i, parameter := range parameters {
		name, value, _ := strings.Cut(parameter, "=")
		if value != "" && isSecretName(name) {
			parameters[i] = name + "=***"
		}
	}
	return strings.Join(parameters, "&")
}

// isSecretName reports whether a parameter's name says that its value is not
// for everyone. Masking one too many does no harm.
func isSecretName(name string) bool {
	if unescaped, err := url.QueryUnescape(name); err == nil {
		name = unescaped
	}
	name = strings.ToLower(name)
	for _, part := range []string{"token", "secret", "passw", "apikey", "signature", "credential", "session"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	for _, end := range []string{"key", "auth", "sig", "pwd", "pass", "jwt"} {
		if rest, ok := strings.CutSuffix(name, end); ok && (rest == "" || strings.ContainsAny(rest[len(rest)-1:], "_-.[;")) {
			return true
		}
	}
	return false
}
