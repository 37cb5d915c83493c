"""The step for the local API: who called, what each local token spent, and which conversation a call goes on with.

`token_spending` holds sums of `charges` by token; `chit.store.token_sums` keeps it in the transaction that counts a
charge. What was there before this step was asked for by no token.
"""

LOCAL = """
    CREATE TABLE tokens (
        id INTEGER PRIMARY KEY, -- short, since every call names it
        hash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        terms TEXT NOT NULL,
        created_at REAL NOT NULL,
        revoked_at REAL
    ) STRICT;
    INSERT INTO tokens (hash, name, terms, created_at, revoked_at)
        SELECT hash, name, terms, created_at, revoked_at FROM local_tokens ORDER BY created_at;
    DROP TABLE local_tokens;
    ALTER TABLE tokens RENAME TO local_tokens;
    CREATE UNIQUE INDEX local_tokens_named ON local_tokens (name) WHERE revoked_at IS NULL;

    CREATE TABLE token_calls ( -- apart from generations, where it would stand behind a request that may be long
        generation INTEGER PRIMARY KEY REFERENCES generations (seq) ON DELETE CASCADE,
        token INTEGER NOT NULL REFERENCES local_tokens (id)
    ) STRICT;
    CREATE INDEX token_calls_by_token ON token_calls (token);

    ALTER TABLE charges ADD COLUMN token INTEGER;

    CREATE TABLE token_spending (
        token INTEGER NOT NULL REFERENCES local_tokens (id),
        period TEXT NOT NULL, -- a day, a month, or '' for always
        calls INTEGER NOT NULL, -- charges
        unknown INTEGER NOT NULL, -- may have been billed, nothing will tell
        awaited INTEGER NOT NULL, -- without a cost until it settles
        cost_high INTEGER NOT NULL, -- both halves, as in spending
        cost_low INTEGER NOT NULL,
        PRIMARY KEY (token, period)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE api_prefixes ( -- by which a call finds the conversation that it goes on with
        hash TEXT PRIMARY KEY,
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        message TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_prefixes_of_conversation ON api_prefixes (conversation);
"""
