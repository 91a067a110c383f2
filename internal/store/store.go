// Package store says what a store must do. It stores nothing itself: package
// sqlite does, and the tests in package storetest decide whether sqlite, or any
// later engine, does it right.
//
// The store is a wall. What reads the web writes through [Store.Record]; what
// serves it is given a [Reader] and so cannot write. A store may be shared by
// several processes, so nothing that matters is kept in memory only.
package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"serai/internal/feed"
)

// What callers branch on.
var (
	// ErrNewer reports a store written by a later version of the program.
	ErrNewer = errors.New("the store was written by a newer version of serai")
	// ErrCorrupt reports a store that cannot be trusted, or is none of ours.
	ErrCorrupt = errors.New("the store is damaged or not one of serai's")
	// ErrInUse reports a store that another daemon has.
	ErrInUse = errors.New("the store is in use by another daemon")
	// ErrBusy is why a source was not polled that another poll has under way.
	ErrBusy = errors.New("a poll of this source is under way")
)

// A Reader answers questions. Its methods may be called from many goroutines.
// Lists that are empty are no error; a single thing that is not there is
// [feed.ErrNotFound].
type Reader interface {
	// Sources returns every source that is declared or has entries, by ID.
	Sources(ctx context.Context) ([]feed.SourceStatus, error)
	// Source returns one of them.
	Source(ctx context.Context, id string) (feed.SourceStatus, error)
	// States returns what was learned of every declared source, by ID. It is
	// Sources for who needs no more, and costs a fraction of it.
	States(ctx context.Context) (map[string]feed.State, error)
	// Polls returns the latest polls of the source, newest first.
	Polls(ctx context.Context, source string, limit int) ([]feed.Poll, error)
	// NextDue returns when the first declared source falls due; the zero time
	// when none ever will. A source that is handed out falls due no earlier
	// than its lease runs out.
	NextDue(ctx context.Context) (time.Time, error)

	// Known returns what is stored of those of the source's entries that have
	// one of the keys, by key, and of all that stood in its last document; nil
	// keys ask for all it ever had. Of a source that is not there nothing is
	// known.
	Known(ctx context.Context, source string, keys []string) (map[string]Known, error)

	// Revisions returns the state of every declared channel, by channel.
	Revisions(ctx context.Context) (map[string]feed.Revision, error)
	// Channel returns the stories of a channel in its order: newest Sort
	// first, then greatest ID. Leads come with their content. A channel that is
	// not declared holds nothing.
	Channel(ctx context.Context, channel string, page Page) ([]feed.Story, error)

	// Story returns a story with its lead's content. An ID that was merged
	// into another story finds that one.
	Story(ctx context.Context, id feed.ID) (feed.Story, error)
	// StoryAt finds a story by its public id, or by an address that one of its
	// entries has or had, which are the keys of kind [feed.KeyURL]; addresses
	// are compared by [feed.CanonicalURL]. Of several stories the oldest that
	// stands is meant.
	StoryAt(ctx context.Context, address string) (feed.Story, error)
	// Stories lists the stories that stand, newest first, also those that are in
	// no channel. Leads come without content. Searched are titles and summaries
	// of leads whose content is kept.
	Stories(ctx context.Context, q Query) ([]feed.Story, error)
	// Memberships returns which channels hold the story, and why.
	Memberships(ctx context.Context, story feed.ID) ([]feed.Membership, error)
	// Members walks all stories that stand, oldest first, giving the members
	// of each, the lead first. Like Entries it holds nothing open while the
	// caller works, and so may see some of what is recorded meanwhile.
	Members(ctx context.Context) iter.Seq2[[]feed.Member, error]

	// Entries walks the entries of a source, or of all where source is empty,
	// in order of their IDs, from after on; with content where it is kept.
	Entries(ctx context.Context, source string, after feed.ID) iter.Seq2[feed.Entry, error]

	// Post returns the story of an authored post by its slug; a deleted one
	// has Withdrawn set. Of several posts that had the slug the newest that
	// stands is meant.
	Post(ctx context.Context, slug string) (feed.Story, error)

	// Totals counts what is stored.
	Totals(ctx context.Context) (Totals, error)
}

// Known is what the store remembers of an entry.
type Known struct {
	Entry     feed.ID
	Story     feed.ID
	Hash      string // fingerprint of the raw entry it was made from
	FirstSeen time.Time
	Standing  bool       // it stood in the source's last document
	Withdrawn bool       // it was taken back
	Held      bool       // see [feed.Entry.Held]
	Post      *feed.Post // only of our own posts
	Published time.Time  // as the publisher claimed at first sight
	Updated   time.Time  // as the publisher claimed last
	Title     string
}

// A Page asks for a stretch of a channel.
type Page struct {
	Limit  int    // at most so many; must be positive
	Before Cursor // start behind this place; zero starts at the top
}

// A Cursor is a place in a channel's order.
type Cursor struct {
	Sort  time.Time
	Story feed.ID
}

// A Query asks for stories.
type Query struct {
	Channel  string // only of this channel
	Search   string // words that must all occur; nothing in it is syntax
	Language string
	Source   string
	Limit    int    // at most so many; must be positive
	Before   Cursor // start behind this place in the order of Sort and ID
}

// Totals are counts of what is stored, and its size.
type Totals struct {
	Sources, Entries, Stories int
	Bytes                     int64
}

// A Store is a Reader that can also record. Its methods may be called from many
// goroutines and from several processes.
type Store interface {
	Reader

	// Declare tells what feeds.yaml says now. Sources new to the store are due
	// at the time that first names for them; sources no longer declared keep
	// their entries and are due no more. It returns the channels whose rules
	// are not those that their contents were chosen by. A new channel is empty,
	// and among them unless there are no entries. One that is declared no more
	// loses its contents; its revision grows on should it return.
	Declare(ctx context.Context, sources []Declared, channels []feed.Channel) (stale []string, err error)

	// Due hands out at most limit declared sources that are due at now, oldest
	// debt first. Each is handed out once: it is leased, and its attempt noted,
	// until Record, Release, or the lease has run out, also when the process
	// that asked has died.
	Due(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Job, error)
	// Claim hands out those of the named sources that are declared and that no
	// other poll has under way, whether due or not, in the order of their names.
	Claim(ctx context.Context, sources []string, now time.Time, lease time.Duration) ([]Job, error)
	// Release gives a source back unpolled, due when it was.
	Release(ctx context.Context, source string) error
	// Reschedule moves when sources are due, and says why. Sources that are not
	// there are passed over.
	Reschedule(ctx context.Context, next map[string]Due) error

	// Record keeps what a poll found, the source's new state and the record of
	// the poll: all of it or, when it returns an error, none. It ends the
	// source's lease. The entries it is given come back placed.
	//
	// A new entry that is placed in no story begins one, which gets the entry's
	// PublicID or, where another story has that, a derived one (see
	// [feed.DerivedID]). An entry whose key the source has already, whatever ID
	// it is given, is the change of that one: FirstSeen, Published, PublicID and
	// story stay as they were at first sight, former keys go on finding it, and
	// one that was taken back stands again. A story joins the channels of each
	// of its entries and leaves them only when it is taken back or trimmed; held
	// and dropped entries bring none. Its Updated moves when what is shown of it
	// changes, but never back, and not for a minor edit. A channel's revision
	// grows by one with each Record that changes what it shows.
	//
	// Once begun it is finished, also when ctx ends.
	Record(ctx context.Context, r Record) (Recorded, error)

	// Rebuild begins, or goes on with, choosing anew what a stale channel
	// holds. It offers at most limit of the entries not yet looked at, oldest
	// first, to choose, and reports done when none is left: only then do
	// readers see the new contents, and all of them at once. Not offered is what
	// can be in no channel: held and withdrawn entries, and those of stories
	// without content. One that was dropped and is chosen now is dropped no
	// more. What Record brings meanwhile is in the old and in
	// the new contents. It goes on where it was when the process has died, and
	// starts over when the rules have changed again.
	Rebuild(ctx context.Context, ch feed.Channel, limit int, choose func(feed.Entry) (feed.Membership, bool)) (done bool, err error)

	// Trim drops the content of the source's entries beyond what is to be
	// kept, and takes their stories out of the channels once none of their
	// entries has content. Keys stay, so that what returns is known to be old.
	// Spared are entries that stand in the source's last document, and the lead
	// of a story while another of its entries has content. A bound of zero is
	// none. At most limit entries a call; it returns how many it dropped.
	Trim(ctx context.Context, source string, keep feed.Keep, now time.Time, limit int) (int, error)

	// Subscribe adds a subscription to one of our topics, or renews it; what it
	// is owed stays owed.
	Subscribe(ctx context.Context, s Subscription) error
	// Unsubscribe ends one. One that is not there is no error.
	Unsubscribe(ctx context.Context, topic, callback string) error
	// Subscriptions counts those that have not expired at now.
	Subscriptions(ctx context.Context, now time.Time) (int, error)
	// Announce makes a delivery due for every subscription to the topics. One
	// that waits to be tried again goes on waiting. Expired ones are forgotten.
	Announce(ctx context.Context, topics []string, now time.Time) error
	// Deliveries hands out at most limit subscriptions whose delivery is due,
	// each once until lease has run out or Delivered is told about it.
	Deliveries(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Subscription, error)
	// Delivered notes how a delivery went: retry is when to try again, zero
	// when there is nothing left to deliver. What was announced since it was
	// handed out is due all the same.
	Delivered(ctx context.Context, topic, callback string, retry time.Time) error

	// Backup writes a consistent copy to a new file while others go on.
	Backup(ctx context.Context, path string) error
	// Check looks for damage and returns a line for each problem it finds;
	// with repair it mends what can be mended from what is there.
	Check(ctx context.Context, repair bool) ([]string, error)

	// Close waits for calls under way. No method may be called after it.
	Close() error
}

// Declared is a source of feeds.yaml, with when it is first due if it is new.
type Declared struct {
	ID    string
	First time.Time // zero is never: it is not polled (the site's own posts)
}

// A Job is a source handed out to be polled.
type Job struct {
	Source string
	State  feed.State
}

// Due is when a source is due, and why then.
type Due struct {
	At      time.Time
	Because string
}

// A Record is everything that one poll found.
type Record struct {
	Poll    feed.Poll
	State   feed.State
	Entries []NewEntry // new ones, with fresh IDs, and changed ones, with theirs; oldest first
	// Standing lists the keys that the source's document holds now; nil means
	// that this poll says nothing about it.
	Standing []string
	// Withdrawn lists keys that the source took back. Only our own posts do.
	Withdrawn []string

	// Place decides which story a new entry belongs to. It is called inside
	// the transaction, so that no two polls place the same article apart, with
	// the stored entries that share a key, in order of first sight: not those
	// taken back, and of an address that very many share only the newest. nil
	// begins a story for each. It must not call the store.
	Place func(e feed.Entry, candidates []feed.Candidate) feed.Placement
	// Lead chooses which member of a story is shown. It is called when a story
	// has gained or lost a member or a member has changed, if there is a choice:
	// what was taken back is not offered, and what rules drop or has lost its
	// content only where there is nothing else. nil keeps the lead. It must not
	// call the store.
	Lead func(members []feed.Member) feed.ID
}

// A NewEntry is an entry to be recorded, with all that was decided about it.
type NewEntry struct {
	Entry    feed.Entry
	Keys     []feed.Key
	Sort     time.Time         // its place, should it begin a story
	Channels []feed.Membership // where it belongs; none when it was dropped or is held back
}

// Recorded says what a Record changed.
type Recorded struct {
	Channels []string // whose contents changed, sorted
	New      []feed.Entry
	Updated  []feed.Entry
}

// A Subscription is somebody's subscription to one of our topics.
type Subscription struct {
	Topic    string
	Callback string
	Secret   string    // may be empty
	Until    time.Time // when the lease ends
	Tries    int       // deliveries that failed since the last that did not
	Since    time.Time // when the delivery that is due first fell due
}
