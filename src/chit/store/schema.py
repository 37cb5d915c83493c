"""The tables, as the steps that build them. A step that has been released is never edited; add another.

Order comes from `seq`, an integer that only grows. Costs are decimal text, exact to the last digit, and beside it
integer pico-dollars for sums. JSON columns are text; unknown members are kept.
"""

from chit.store.schema_archive import ARCHIVE
from chit.store.schema_local import LOCAL
from chit.store.schema_search import SEARCH
from chit.store.schema_spending import SPENDING
from chit.store.schema_waiting import WAITING

_BEGIN = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE conversations (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        origin TEXT NOT NULL,
        private INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL,
        last_seq INTEGER, -- of its newest message, kept by a trigger
        last_at REAL,
        deleted_at REAL,
        is_doomed INTEGER NOT NULL DEFAULT 0 -- its purge has begun, nothing brings it back
    ) STRICT;
    CREATE INDEX conversations_listed ON conversations (last_seq) WHERE deleted_at IS NULL AND origin <> 'api';
    CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent TEXT REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED, -- a cascade fails beyond 1,000 turns
        source TEXT NOT NULL,
        parts TEXT NOT NULL,
        options TEXT NOT NULL,
        extra TEXT NOT NULL,
        created_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX messages_of_conversation ON messages (conversation, seq);
    CREATE INDEX messages_of_parent ON messages (parent);
    CREATE TRIGGER messages_last AFTER INSERT ON messages BEGIN -- what is paid for is never purged unseen
        UPDATE conversations SET last_seq = new.seq, last_at = new.created_at,
            deleted_at = iif(is_doomed, deleted_at, NULL)
        WHERE id = new.conversation;
    END;

    CREATE TABLE generations (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        message TEXT REFERENCES messages (id) ON DELETE SET NULL,
        conversation TEXT NOT NULL,
        owner TEXT,
        origin TEXT NOT NULL,
        streamed INTEGER NOT NULL,
        state TEXT NOT NULL,
        generation_id TEXT REFERENCES settlements (generation_id),
        requested_model TEXT,
        model TEXT,
        provider TEXT,
        finish_reason TEXT,
        reported_cost TEXT,
        reported_pico INTEGER,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        reasoning_tokens INTEGER,
        cached_tokens INTEGER,
        upstream_cost TEXT,
        is_byok INTEGER NOT NULL DEFAULT 0,
        time_to_first_token_ms INTEGER,
        duration_ms INTEGER,
        reasoning_ms INTEGER,
        created_at REAL NOT NULL,
        error TEXT,
        completion TEXT,
        request TEXT NOT NULL -- last, since a long text makes what comes after it slow to reach
    ) STRICT;
    CREATE INDEX generations_of_message ON generations (message);
    CREATE INDEX generations_of_conversation ON generations (conversation, seq);
    CREATE INDEX generations_costs ON generations (conversation, generation_id, reported_pico);
    CREATE INDEX generations_by_generation_id ON generations (generation_id);
    CREATE INDEX generations_running ON generations (owner) WHERE owner IS NOT NULL;

    CREATE TABLE settlements (
        generation_id TEXT PRIMARY KEY,
        state TEXT NOT NULL DEFAULT 'pending',
        attempts INTEGER NOT NULL DEFAULT 0,
        ended_at REAL,
        next_attempt_at REAL,
        leased_by TEXT,
        leased_until REAL,
        settled_cost TEXT,
        settled_pico INTEGER,
        record TEXT
    ) STRICT;
    CREATE INDEX settlements_due ON settlements (next_attempt_at) WHERE state = 'pending';

    CREATE TABLE received_bytes (
        seq INTEGER PRIMARY KEY,
        generation TEXT NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT; -- no index: it would spread every commit over a page for each running generation

    CREATE TABLE blobs (hash TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE blob_uses (hash TEXT NOT NULL, conversation TEXT NOT NULL, PRIMARY KEY (hash, conversation))
        STRICT, WITHOUT ROWID;
    CREATE INDEX blob_uses_of_conversation ON blob_uses (conversation);
    CREATE TABLE rendered (message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        version INTEGER NOT NULL, html TEXT NOT NULL) STRICT;
    CREATE TRIGGER rendered_forget AFTER UPDATE OF parts ON messages WHEN new.parts <> old.parts BEGIN
        DELETE FROM rendered WHERE message = new.id;
    END;
    CREATE TABLE local_tokens (hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, terms TEXT NOT NULL,
        created_at REAL NOT NULL, revoked_at REAL) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions (hash TEXT PRIMARY KEY, label TEXT NOT NULL, created_at REAL NOT NULL,
        expires_at REAL NOT NULL, last_used_at REAL NOT NULL) STRICT, WITHOUT ROWID;

    CREATE VIRTUAL TABLE message_text USING fts5 (text, content='', contentless_delete=1, tokenize='unicode61');
    CREATE TRIGGER message_text_forget AFTER DELETE ON messages BEGIN
        DELETE FROM message_text WHERE rowid = old.seq;
    END;
"""
_CONVERSATIONS = """
    ALTER TABLE conversations ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE conversations ADD COLUMN pinned_at REAL;
    ALTER TABLE conversations ADD COLUMN archived_at REAL;
"""
STEPS: tuple[str, ...] = (_BEGIN, _CONVERSATIONS, SEARCH, SPENDING, ARCHIVE, LOCAL, WAITING)
