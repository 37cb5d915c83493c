"""The step that finds pinned, archived and all other conversations by indices, and guards private ones.

Whoever writes words of a private conversation into its row, by whatever operation, finds them gone: nothing of it is
kept but ids and costs.
"""

ARCHIVE = """
    CREATE INDEX conversations_open ON conversations (last_seq)
        WHERE deleted_at IS NULL AND origin <> 'api' AND pinned_at IS NULL AND archived_at IS NULL;
    CREATE INDEX conversations_pinned ON conversations (last_seq)
        WHERE deleted_at IS NULL AND origin <> 'api' AND pinned_at IS NOT NULL;
    CREATE INDEX conversations_archived ON conversations (last_seq)
        WHERE deleted_at IS NULL AND origin <> 'api' AND archived_at IS NOT NULL;
    CREATE TRIGGER conversations_private AFTER UPDATE OF title, parameters ON conversations
        WHEN new.private AND (new.title <> '' OR new.parameters <> '{}') BEGIN
        UPDATE conversations SET title = '', parameters = '{}' WHERE id = new.id;
    END;
"""
