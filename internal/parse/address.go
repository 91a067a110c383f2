package parse

import (
	"net/url"
	"strings"
)

// maxBase bounds an address that others are resolved against: bases that nest
// would otherwise grow with each other.
const maxBase = 2 << 10

// resolve makes an address absolute. One that is absolute is left alone to the
// character; one that cannot be made so stays as it is.
func resolve(base, ref string) string {
	ref = strings.TrimSpace(ref)
	if strings.ContainsAny(ref, "\r\n\t") {
		ref = strings.NewReplacer("\r", "", "\n", "", "\t", "").Replace(ref)
	}
	if ref == "" || base == "" && !lacksHost(ref) {
		return ref
	}
	if lacksHost(ref) {
		_, rest, _ := strings.Cut(ref, ":")
		ref = "/" + strings.TrimLeft(rest, "/")
	} else if hasScheme(ref) {
		return ref
	}
	if base == "" {
		return ref
	}
	scheme, rest, _ := strings.Cut(base, "://")
	switch {
	case strings.HasPrefix(ref, "//"):
		return scheme + ":" + ref
	case strings.HasPrefix(ref, "/") && !strings.Contains(ref, "/."):
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		return scheme + "://" + rest + ref
	}
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := url.Parse(strings.ReplaceAll(ref, " ", "%20"))
	if err != nil {
		return ref
	}
	return b.ResolveReference(u).String()
}

// lacksHost reports an address like "http:///path", which its author meant to
// be of the same host.
func lacksHost(ref string) bool {
	scheme, rest, ok := strings.Cut(ref, ":///")
	return ok && rest != "" && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// hasScheme reports whether ref begins with a scheme (RFC 3986 3.1).
func hasScheme(ref string) bool {
	for i := range len(ref) {
		switch c := ref[i]; {
		case c == ':':
			return i > 0
		case isLetter(c) || i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// nestBase returns the base inside an element with an xml:base. Only addresses
// of the web can be one; others leave what was.
func nestBase(base, nested string) string {
	if len(nested) > maxBase {
		return base
	}
	b := resolve(base, nested)
	if !isWeb(b) || len(b) > maxBase {
		return base
	}
	return b
}

// isWeb reports whether an address is one of the web, with a host.
func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
