package render

import (
	"path"
	"regexp"
	"strings"

	"serai/internal/feed"
)

// address returns an absolute http or https address as an URI (RFC 3986):
// every character that may not stand in one is percent-encoded, also in a host
// name (RFC 3986 3.2.2). Anything else, and an address with user information,
// comes back empty: nothing that reads our feeds shall be led to a script or
// shown a password.
func address(s string) string {
	s = strings.TrimSpace(clean(s))
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	if host == "" || host[0] == ':' || strings.ContainsAny(host, `@\ `) {
		return ""
	}
	return strings.ToLower(scheme) + "://" + percent(host, "[]") + percent(rest[end:], "/?#")
}

// percent encodes what may not stand in an URI, and what is not in extra of the
// delimiters that may stand in some of its parts only. A second # is encoded:
// a fragment has none.
func percent(s, extra string) string {
	i := 0
	for ; i < len(s); i++ {
		if !inURI[s[i]] && !strings.Contains(extra, s[i:i+1]) || s[i] == '%' || s[i] == '#' {
			break
		}
	}
	if i == len(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	b := []byte(s[:i])
	fragment := false
	for ; i < len(s); i++ {
		c := s[i]
		keep := inURI[c] || strings.Contains(extra, s[i:i+1])
		switch c {
		case '%':
			keep = i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		case '#':
			keep = keep && !fragment
			fragment = true
		}
		if keep {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// inURI tells what may stand anywhere in an URI (RFC 3986 2.2, 2.3).
var inURI = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:!$&'()*+,;=@") {
		table[c] = true
	}
	return table
}()

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// open returns an address that may be published, or nothing where it carries
// a secret.
func open(s string) string {
	if s = address(s); feed.HasSecret(s) {
		return ""
	}
	return s
}

// host returns the host of an address that [address] gave, without its port.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if colon := strings.LastIndexByte(rest, ':'); colon >= 0 && !strings.HasSuffix(rest, "]") {
		rest = rest[:colon]
	}
	return strings.ToLower(rest)
}

// mediaTypes are the files that come with feeds. The machine's own table of
// types is not asked: the same data must give the same bytes everywhere.
var mediaTypes = map[string]string{
	".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp3": "audio/mpeg",
	".oga": "audio/ogg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".weba": "audio/webm",
	".m4v": "video/mp4", ".mov": "video/quicktime", ".mp4": "video/mp4", ".ogv": "video/ogg", ".webm": "video/webm",
	".avif": "image/avif", ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png",
	".svg": "image/svg+xml", ".webp": "image/webp",
	".csv": "text/csv", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".epub": "application/epub+zip", ".pdf": "application/pdf",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".zip": "application/zip",
}

var mediaTypeShape = regexp.MustCompile(`^[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+$`)

// mediaType returns the type of a file: as declared, else by the ending of its
// address, else the type that says nothing.
func mediaType(declared, address string) string {
	declared, _, _ = strings.Cut(declared, ";")
	if declared = strings.ToLower(strings.TrimSpace(declared)); mediaTypeShape.MatchString(declared) {
		return declared
	}
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	if known := mediaTypes[strings.ToLower(path.Ext(address))]; known != "" {
		return known
	}
	return "application/octet-stream"
}
