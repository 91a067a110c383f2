package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A target is an address to be asked.
type target struct {
	text string   // what it is called: without fragment, blanks and non-ASCII encoded, else as written
	url  *url.URL // what net/http is given
}

// origin names what credentials belong to: scheme, host and port.
func (t target) origin() string {
	port := t.url.Port()
	if port == "" {
		port = defaultPort(t.url.Scheme)
	}
	return t.url.Scheme + "://" + strings.ToLower(t.url.Hostname()) + ":" + port
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// What makes an address one that we do not ask.
var (
	errScheme   = errors.New("only http and https addresses are asked")
	errUserinfo = errors.New("user name and password do not belong in an address: set an Authorization header instead")
	errNoHost   = errors.New("the address has no host")
	errTooLong  = fmt.Errorf("the address is longer than %d bytes", maxAddress)
)

// parseTarget reads an absolute address. Path and query go over the wire as
// they are written: a server may well tell "%7E" from "~", and url.URL does not
// keep all spellings.
func parseTarget(address string) (target, error) {
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	if len(address) > maxAddress {
		return target{}, errTooLong
	}
	address, _, _ = strings.Cut(address, "#")
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return target{}, errScheme
	}
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return target{}, errScheme
	}
	authority, local := rest, ""
	if i := strings.IndexAny(rest, `/?\`); i >= 0 {
		authority, local = rest[:i], encode(rest[i:])
	}
	u, err := url.Parse(scheme + "://" + authority + "/")
	switch {
	case err != nil:
		// The error of net/url quotes the address, with what secrets it may hold.
		return target{}, errors.New("the address cannot be read: its host is malformed")
	case u.User != nil:
		return target{}, errUserinfo
	case u.Hostname() == "":
		return target{}, errNoHost
	}
	path, query, asked := strings.Cut(local, "?")
	u.RawQuery, u.ForceQuery = query, asked
	switch {
	case strings.HasPrefix(path, "//"):
		// As Opaque this would be taken for another host.
		if u.Path, err = url.PathUnescape(path); err != nil {
			return target{}, errors.New("the address has a malformed %-escape")
		}
		u.RawPath = path
	case strings.HasPrefix(path, "/"):
		u.Path, u.Opaque = "", path
	case path != "": // a backslash, which browsers take for a slash
		u.Path, u.Opaque = "", "/"+path[1:]
	}
	text := scheme + "://" + authority + local
	if len(text) > maxAddress {
		return target{}, errTooLong // with what had to be encoded
	}
	return target{text: text, url: u}, nil
}

// resolve reads a Location header as it stands in an answer from base (RFC 9110
// 10.2.2), with the liberties that servers take.
func resolve(base target, location string) (target, error) {
	location = strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	location, _, _ = strings.Cut(location, "#")
	scheme, rest, _ := strings.Cut(base.text, "://")
	authority, local := rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, local = rest[:i], rest[i:]
	}
	path, _, _ := strings.Cut(local, "?")
	root := scheme + "://" + authority
	switch {
	case location == "":
		return parseTarget(base.text)
	case hasScheme(location):
		return parseTarget(location)
	case strings.HasPrefix(location, "//"):
		return parseTarget(scheme + ":" + location)
	case location[0] == '?':
		return parseTarget(root + path + location)
	case location[0] != '/':
		location = path[:strings.LastIndexByte(path, '/')+1] + location
		if location[0] != '/' {
			location = "/" + location
		}
	}
	path, query, asked := strings.Cut(location, "?")
	path = removeDots(path)
	if asked {
		path += "?" + query
	}
	return parseTarget(root + path)
}

// hasScheme reports whether the reference is absolute (RFC 3986 3.1).
func hasScheme(ref string) bool {
	for i := range len(ref) {
		switch c := ref[i] | 0x20; {
		case 'a' <= c && c <= 'z':
		case i > 0 && ref[i] == ':':
			return true
		case i > 0 && ('0' <= ref[i] && ref[i] <= '9' || strings.IndexByte("+-.", ref[i]) >= 0):
		default:
			return false
		}
	}
	return false
}

// removeDots takes "." and ".." out of an absolute path (RFC 3986 5.2.4).
func removeDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".", "..":
			if segment == ".." && len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// encode percent-encodes what may not stand in a request line, and nothing else.
func encode(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] > ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
