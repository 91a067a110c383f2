package feed

import (
	"cmp"
	"crypto/sha1" // UUID version 5 is defined over SHA-1 (RFC 9562 5.5); nothing secret hangs on it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Keys names the entries of one document, in order: by guid, else by link, else
// by what they say. Where one guid stands with several links, publishers have
// reused it, and guid and link together are the name. Entries that would still
// share a name are told apart by what they say.
func Keys(entries []RawEntry) []string {
	links := make(map[string]string, len(entries)) // guid to its link, or to reused
	const reused = "\x00"
	for i := range entries {
		e := &entries[i]
		if e.GUID == "" {
			continue
		}
		if link, ok := links[e.GUID]; ok && link != e.Link {
			links[e.GUID] = reused
		} else {
			links[e.GUID] = e.Link
		}
	}
	keys := make([]string, len(entries))
	taken := make(map[string]bool, len(entries))
	for i := range entries {
		e := &entries[i]
		key := cmp.Or(e.GUID, e.Link)
		if e.GUID != "" && links[e.GUID] == reused {
			key = e.GUID + "|" + e.Link
		}
		// First sight must not take part: an entry with neither guid, link nor
		// date would get a new name, and be a new entry, at every poll.
		if key == "" || taken[key] {
			key = "sha256:" + digest(key, e.Title.Body, e.Published.UTC().Format(time.RFC3339), e.Content.Body, e.Summary.Body)
		}
		taken[key] = true
		keys[i] = key
	}
	return keys
}

// Fingerprint hashes all that the source says of the entry. Equal fingerprints
// mean there is nothing to do. It is taken of every entry of every document that
// changed, so the long texts are hashed as they are and only the rest as JSON.
func (e *RawEntry) Fingerprint() string {
	texts := [...]Text{e.Title, e.Summary, e.Content, e.Subtitle, e.RightsText}
	rest := *e
	rest.Title, rest.Summary, rest.Content, rest.Subtitle, rest.RightsText = Text{}, Text{}, Text{}, Text{}, Text{}
	// Marshalling a struct of strings, numbers and times cannot fail.
	b, _ := json.Marshal(&rest) // see above
	for _, t := range texts {
		b = strconv.AppendBool(b, t.HTML)
		b = strconv.AppendInt(b, int64(len(t.Body)), 10)
		b = append(b, t.Body...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// PublicID returns the id under which an entry is published (RFC 4287 4.2.6).
// An identifier that is an absolute URI is kept character by character.
// Anything else is unique only within its source, so a name is derived that is
// unique everywhere.
func PublicID(source, guid, key string) string {
	if isAbsoluteURI(guid) && guid == key {
		return guid
	}
	return DerivedID(source, key)
}

// DerivedID returns the id of an entry that has no usable one of its own, or
// whose own one is taken by another entry: a version 5 UUID over the source and
// the source's name for the entry.
func DerivedID(source, key string) string {
	// The namespace is this program's own, made once at random.
	namespace := [16]byte{0x5e, 0x7a, 0x1c, 0x0d, 0x93, 0x4b, 0x4e, 0x0f, 0xa6, 0x21, 0x6d, 0x3e, 0x8b, 0x52, 0xc4, 0x17}
	h := sha1.New() // see the import
	h.Write(namespace[:])
	h.Write([]byte(source + "\x00" + key))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// isAbsoluteURI reports whether s can stand as an id as it is: a scheme, and
// no character that XML or an URI has no place for.
func isAbsoluteURI(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"{}|\^`+"`", r) }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && len(u.Scheme) > 1 && (u.Host != "" || u.Opaque != "")
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
