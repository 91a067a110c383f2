// Package feed holds the nouns of the program: the sources we read, the entries
// they carry, the stories these tell, and the channels we publish.
//
// It is the ground floor. It imports nothing of ours, does no I/O and reads no
// clock, so every function here gives the same answer to the same question.
package feed

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrNotFound reports that what was asked for, by name or by ID, is not there.
var ErrNotFound = errors.New("not found")

// PostsSource is the ID of the source that the site's own posts come from. No
// source of feeds.yaml may take it.
const PostsSource = "posts"

// An ID names an entry or a story for ever. We mint it, never the database: it
// is ordered by time of first sight, so rows land at the end of their table and
// the newest have the greatest IDs. Zero is no ID.
type ID int64

// epoch is where IDs start counting, which leaves them room until 2089.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// idRandomBits is how much of an ID is chance: enough that two processes that
// mint in the same millisecond do not meet.
const idRandomBits = 22

// MintID returns the ID of something first seen at now. The random number is
// handed in, and the result is always greater than last, so that things minted
// in a row keep their order.
func MintID(now time.Time, random uint32, last ID) ID {
	id := ID(now.Sub(epoch).Milliseconds()<<idRandomBits | int64(random&(1<<idRandomBits-1)))
	return max(id, last+1)
}

// String writes the ID as people see it in commands and addresses.
func (id ID) String() string { return strconv.FormatInt(int64(id), 36) }

// ParseID reads what [ID.String] wrote.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 36, 64)
	if err != nil || n <= 0 || strings.ToLower(s) != s {
		return 0, fmt.Errorf("%q is not an ID", s)
	}
	return ID(n), nil
}
