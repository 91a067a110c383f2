package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// What ends the reading of a body.
var (
	errDecoded = errors.New("the body is too large when decoded")
	errRatio   = fmt.Errorf("the body is more than %d times its size when decoded, which no feed is", maxRatio)
	errCodings = fmt.Errorf("the body is coded more than %d times over", maxCodings)
)

// A coding that we do not know, or bytes that are not what their header says.
type codingError struct{ text string }

func (e *codingError) Error() string { return e.text }

// Decoders are kept for the next body: setting one up costs more than most
// bodies do. What they hold is bounded by the windows that HTTP allows.
var (
	buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}
	gzips   = sync.Pool{New: func() any { return new(gzip.Reader) }}
	inflate = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
	zstds   = sync.Pool{New: func() any {
		// One at a time means no goroutines. 8 MiB is the largest window that
		// may be used in HTTP (RFC 9659 3).
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			panic(err) // the options are constant and right
		}
		return d
	}}
)

// A decoder takes the content codings off a body. Where header and bytes
// disagree, the bytes are right: servers announce gzip and send text, and the
// other way round.
type decoder struct {
	*bufio.Reader // what is read from
	codings       int
	release       []func()
}

// newDecoder reads the beginning of a body, so it may fail as reading does. It
// must be closed, also after an error.
func newDecoder(body io.Reader, encodings []string) (*decoder, error) {
	d := &decoder{}
	d.push(body, func() {})
	layers, err := codings(encodings)
	if err != nil {
		return d, err
	}
	for _, name := range layers {
		if err := d.unwrap(name); err != nil {
			return d, err
		}
	}
	if d.codings < maxCodings {
		// Compressed files served as they are, and bodies compressed twice.
		if head, _ := d.Peek(4); isGzip(head) || isZstd(head) {
			return d, d.unwrap("gzip") // or what it is
		}
	}
	return d, nil
}

// close gives the decoders back.
func (d *decoder) close() {
	for _, release := range slices.Backward(d.release) {
		release()
	}
	d.release, d.Reader = nil, nil
}

// push makes r what is read from; free is called when it is no longer.
func (d *decoder) push(r io.Reader, free func()) {
	b := buffers.Get().(*bufio.Reader)
	b.Reset(r)
	d.Reader = b
	d.release = append(d.release, free, func() { b.Reset(nil); buffers.Put(b) })
}

// codings lists the codings of a body, the outermost first (RFC 9110 8.4).
func codings(lines []string) ([]string, error) {
	var names []string
	for _, line := range lines {
		for line != "" {
			var name string
			name, line = cutList(line)
			name = strings.ToLower(strings.TrimSpace(name))
			switch name {
			case "", "identity", "none":
				continue
			case "x-gzip":
				name = "gzip"
			}
			if len(names) == maxCodings {
				return nil, errCodings
			}
			names = append([]string{name}, names...)
		}
	}
	return names, nil
}

// unwrap takes off one coding, if it is there.
func (d *decoder) unwrap(name string) error {
	head, err := d.Peek(16)
	if len(head) == 0 {
		if errors.Is(err, io.EOF) {
			return nil // an empty body is empty in every coding
		}
		return err
	}
	if looksPlain(head) {
		return nil
	}
	switch {
	case isGzip(head):
		name = "gzip" // whatever was announced
	case isZstd(head):
		name = "zstd"
	}
	d.codings++
	source := d.Reader
	switch name {
	case "gzip":
		if !isGzip(head) {
			return &codingError{"the body is said to be gzip and is not"}
		}
		g := gzips.Get().(*gzip.Reader)
		d.push(&members{source: source, gzip: g}, func() { gzips.Put(g) })
	case "zstd":
		z := zstds.Get().(*zstd.Decoder)
		if err := z.Reset(source); err != nil {
			return err
		}
		d.push(z, func() {
			if z.Reset(nil) == nil {
				zstds.Put(z)
			}
		})
	case "br":
		b := brotlis.Get().(*brotli.Reader)
		if err := b.Reset(source); err != nil {
			return err
		}
		d.push(b, func() { brotlis.Put(b) })
	case "deflate":
		return d.unwrapDeflate(head)
	default:
		return &codingError{fmt.Sprintf("the body is coded as %q, which nobody asked for", name)}
	}
	return nil
}

// unwrapDeflate reads what calls itself deflate: zlib by RFC 9110 8.4.1.2, and
// bare deflate by the servers that read the name and not the text.
func (d *decoder) unwrapDeflate(head []byte) error {
	source := d.Reader
	if len(head) >= 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		z, err := zlib.NewReader(source)
		if err != nil {
			return err
		}
		d.push(z, func() {})
		return nil
	}
	f := inflate.Get().(io.ReadCloser)
	if err := f.(flate.Resetter).Reset(source, nil); err != nil {
		return err
	}
	d.push(f, func() { inflate.Put(f) })
	return nil
}

// A members reads the members of a gzip stream one after the other. What follows
// the last whole one and is none itself is left alone: servers append newlines,
// notices and paddings.
type members struct {
	source *bufio.Reader
	gzip   *gzip.Reader
	begun  bool
	ended  bool
}

func (m *members) Read(p []byte) (int, error) {
	for !m.ended {
		if !m.begun {
			if err := m.gzip.Reset(m.source); err != nil {
				return 0, unexpected(err)
			}
			m.gzip.Multistream(false)
			m.begun = true
		}
		n, err := m.gzip.Read(p)
		if errors.Is(err, io.EOF) {
			head, _ := m.source.Peek(2)
			m.begun, m.ended = false, !isGzip(head)
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// unexpected returns err, or what it means inside a body if it is the end.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isGzip(head []byte) bool { return len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b }

func isZstd(head []byte) bool {
	return len(head) >= 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd
}

// looksPlain reports whether a body begins as XML, HTML or JSON does. It must
// be strict: bare deflate and brotli have no mark of their own and may begin
// with any byte.
func looksPlain(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	text := bytes.TrimLeft(head, " \t\r\n")
	if len(text) < 2 {
		return false
	}
	switch text[0] {
	case '<':
		if text[1] != '?' && text[1] != '!' && (text[1]|0x20 < 'a' || text[1]|0x20 > 'z') {
			return false
		}
	case '{', '[':
		if strings.IndexByte("\"{[} \t\r\n", text[1]) < 0 {
			return false
		}
	default:
		return false
	}
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// scratch holds buffers that bodies are read into before their size is known.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 32<<10); return &b }}

// maxScratch is the largest buffer that is kept.
const maxScratch = 1 << 20

// readBody reads a decoded body of at most limit bytes. With an error it
// returns what came before it. The length that the server names is a hint, as
// far as it is modest.
func readBody(d *decoder, x *exchange, limit, hint int64) ([]byte, error) {
	if d.codings == 0 && 0 < hint && hint <= maxScratch {
		return appendBody(make([]byte, 0, hint), d, x, limit)
	}
	buffer := scratch.Get().(*[]byte)
	body, err := appendBody((*buffer)[:0], d, x, limit)
	if cap(body) > maxScratch {
		return body, err // too large to keep, so it need not be copied
	}
	own := bytes.Clone(body)
	*buffer = body
	scratch.Put(buffer)
	return own, err
}

func appendBody(body []byte, d *decoder, x *exchange, limit int64) ([]byte, error) {
	for {
		if len(body) == cap(body) {
			// Full may mean done: only another byte is worth a larger buffer.
			c, err := d.ReadByte()
			if errors.Is(err, io.EOF) {
				return body, nil
			}
			if err != nil {
				return body, err
			}
			body = append(body, c)
		}
		n, err := d.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		size := int64(len(body))
		switch {
		case size > limit:
			return body, errDecoded
		case d.codings > 0 && size > ratioFrom && size > maxRatio*x.bodyWire.Load():
			return body, errRatio
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return body, err
		}
	}
}
