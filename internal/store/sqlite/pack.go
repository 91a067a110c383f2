package sqlite

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Contents are most of what is stored. Prose packs to less than half, which
// takes a fraction of the time that writing the rest to log and file would.

// maxContent bounds what unpacking a damaged or foreign content may cost.
const maxContent = 32 << 20

// Made when first used: most commands read and write no content. The window is
// small because contents are.
var (
	packer = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(128<<10),
			zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	})
	unpacker = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxContent))
	})
)

// pack returns a content as it is stored, empty for an empty one.
func pack(content string) ([]byte, error) {
	if content == "" {
		return nil, nil
	}
	enc, err := packer()
	if err != nil {
		return nil, err
	}
	return enc.EncodeAll([]byte(content), make([]byte, 0, len(content)/2)), nil
}

// unpack is the inverse of pack.
func unpack(packed []byte) (string, error) {
	if len(packed) == 0 {
		return "", nil
	}
	dec, err := unpacker()
	if err != nil {
		return "", err
	}
	content, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return "", fmt.Errorf("unpack content: %w", err)
	}
	return string(content), nil
}
