package fetch

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"serai/internal/feed"
)

// A visit is one Get under way.
type visit struct {
	client   *Client
	request  *Request
	exchange exchange
	origin   string // of the address asked first: what credentials belong to
	sent     feed.Validators
	secure   bool // some hop was https
	result   Result
}

// run asks, follows redirects, and reads the answer.
func (v *visit) run() {
	t, err := parseTarget(v.request.URL)
	if err != nil {
		v.result.Failure = v.failed(feed.FailRefused, "connect", "%v", err)
		return
	}
	v.origin = t.origin()
	seen := []string{t.text}
	for {
		v.result.FinalURL = t.text
		v.secure = v.secure || t.url.Scheme == "https"
		resp, failure := v.ask(t)
		if failure != nil {
			v.result.Failure = failure
			return
		}
		v.result.Status = resp.StatusCode
		if !redirects(resp) {
			v.answer(t, resp)
			return
		}
		next, failure := v.redirect(t, resp)
		if failure == nil && slices.Contains(seen, next.text) {
			failure = v.failed(feed.FailProtocol, "header", "the redirects go round in a circle, back to %s", feed.MaskURL(next.text))
		}
		if failure != nil {
			v.result.Failure = failure
			return
		}
		v.result.Hops = append(v.result.Hops, Hop{From: t.text, To: next.text, Status: resp.StatusCode})
		seen = append(seen, next.text)
		t = next
	}
}

// ask sends the request for one address. An answer that blames the connection
// or a broken HTTP/2 is worth one more try over HTTP/1.1.
func (v *visit) ask(t target) (*http.Response, *feed.Failure) {
	host := t.url.Host
	if v.client.isStubborn(host) {
		return v.roundTrip(v.client.plain, t)
	}
	resp, err := v.send(v.client.transport, t)
	switch {
	case err == nil && resp.StatusCode == http.StatusMisdirectedRequest:
		v.drain(resp)
	case err != nil && brokenHTTP2(err) && v.exchange.ctx.Err() == nil:
		v.client.rememberStubborn(host, time.Now())
	case err != nil:
		return nil, v.broken(err)
	default:
		return resp, nil
	}
	return v.roundTrip(v.client.plain, t)
}

func (v *visit) roundTrip(transport *http.Transport, t target) (*http.Response, *feed.Failure) {
	resp, err := v.send(transport, t)
	if err != nil {
		return nil, v.broken(err)
	}
	return resp, nil
}

func (v *visit) send(transport *http.Transport, t target) (*http.Response, error) {
	v.exchange.asking()
	req := &http.Request{
		Method: http.MethodGet, URL: t.url, Host: t.url.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: v.header(t),
	}
	// Not through an http.Client: it would add a Referer, and follow redirects
	// with the headers of the first request.
	return transport.RoundTrip(req.WithContext(v.exchange.ctx))
}

// ours are the headers that an admin cannot set: they belong to the exchange.
var ours = map[string]bool{
	"Host": true, "Connection": true, "Content-Length": true, "Transfer-Encoding": true, "Te": true, "Trailer": true,
	"Upgrade": true, "Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authorization": true, "Accept-Encoding": true,
	"If-None-Match": true, "If-Modified-Since": true, "If-Match": true, "If-Unmodified-Since": true, "If-Range": true,
	"Range": true, "A-Im": true, "Referer": true, "Expect": true,
}

// header returns what is sent to t: of the request's own headers only to the
// origin they were meant for, of validators only those that t issued.
func (v *visit) header(t target) http.Header {
	c := v.client
	h := http.Header{"User-Agent": c.userAgent, "Accept": c.accept, "Accept-Encoding": c.encodings}
	if len(v.request.Headers) > 0 && t.origin() == v.origin {
		for name, value := range v.request.Headers {
			if name = http.CanonicalHeaderKey(name); !ours[name] {
				h[name] = []string{value}
			}
		}
	}
	v.sent = v.request.Validators[t.text]
	if v.sent.ETag != "" && sendable(v.sent.ETag) {
		h["If-None-Match"] = []string{v.sent.ETag}
		if v.request.Delta {
			h["A-Im"] = c.manipulations
		}
	} else {
		v.sent.ETag = ""
	}
	if v.sent.LastModified != "" && sendable(v.sent.LastModified) {
		h["If-Modified-Since"] = []string{v.sent.LastModified}
	} else {
		v.sent.LastModified = ""
	}
	return h
}

// redirects reports whether the answer sends us elsewhere.
func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	case http.StatusMultipleChoices:
		return first(resp.Header, "Location") != ""
	}
	return false
}

// redirect returns where the answer sends us, or why we do not go.
func (v *visit) redirect(t target, resp *http.Response) (target, *feed.Failure) {
	location := first(resp.Header, "Location")
	wait, asked := retryAfter(resp.Header, time.Now())
	v.drain(resp)
	if location == "" {
		return target{}, v.failed(feed.FailProtocol, "header", "answered %s without saying where to", status(resp.StatusCode))
	}
	if len(v.result.Hops) == maxRedirects {
		return target{}, v.failed(feed.FailProtocol, "header", "more than %d redirects", maxRedirects)
	}
	next, err := resolve(t, location)
	if err != nil {
		return target{}, v.failed(feed.FailRefused, "header", "answered %s to where we do not go: %v", status(resp.StatusCode), err)
	}
	if v.secure && next.url.Scheme == "http" && len(v.request.Headers) > 0 {
		return target{}, v.failed(feed.FailRefused, "header", "a redirect leads from https to http, and the source has credentials")
	}
	if !asked || wait == 0 {
		return next, nil
	}
	if wait > patience {
		v.result.RetryAfter, v.result.HasRetryAfter = wait, true
		return target{}, v.failed(feed.FailBusy, "header", "answered %s and asks to wait %s", status(resp.StatusCode), wait)
	}
	select {
	case <-time.After(wait):
	case <-v.exchange.ctx.Done():
		return target{}, v.broken(v.exchange.ctx.Err())
	}
	return next, nil
}

// drain finishes an answer whose body nobody wants, in a way that keeps the
// connection if that costs little.
func (v *visit) drain(resp *http.Response) {
	if resp.ContentLength != 0 && resp.ContentLength <= maxDrain {
		v.exchange.reading()
		_, _ = io.CopyN(io.Discard, wire{&v.exchange, resp.Body}, maxDrain)
		v.result.Wire = v.exchange.wire.Load()
	}
	_ = resp.Body.Close() // nothing was written, so there is nothing to lose
}

// answer reads the answer that is no redirect.
func (v *visit) answer(t target, resp *http.Response) {
	now, h := time.Now(), resp.Header
	r := &v.result
	r.Fresh, r.FreshBy = freshness(h, now)
	r.RetryAfter, r.HasRetryAfter = retryAfter(h, now)
	r.ContentType, r.ContentLanguage = first(h, "Content-Type"), first(h, "Content-Language")
	if lines := h["Link"]; len(lines) > 0 {
		r.Links = parseLinks(lines, t)
	}
	switch resp.StatusCode {
	case http.StatusNotModified:
		_ = resp.Body.Close() // a 304 has none
		v.notModified(h)
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusIMUsed:
		v.document(resp)
	default:
		v.refused(resp)
	}
}

// notModified takes over what a 304 renews (RFC 9111 4.3.4).
func (v *visit) notModified(h http.Header) {
	if v.sent == (feed.Validators{}) {
		v.result.Failure = v.failed(feed.FailProtocol, "header", "answered 304 Not Modified to a request that did not ask for it")
		return
	}
	v.result.NotModified = true
	kept := v.request.Validators[v.result.FinalURL]
	if etag := first(h, "Etag"); etag != "" {
		kept.ETag = etag
	}
	if modified := first(h, "Last-Modified"); modified != "" {
		kept.LastModified = modified
	}
	v.result.Validators = kept
}

// document reads the body of a good answer.
func (v *visit) document(resp *http.Response) {
	defer func() { _ = resp.Body.Close() }()
	r, h := &v.result, resp.Header
	r.Partial = has(h, "Im", "feed")
	if resp.StatusCode == http.StatusIMUsed && !r.Partial {
		r.Failure = v.failed(feed.FailProtocol, "header", "answered %s with a manipulation nobody asked for", status(resp.StatusCode))
		return
	}
	body, err := v.read(resp)
	r.Wire = v.exchange.wire.Load()
	if err != nil {
		v.unread(body, err)
		return
	}
	if blank(body) {
		r.Failure = v.failed(feed.FailEmpty, "body", "answered %s with an empty body", status(resp.StatusCode))
		return
	}
	r.Body = body
	r.Validators = feed.Validators{ETag: first(h, "Etag"), LastModified: first(h, "Last-Modified")}
}

// read returns the decoded body, or what there is of it and what happened.
func (v *visit) read(resp *http.Response) ([]byte, error) {
	limit := v.request.MaxBytes
	if limit <= 0 {
		limit = v.client.maxBytes
	}
	v.exchange.limit = v.exchange.wire.Load() + max(maxWire, limit/2)
	v.exchange.reading()
	return v.decoded(resp, limit, resp.ContentLength)
}

// decoded reads a body of at most limit bytes, decoded.
func (v *visit) decoded(resp *http.Response, limit, hint int64) (body []byte, err error) {
	d, err := newDecoder(wire{&v.exchange, resp.Body}, resp.Header["Content-Encoding"])
	if err == nil {
		body, err = readBody(d, &v.exchange, limit, hint)
	}
	d.close() // not deferred: one that has panicked must not be used again
	return body, err
}

// unread says why a body could not be read to its end. One that broke off may
// still have whole entries in it.
func (v *visit) unread(body []byte, err error) {
	v.result.Failure = v.broken(err)
	class, phase := v.result.Failure.Class, v.result.Failure.Phase
	if class == feed.FailNetwork && phase != "decode" && !blank(body) {
		v.result.Body, v.result.Incomplete = body, true
	}
}

// refused says what an answer means that brings no document.
func (v *visit) refused(resp *http.Response) {
	class := classOf(resp.StatusCode, v.result.HasRetryAfter)
	text := "answered " + status(resp.StatusCode)
	if strings.EqualFold(first(resp.Header, "Cf-Mitigated"), "challenge") {
		text += " (a Cloudflare challenge, made for people: ask the publisher to let feed readers through)"
	}
	if v.result.HasRetryAfter {
		text += ", to be asked again in " + v.result.RetryAfter.String()
	}
	if remark := v.remark(resp); remark != "" {
		text += ": " + remark
	}
	v.result.Failure = v.failed(class, "header", "%s", text)
}

// remark returns what an error page says, in one line.
func (v *visit) remark(resp *http.Response) string {
	v.exchange.hurry(remarkLimit)
	v.exchange.reading()
	v.exchange.limit = v.exchange.wire.Load() + 2*maxDrain
	page, err := v.decoded(resp, maxRemark, 0)
	if resp.ContentLength <= maxDrain {
		// If little is left, the connection can be kept.
		_, _ = io.CopyN(io.Discard, wire{&v.exchange, resp.Body}, maxDrain)
	}
	_ = resp.Body.Close() // nothing was written, so there is nothing to lose
	v.result.Wire = v.exchange.wire.Load()
	if err != nil && !errors.Is(err, errDecoded) {
		return ""
	}
	return pageText(page, v.result.ContentType)
}

// blank reports whether a body holds nothing but white space.
func blank(body []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))) == 0
}

// status writes a status for people.
func status(code int) string {
	if text := http.StatusText(code); text != "" {
		return strconv.Itoa(code) + " " + text
	}
	return strconv.Itoa(code)
}
