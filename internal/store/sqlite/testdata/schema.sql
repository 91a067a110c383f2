CREATE TABLE body (
    entry   INTEGER PRIMARY KEY,
    content BLOB NOT NULL -- HTML, packed by zstd
) STRICT;

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

CREATE INDEX entry_joined ON entry (story) WHERE story <> id;

CREATE TABLE entry_key (
    hash  INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    kind  TEXT    NOT NULL,
    PRIMARY KEY (hash, entry, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_slug ON entry (slug) WHERE slug <> '';

CREATE INDEX entry_source ON entry (source, standing, kept);

CREATE TABLE place (
    shelf  INTEGER NOT NULL,
    sort   INTEGER NOT NULL,
    story  INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    PRIMARY KEY (shelf, sort, story)
) STRICT, WITHOUT ROWID;

CREATE INDEX place_story ON place (story);

CREATE TABLE poll (
    source INTEGER NOT NULL,
    slot   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    record TEXT    NOT NULL, -- JSON
    PRIMARY KEY (source, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE shelf (
    no INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

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

CREATE TABLE source_state (
    source INTEGER PRIMARY KEY,
    state  TEXT NOT NULL -- JSON, without what has columns in source
) STRICT;

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

CREATE TABLE story_alias (
    id        INTEGER PRIMARY KEY,
    public_id TEXT    NOT NULL UNIQUE,
    story     INTEGER NOT NULL
) STRICT;

CREATE INDEX story_language ON story (language, sort, id);

CREATE INDEX story_order ON story (sort, id);

CREATE VIRTUAL TABLE story_text USING fts5 (
    title, summary,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

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
