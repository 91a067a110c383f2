package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"serai/internal/feed"
)

// A Reply is the answer to a request that was sent with Send.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte // as it came, cut at the limit
	Cut    bool   // the body was longer
}

// Send sends any request, such as a hub's verification or a delivery, under the
// same guard and limits as Get: the address is checked when it is dialled, the
// whole exchange is bounded in time, and at most maxBody bytes of the answer are
// read. Redirects are not followed, and a content coding is not taken off:
// none is asked for. The error is a *feed.Failure; an answer of whatever status
// is none.
//
// The request is used up. User-Agent is set where it is not.
func (c *Client) Send(ctx context.Context, req *http.Request, maxBody int64) (Reply, error) {
	v := &visit{client: c, request: &Request{}}
	v.exchange.begin(ctx, c.timeout)
	defer v.exchange.end()
	t, err := parseTarget(req.URL.String())
	if err != nil {
		return Reply{}, v.failed(feed.FailRefused, "connect", "%v", err)
	}
	v.result.FinalURL = t.text
	req = req.WithContext(v.exchange.ctx) //nolint:contextcheck // it is ctx with the limits of an exchange
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	if req.Header["User-Agent"] == nil {
		req.Header["User-Agent"] = c.userAgent
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return Reply{}, v.broken(err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply := Reply{Status: resp.StatusCode, Header: resp.Header}
	v.exchange.limit = maxBody + maxDrain
	v.exchange.reading()
	reply.Body, err = io.ReadAll(io.LimitReader(wire{&v.exchange, resp.Body}, maxBody+1))
	if err != nil {
		return Reply{}, v.broken(fmt.Errorf("read answer: %w", err))
	}
	if int64(len(reply.Body)) > maxBody {
		reply.Body, reply.Cut = reply.Body[:maxBody], true
	}
	return reply, nil
}
