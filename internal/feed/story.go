package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// A Story is the entries that are the same article, wherever they were found.
// PublicID, Link, Published and Sort are fixed when the story begins: what a
// subscriber has seen stays as it is.
type Story struct {
	ID        ID
	PublicID  string    // its id in published feeds
	Link      string    // where it leads; may be empty
	Published time.Time // shown to readers
	Sort      time.Time // its place in a channel: newest first, then the greatest ID
	FirstSeen time.Time
	Updated   time.Time // when what is shown last changed; never before Published
	Withdrawn time.Time // when it was taken back; zero while it stands
	Lead      Entry     // the entry that is shown
	Members   []Member  // all its entries, the lead first
}

// A Member is an entry in its story, without its content.
type Member struct {
	Entry     ID
	Source    string
	Key       string
	Link      string
	Title     string
	Language  string
	Words     int
	Published time.Time // as [Entry.Shown] has it
	FirstSeen time.Time
	Placement Placement
}

// A Placement is the decision which story an entry belongs to, with its reason.
type Placement struct {
	Story  ID     // zero begins a new story
	With   ID     // the entry that decided; zero when none did
	Rule   string // a short fixed word: alone, address, admin, …
	Reason string // for people: "same address as …"
}

// A KeyKind says what a [Key] is made of.
type KeyKind string

// The kinds of key.
const (
	KeyURL       KeyKind = "url"       // the entry's own address
	KeyCanonical KeyKind = "canonical" // what it names as its original
	KeyGUID      KeyKind = "guid"      // an identifier that can mean something elsewhere
)

// A Key is evidence by which entries of the same story find each other. Two
// keys meet when their hashes are equal, whatever their kinds: what one entry
// names as its original is another one's address. Keys are kept for ever, also
// when the entry's content is dropped.
type Key struct {
	Kind KeyKind
	Hash int64
}

// A Candidate is a stored entry that shares a key with the entry to be placed.
type Candidate struct {
	Entry  Entry // without content where that has been dropped
	Shared []Key // which keys they have in common
}

// KeyOf returns the key of a piece of evidence. The text must be in the one
// spelling that is compared by, such as [CanonicalURL] gives.
func KeyOf(kind KeyKind, text string) Key {
	sum := sha256.Sum256([]byte(text))
	return Key{kind, int64(binary.BigEndian.Uint64(sum[:8]))}
}
