"""The step that sums up what was spent, so that a page about a million generations opens at once.

`uncounted` lists the generations whose charge may have changed; triggers fill it, whoever writes. `chit.store.charges`
works the list off in the transaction that ends or settles one, and what is left of it before anything is told.
What was there before this step is listed by it.
"""

COUNTS = ("charges", "known", "pending", "unknown", "failed", "byok")
AMOUNTS = ("cost_pico", "reported_pico", "settled_pico", "difference_pico", "saved_pico", "provider_pico")
TOKENS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
"""What `spending` sums. Of amounts and tokens both halves, since a 64-bit sum could overflow with made-up figures."""
HALF = 32
"""Bits of the lower half, which `MASK` leaves."""
MASK = 2**HALF - 1
HALVES = tuple(half for name in (*AMOUNTS, *TOKENS) for half in (f"{name}_high", f"{name}_low"))
WHOLE = 100
"""More of a size: of a model whatever its provider, origin and kind, which a chart then need not add up."""
LOCAL_DAY = "iif({at} BETWEEN 0 AND 253370764800, date({at}, 'unixepoch', 'localtime'), '1970-01-01')"
"""Of unix seconds; a time that is none is the first day."""
_RUNNING = "('sent', 'streaming')"
_NOTED = f"""
    SELECT {{row}}.seq, {LOCAL_DAY.format(at="{row}.created_at")},
        (SELECT private FROM conversations WHERE id = {{row}}.conversation)
"""  # noqa: S608 - all of it is ours

_SUMS = "".join(f"{name} INTEGER NOT NULL DEFAULT 0,\n        " for name in (*COUNTS, *HALVES))

SPENDING = f"""
    CREATE TABLE charges ( -- what OpenRouter bills once
        seq INTEGER PRIMARY KEY, -- of the first of its generations that ended
        day TEXT NOT NULL, -- of its sending, in the time zone in which it was counted first
        split INTEGER NOT NULL, -- see spending_splits
        settlement TEXT,
        cost_pico INTEGER, -- settled, else reported
        reported_pico INTEGER,
        settled_pico INTEGER,
        saved_pico INTEGER,
        provider_pico INTEGER,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        reasoning_tokens INTEGER,
        cached_tokens INTEGER,
        first_ms INTEGER,
        latency_ms INTEGER,
        is_unknown INTEGER NOT NULL,
        is_failed INTEGER NOT NULL,
        is_byok INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX charges_by_day ON charges (day, split, cost_pico);
    CREATE INDEX charges_by_cost ON charges (cost_pico, day, split);
    CREATE INDEX charges_by_split ON charges (split, cost_pico, day);

    CREATE TABLE spending_splits ( -- what figures are told apart by; '' is unknown
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        origin TEXT NOT NULL,
        private INTEGER NOT NULL,
        whole INTEGER REFERENCES spending_splits (id), -- all of its model; NULL in the row that stands for that
        UNIQUE (model, provider, origin, private)
    ) STRICT;

    CREATE TABLE spending ( -- the sums of charges by day, and again by month and by year
        size INTEGER NOT NULL, -- the length of the period's name: 10, 7 or 4; of whole models 110, 107, 104
        period TEXT NOT NULL,
        split INTEGER NOT NULL,
        {_SUMS}PRIMARY KEY (size, period, split)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE latencies ( -- how many first tokens came in time, as buckets of chit.core.percentiles
        size INTEGER NOT NULL,
        period TEXT NOT NULL,
        split INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        here INTEGER NOT NULL, -- as measured here
        recorded INTEGER NOT NULL, -- as OpenRouter recorded it
        PRIMARY KEY (size, period, split, bucket)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE uncounted (seq INTEGER PRIMARY KEY, day TEXT, private INTEGER) STRICT; -- as they were when it ended
    INSERT INTO uncounted {_NOTED.format(row="g")} FROM generations g WHERE state NOT IN {_RUNNING};
    CREATE TRIGGER generations_count_new AFTER INSERT ON generations WHEN new.state NOT IN {_RUNNING} BEGIN
        INSERT INTO uncounted {_NOTED.format(row="new")} WHERE true ON CONFLICT DO NOTHING;
    END;
    CREATE TRIGGER generations_count_changed AFTER UPDATE OF
        state, generation_id, requested_model, model, provider, reported_pico, prompt_tokens, completion_tokens,
        reasoning_tokens, cached_tokens, upstream_cost, is_byok, time_to_first_token_ms ON generations
    WHEN new.state NOT IN {_RUNNING} OR old.state NOT IN {_RUNNING} BEGIN
        INSERT INTO uncounted {_NOTED.format(row="new")} WHERE true ON CONFLICT DO NOTHING;
        INSERT INTO uncounted (seq) SELECT seq FROM generations
            WHERE generation_id = old.generation_id AND old.generation_id IS NOT new.generation_id
            ON CONFLICT DO NOTHING;
    END;
    CREATE TRIGGER generations_count_gone AFTER DELETE ON generations WHEN old.state NOT IN {_RUNNING} BEGIN
        INSERT INTO uncounted (seq) VALUES (old.seq) ON CONFLICT DO NOTHING;
        INSERT INTO uncounted (seq) SELECT seq FROM generations WHERE generation_id = old.generation_id
            ON CONFLICT DO NOTHING;
    END;
    CREATE TRIGGER settlements_count_changed AFTER UPDATE OF state, settled_pico, record ON settlements
    WHEN new.state <> old.state OR new.settled_pico IS NOT old.settled_pico OR new.record IS NOT old.record BEGIN
        INSERT INTO uncounted (seq) SELECT seq FROM generations
            WHERE generation_id = new.generation_id AND state NOT IN {_RUNNING} LIMIT 1
            ON CONFLICT DO NOTHING;
    END;
"""  # noqa: S608 - all of it is ours
