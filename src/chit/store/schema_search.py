"""The step that makes messages and titles searchable.

`message_text` holds, for each message that a person can see and that is no longer being written, its text and its
facets (`chit.core.facets`); `conversation_titles` holds titles. The functions in it are those of `search_index`.
"""

_HAS_ERROR = "(g.state IN ('failed', 'cut', 'unknown') OR g.error IS NOT NULL)"
WRITTEN_BY = """
    LEFT JOIN generations g ON g.seq = (SELECT max(seq) FROM generations WHERE message = m.id)
    LEFT JOIN settlements s ON s.generation_id = g.generation_id
"""
"""To a message `m` the generation that wrote it and its settlement."""
PICO = "coalesce(s.settled_pico, g.reported_pico)"
HAS_ERROR = f"(g.seq IS NOT NULL AND {_HAS_ERROR})"
WORDS = f"""
    SELECT m.seq, {{text}} || char(10) || chit_facets(m.source, m.created_at, (
        SELECT json_group_array(id) FROM model_names WHERE name IN (g.requested_model, g.model)), {PICO}, {HAS_ERROR})
    FROM messages m {WRITTEN_BY}
    WHERE {{which}} AND m.source <> 'client' AND m.options ->> 'visible_to_user'
        AND NOT (m.source = 'actor' AND g.state IS NOT NULL AND g.state IN ('sent', 'streaming'))
"""  # noqa: S608 - all of it is ours
NAME = "INSERT INTO model_names (name) SELECT DISTINCT {name} FROM generations WHERE {which} ON CONFLICT DO NOTHING"
TITLE_WORDS = """
    SELECT seq, chit_words(title) || char(10) || char(983040) FROM conversations WHERE {which}
"""
"""With the facet of every one, so that those can be found that lack a word."""

SEARCH = f"""
    DROP TABLE message_text;
    CREATE VIRTUAL TABLE message_text USING fts5 (words, content='', contentless_delete=1, tokenize='unicode61',
        prefix='2 3');
    CREATE VIRTUAL TABLE conversation_titles USING fts5 (words, content='', contentless_delete=1, tokenize='unicode61',
        prefix='2 3');
    CREATE TRIGGER conversation_titles_forget AFTER DELETE ON conversations BEGIN
        DELETE FROM conversation_titles WHERE rowid = old.seq;
    END;
    CREATE TABLE model_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    {NAME.format(name="requested_model", which="requested_model IS NOT NULL")};
    {NAME.format(name="model", which="model IS NOT NULL")};
    INSERT OR REPLACE INTO message_text (rowid, words) {WORDS.format(text="chit_text(m.parts)", which="true")};
    INSERT OR REPLACE INTO conversation_titles (rowid, words) {TITLE_WORDS.format(which="true")};
"""  # noqa: S608 - all of it is ours
