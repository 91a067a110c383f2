package fetch

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"serai/internal/feed"
)

// maxText bounds a failure's text, maxQuote what it quotes of a stranger's.
const (
	maxText  = 500
	maxQuote = 200
	// minSecret is how long a part of a header must be to count as a secret:
	// scrubbing every "a" would leave nothing to read.
	minSecret = 6
)

// failed makes a failure of this visit. Its text says besides which address
// answered, where that was not the one asked, and over how many redirects.
func (v *visit) failed(class feed.Class, phase, format string, args ...any) *feed.Failure {
	text := fmt.Sprintf(format, args...)
	if n := len(v.result.Hops); n > 0 {
		text += fmt.Sprintf(" (from %s, after %d %s)", feed.MaskURL(v.result.FinalURL), n, plural(n, "redirect"))
	}
	return &feed.Failure{Class: class, Phase: phase, Text: oneLine(v.scrub(text), maxText)}
}

// scrub takes the secrets of the request out of a text: servers quote tokens
// that they do not like.
func (v *visit) scrub(text string) string {
	for _, value := range v.request.Headers {
		for part := range strings.FieldsSeq(value) {
			if len(part) >= minSecret {
				text = strings.ReplaceAll(text, part, "***")
			}
		}
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// broken says what an error of the exchange means.
func (v *visit) broken(err error) *feed.Failure {
	phase := "header"
	if v.exchange.body.Load() != 0 {
		phase = "body"
	}
	class, at, text := explain(v.exchange.why(err), phase)
	if at == "body" {
		text += fmt.Sprintf(" after %d bytes", v.exchange.bodyWire.Load())
	}
	return v.failed(class, at, "%s", text)
}

// explain finds out what an error means: its class, the phase that it belongs
// to, and a text without secrets. Phase is where it came up, if it does not
// tell itself.
func explain(err error, phase string) (feed.Class, string, string) {
	var (
		refused *refusal
		coding  *codingError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		alert   tls.AlertError
		record  tls.RecordHeaderError
		op      *net.OpError
	)
	switch {
	case errors.Is(err, errStopped):
		return feed.FailNetwork, phase, "the poll was stopped"
	case errors.Is(err, errTotal), errors.Is(err, errIdle):
		return feed.FailNetwork, phase, err.Error()
	case errors.Is(err, errWire):
		return feed.FailTooLarge, "body", err.Error()
	case errors.Is(err, errDecoded), errors.Is(err, errRatio):
		return feed.FailTooLarge, "decode", err.Error()
	case errors.Is(err, errCodings), errors.As(err, &coding):
		return feed.FailProtocol, "decode", err.Error()
	case errors.As(err, &refused):
		return feed.FailRefused, "connect", refused.Error()
	case errors.As(err, &dns):
		return feed.FailNetwork, "dns", explainDNS(dns)
	case errors.As(err, &cert):
		return feed.FailNetwork, "tls", explainCertificate(cert.Err)
	case errors.As(err, &alert), errors.As(err, &record), strings.Contains(err.Error(), "TLS handshake"), strings.Contains(err.Error(), "tls: "):
		return feed.FailNetwork, "tls", "TLS: " + oneLine(strings.TrimPrefix(err.Error(), "tls: "), maxQuote)
	case errors.As(err, &op) && op.Op == "dial":
		return feed.FailNetwork, "connect", explainDial(op)
	case strings.Contains(err.Error(), "awaiting response headers"):
		return feed.FailNetwork, "header", "no answer within " + headerLimit.String()
	case errors.Is(err, syscall.ECONNRESET):
		return feed.FailNetwork, phase, "the server cut the connection"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if phase == "body" {
			return feed.FailNetwork, phase, "the body ended early"
		}
		return feed.FailNetwork, phase, "the server closed the connection without an answer"
	case phase == "header" && malformed(err):
		return feed.FailProtocol, phase, "the answer is not HTTP as it should be: " + oneLine(err.Error(), maxQuote)
	case phase == "body" && undecodable(err):
		return feed.FailProtocol, "decode", "the body cannot be decoded: " + oneLine(err.Error(), maxQuote)
	}
	return feed.FailNetwork, phase, oneLine(err.Error(), maxQuote)
}

func explainDNS(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return fmt.Sprintf("there is no host %q", oneLine(err.Name, maxQuote))
	case err.IsTimeout:
		return fmt.Sprintf("looking up %q took too long", oneLine(err.Name, maxQuote))
	}
	return fmt.Sprintf("looking up %q: %s", oneLine(err.Name, maxQuote), oneLine(err.Err, maxQuote))
}

func explainDial(op *net.OpError) string {
	where := ""
	if op.Addr != nil {
		where = " by " + op.Addr.String()
	}
	switch {
	case op.Timeout():
		return "no connection within " + connectLimit.String()
	case errors.Is(op, syscall.ECONNREFUSED):
		return "the connection was refused" + where
	case errors.Is(op, syscall.EHOSTUNREACH), errors.Is(op, syscall.ENETUNREACH):
		return "the network cannot be reached" + where
	}
	return "no connection: " + oneLine(op.Err.Error(), maxQuote)
}

// explainCertificate names what is wrong, so that an admin knows whose turn it is.
func explainCertificate(err error) string {
	var (
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		issuer  x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not yet valid: it holds from " +
			invalid.Cert.NotBefore.UTC().Format("2006-01-02") + " to " + invalid.Cert.NotAfter.UTC().Format("2006-01-02")
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate is for another name than %q", oneLine(name.Host, maxQuote))
	case errors.As(err, &issuer):
		return "the certificate's issuer is not known"
	}
	return "the certificate is not valid: " + oneLine(err.Error(), maxQuote)
}

// malformed reports whether an error of the transport is about an answer that
// is no HTTP, or too large. It has no types for these.
func malformed(err error) bool {
	text := err.Error()
	for _, sign := range []string{"malformed", "cannot contain", "exceeded", "too many", "invalid", "unsupported", "bad ", "http2:", "stream error"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// undecodable reports whether an error in a body is about its bytes and not
// about the way they came.
func undecodable(err error) bool {
	var op *net.OpError
	return !errors.As(err, &op) && !brokenHTTP2(err) && !strings.Contains(err.Error(), "chunk")
}

// brokenHTTP2 reports whether the trouble is with HTTP/2 itself, so that
// HTTP/1.1 may do better. The transport keeps its error types to itself.
func brokenHTTP2(err error) bool {
	text := err.Error()
	if strings.Contains(text, "timeout") {
		return false // slow in one version is slow in the other
	}
	return strings.Contains(text, "http2: ") || strings.HasPrefix(text, "stream error: ") || strings.HasPrefix(text, "connection error: ")
}

// classOf says what a status means that brings no document.
func classOf(code int, hasRetryAfter bool) feed.Class {
	switch code {
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent:
		return feed.FailEmpty
	case http.StatusTooManyRequests:
		return feed.FailBusy
	case http.StatusServiceUnavailable, http.StatusForbidden:
		if hasRetryAfter {
			return feed.FailBusy // who says when to come back means a limit
		}
	case http.StatusNotFound:
		return feed.FailMissing
	case http.StatusGone:
		return feed.FailGone
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return feed.FailServer
	}
	switch {
	case code == http.StatusUnauthorized, code == http.StatusPaymentRequired, code == http.StatusForbidden,
		code == http.StatusProxyAuthRequired, code == http.StatusUnavailableForLegalReasons:
		return feed.FailForbidden
	case 400 <= code && code < 500:
		return feed.FailRequest
	case 500 <= code && code < 600:
		return feed.FailServer
	}
	return feed.FailProtocol
}

// pageText returns what an error page says: the title of HTML, the beginning of
// plain text; nothing of anything else.
func pageText(page []byte, contentType string) string {
	kind := strings.ToLower(strings.TrimSpace(contentType))
	kind, _, _ = strings.Cut(kind, ";")
	kind = strings.TrimSpace(kind)
	if strings.Contains(kind, "html") || kind == "" && looksPlain(page) {
		lower := bytes.ToLower(page)
		from := bytes.Index(lower, []byte("<title"))
		if from < 0 || len(lower) != len(page) {
			return ""
		}
		title := page[from:]
		if i := bytes.IndexByte(title, '>'); i >= 0 {
			title = title[i+1:]
		}
		if i := bytes.IndexByte(title, '<'); i >= 0 {
			title = title[:i]
		}
		return oneLine(string(title), maxQuote)
	}
	if strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") {
		return oneLine(string(page), maxQuote)
	}
	return ""
}

// oneLine makes a stranger's text fit for a log: one line of at most limit
// characters, without control, format and broken characters.
func oneLine(s string, limit int) string {
	var b strings.Builder
	space := false
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			continue
		}
		if space {
			n++
		}
		if n++; n > limit {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
