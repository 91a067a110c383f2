-- Times are milliseconds since 1970 in UTC; 0 is no time. Lists and records
-- that nothing is searched by are JSON. IDs of entries and stories are minted
-- by us and grow with time of first sight, so rows land at the end of a table.

CREATE TABLE source (
    no           INTEGER PRIMARY KEY, -- short name inside this file only
    id           TEXT    NOT NULL UNIQUE,
    declared     INTEGER NOT NULL, -- 1 while it stands in feeds.yaml
    next_at      INTEGER NOT NULL, -- when it is due; 0 is never
    because      TEXT    NOT NULL, -- why then
    leased_until INTEGER NOT NULL,
    attempted_at INTEGER NOT NULL,
    polls        INTEGER NOT NULL, -- recorded ever
    entries      INTEGER NOT NULL, -- how many are stored
    stories      INTEGER NOT NULL  -- how many its entries began
) STRICT;

CREATE INDEX source_due ON source (next_at) WHERE declared = 1 AND next_at > 0;

-- What is large of a source is apart from what is written when it is handed out:
-- so sixty sources share a page there, and not three.
CREATE TABLE source_state (
    source INTEGER PRIMARY KEY,
    state  TEXT NOT NULL -- JSON, without what has columns in source
) STRICT;

-- The latest polls of each source, in a ring: slot is seq modulo its length, so
-- an old record is overwritten and none has to be searched for and deleted.
CREATE TABLE poll (
    source INTEGER NOT NULL,
    slot   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    record TEXT    NOT NULL, -- JSON
    PRIMARY KEY (source, slot)
) STRICT, WITHOUT ROWID;

-- Entries without their content, which is in body: to note that an entry stands
-- does not rewrite what it says.
CREATE TABLE entry (
    id           INTEGER PRIMARY KEY,
    source       INTEGER NOT NULL,
    story        INTEGER NOT NULL,
    standing     INTEGER NOT NULL, -- 1 while it stands in the source's document
    kept         INTEGER NOT NULL, -- 1 until retention drops its content
    held         INTEGER NOT NULL,
    withdrawn    INTEGER NOT NULL, -- when it was taken back
    words        INTEGER NOT NULL,
    published    INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    first_seen   INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    key          TEXT    NOT NULL,
    public_id    TEXT    NOT NULL,
    guid         TEXT    NOT NULL,
    link         TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    summary      TEXT    NOT NULL,
    rights       TEXT    NOT NULL,
    language     TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    dropped      TEXT    NOT NULL,
    slug         TEXT    NOT NULL, -- only of our own posts
    topics       TEXT    NOT NULL, -- JSON; empty when none
    details      TEXT    NOT NULL, -- JSON; empty when none
    placed_with  INTEGER NOT NULL,
    placed_rule  TEXT    NOT NULL,
    placed_why   TEXT    NOT NULL,
    UNIQUE (source, key)
) STRICT;

CREATE INDEX entry_source ON entry (source, standing, kept);
-- A story has the ID of the entry that began it, which needs no index.
CREATE INDEX entry_joined ON entry (story) WHERE story <> id;
CREATE INDEX entry_slug ON entry (slug) WHERE slug <> '';

CREATE TABLE body (
    entry   INTEGER PRIMARY KEY,
    content BLOB NOT NULL -- HTML, packed by zstd
) STRICT;

-- Evidence by which entries of one story find each other. Kept for ever.
CREATE TABLE entry_key (
    hash  INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    PRIMARY KEY (hash, entry, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE story (
    id         INTEGER PRIMARY KEY,
    lead       INTEGER NOT NULL,
    published  INTEGER NOT NULL,
    sort       INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    withdrawn  INTEGER NOT NULL, -- when it was taken back
    emptied    INTEGER NOT NULL, -- 1 once retention dropped the content of all its entries
    language   TEXT    NOT NULL, -- of its lead
    public_id  TEXT    NOT NULL UNIQUE,
    link       TEXT    NOT NULL
) STRICT;

CREATE INDEX story_order ON story (sort, id);
CREATE INDEX story_language ON story (language, sort, id);

-- Stories that are part of another one now, and which.
CREATE TABLE story_alias (
    id        INTEGER PRIMARY KEY,
    public_id TEXT    NOT NULL UNIQUE,
    story     INTEGER NOT NULL
) STRICT;

-- What a channel holds is written down, not searched for: a shelf is its stories
-- in their order. While a channel is chosen anew there are two shelves.
CREATE TABLE channel (
    no       INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,
    declared INTEGER NOT NULL,
    rules    TEXT    NOT NULL, -- by which the shelf was filled; empty is stale
    revision INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    shelf    INTEGER NOT NULL, -- that readers see
    building INTEGER NOT NULL, -- that is being filled; 0 is none
    progress INTEGER NOT NULL, -- the last entry looked at for it
    intended TEXT    NOT NULL  -- the rules that it is filled by
) STRICT;

-- A shelf that no channel names is being emptied.
CREATE TABLE shelf (
    no INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

CREATE TABLE place (
    shelf  INTEGER NOT NULL,
    sort   INTEGER NOT NULL,
    story  INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    PRIMARY KEY (shelf, sort, story)
) STRICT, WITHOUT ROWID;

CREATE INDEX place_story ON place (story);

-- Search over what is shown of a story, by the story's ID. The text itself
-- stays in entry.
CREATE VIRTUAL TABLE story_text USING fts5 (
    title, summary,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Fewer merges: a search looks at a few more segments for it.
INSERT INTO story_text (story_text, rank) VALUES ('automerge', 8);

CREATE TABLE subscription (
    topic        TEXT    NOT NULL,
    callback     TEXT    NOT NULL,
    secret       TEXT    NOT NULL,
    until        INTEGER NOT NULL, -- when it expires
    tries        INTEGER NOT NULL, -- deliveries that failed in a row
    since        INTEGER NOT NULL, -- when the delivery that is due first was
    due_at       INTEGER NOT NULL, -- when to deliver; 0 when there is nothing to
    leased_until INTEGER NOT NULL,
    news         INTEGER NOT NULL, -- counts what was announced
    taken        INTEGER NOT NULL, -- news when the delivery was handed out
    PRIMARY KEY (topic, callback)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscription_due ON subscription (due_at) WHERE due_at > 0;
