package fetch

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// What ends an exchange from our side.
var (
	errTotal   = errors.New("the exchange took too long")
	errIdle    = errors.New("the server stopped sending")
	errWire    = errors.New("the body is too large")
	errStopped = errors.New("the poll was stopped")
)

// An exchange watches over the time of one Get, redirects and body included. It
// has one timer: reads note that they happened, and the timer, when it fires,
// looks whether that was lately enough and sleeps on if so.
type exchange struct {
	ctx    context.Context //nolint:containedctx // an exchange is one call: it never outlives the call that made it
	parent context.Context //nolint:containedctx // likewise; tells a caller who gave up from a limit of ours
	cancel context.CancelCauseFunc
	timer  *time.Timer
	begun  time.Time

	// Since begun, in nanoseconds; zero for body means that none is read.
	total, body, last atomic.Int64
	wire              atomic.Int64 // bytes of all bodies
	bodyWire          atomic.Int64 // bytes of this one
	limit             int64        // of wire
}

func (x *exchange) begin(ctx context.Context, total time.Duration) {
	x.parent = ctx
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.begun, x.limit = time.Now(), maxWire
	x.total.Store(int64(total))
	x.timer = time.AfterFunc(total, x.look)
}

func (x *exchange) end() {
	x.timer.Stop()
	x.cancel(nil)
}

// asking says that headers are waited for.
func (x *exchange) asking() { x.body.Store(0) }

// reading says that a body begins.
func (x *exchange) reading() {
	now := int64(time.Since(x.begun))
	x.last.Store(now)
	x.bodyWire.Store(0)
	x.body.Store(max(1, now))
	x.timer.Reset(time.Duration(max(0, min(int64(idleLimit), x.total.Load()-now))))
}

// hurry says that what still comes is worth no more than so much time.
func (x *exchange) hurry(left time.Duration) {
	x.total.Store(min(x.total.Load(), int64(time.Since(x.begun)+left)))
}

// look ends the exchange if a limit has passed, and else comes back when the
// next one may.
func (x *exchange) look() {
	now := time.Since(x.begun)
	total := time.Duration(x.total.Load())
	body := time.Duration(x.body.Load())
	if body == 0 {
		if now >= total {
			x.cancel(errTotal)
			return
		}
		x.timer.Reset(total - now)
		return
	}
	idle := time.Duration(x.last.Load()) + idleLimit
	end := total
	if now >= end && float64(x.bodyWire.Load()) >= movingRate*(now-body).Seconds() {
		// It is large, and it is coming: look again each second.
		end = min(2*total, now+time.Second)
	}
	switch {
	case now >= idle:
		x.cancel(errIdle)
	case now >= end:
		x.cancel(errTotal)
	default:
		x.timer.Reset(min(idle, end) - now)
	}
}

// why returns what ended the exchange from our side, or err if nothing did.
func (x *exchange) why(err error) error {
	if x.parent.Err() != nil {
		return errStopped
	}
	if cause := context.Cause(x.ctx); cause != nil {
		return cause
	}
	return err
}

// A wire counts what comes of a body, and stops what is too much.
type wire struct {
	x    *exchange
	body io.Reader
}

func (w wire) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if n > 0 {
		w.x.last.Store(int64(time.Since(w.x.begun)))
		w.x.bodyWire.Add(int64(n))
		if w.x.wire.Add(int64(n)) > w.x.limit {
			return n, errWire
		}
	}
	return n, err
}
