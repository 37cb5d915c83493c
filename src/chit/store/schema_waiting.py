"""The step that lets words wait, so that many messages enter the index together: `chit.store.last_words`."""

WAITING = """
    CREATE TABLE waiting_words ( -- of messages and titles that are made findable with the next ones, or before a search
        place TEXT NOT NULL, -- the table that `seq` is of
        seq INTEGER NOT NULL,
        words TEXT NOT NULL,
        PRIMARY KEY (place, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER waiting_words_forget AFTER DELETE ON messages BEGIN
        DELETE FROM waiting_words WHERE place = 'messages' AND seq = old.seq;
    END;
    CREATE TRIGGER waiting_titles_forget AFTER DELETE ON conversations BEGIN
        DELETE FROM waiting_words WHERE place = 'conversations' AND seq = old.seq;
    END;
"""
