// Package config makes finished nouns of feeds.yaml. What leaves it is complete
// and correct, with every default filled in, so that nobody checks it again;
// what is wrong is reported all at once, each mistake with line and column, the
// key, and what to do.
//
// It also watches files for changes, and moves lists of sources in from OPML.
package config

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"serai/internal/feed"
	"serai/internal/strict"
)

// MaxBytes is the size of the largest feeds.yaml that is read.
const MaxBytes = 1 << 20

// A Config is what feeds.yaml says.
type Config struct {
	Site     feed.Site
	Listen   string         // as net.Listen takes it
	Zone     *time.Location // never nil
	Network  feed.Network
	Admin    Admin
	Dedup    feed.Dedup
	Topics   []feed.Topic // by ID
	Sources  []feed.Source
	Posts    Posts
	Channels []feed.Channel // at least one

	// Warnings are lines on what works and should still be looked at.
	Warnings []string
}

// Admin is how the admin pages are reached.
type Admin struct {
	Token Secret // empty: the admin pages are off
}

// Posts are the site's own texts.
type Posts struct {
	Dir    string      // the folder; it need not exist
	Author feed.Person // of posts that name none
}

// A Secret is a text that no log line and no message shows by accident.
type Secret string

// String, and the methods below, stand in for the secret wherever it is printed.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(secret)"
}

// GoString is String for the verb %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue is String for logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String for encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Surroundings are what the meaning of a configuration depends on besides its
// text.
type Surroundings struct {
	Dir      string                      // folder of the file, where relative paths start
	Env      func(string) (string, bool) // looks a variable up; nil knows none
	Readable bool                        // everybody on this machine can read the file
}

// Load reads the configuration at path, with the variables of this process. An
// error unwraps to [*strict.Problems] if the file could be read and is wrong.
func Load(path string) (*Config, error) {
	data, mode, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, Surroundings{Dir: filepath.Dir(path), Env: os.LookupEnv, Readable: mode&0o004 != 0})
}

// readFile reads a regular file. It reads no more than tells that there is too
// much, and does not wait for what is no file.
func readFile(path string) ([]byte, fs.FileMode, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not stall us
	if err != nil {
		return nil, 0, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, 0, err
	}
	return data, info.Mode(), nil
}

// Parse reads a configuration from memory. The name stands in messages.
func Parse(name string, data []byte, around Surroundings) (*Config, error) {
	var raw file
	f := strict.Read(name, data, strict.Limits{Bytes: MaxBytes}, &raw)
	b := &builder{File: f, raw: &raw, around: around}
	var cfg *Config
	if f.Usable() {
		cfg = b.config()
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return cfg, nil
}
