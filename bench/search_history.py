"""A history of a million messages to search: words as often as Zipf has them, rows as Chit writes them.

The rows are laid into the tables as they stood before there was search; what makes them findable is Chit's own step,
which brings such a file up to date.
"""

import json
import random
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

COMMON = """
    the of and to a in is it you that he was for on are with as i his they be at one have this from or had by
    but some what there we can out other were all your when up use word how said an each she which do their time
    if will way about many then them would write like so these her long make thing see him two has look more day
    could go come did my sound no most number who over know water than call first people may down side been now
    find any new work part take get place made live where after back little only round man year came show every
    good me give our under name
""".split()  # noqa: SIM905 - a list of as many lines would be no help
MODELS = tuple(
    f"{author}/{slug}"
    for author, slugs in {
        "anthropic": ("claude-haiku-4.5", "claude-sonnet-4.5", "claude-opus-4.5"),
        "openai": ("gpt-5-mini", "gpt-5.1", "gpt-5-nano", "o4-mini"),
        "google": ("gemini-3-flash", "gemini-3-pro"),
        "mistralai": ("mistral-small", "devstral"),
        "x-ai": ("grok-4-fast", "grok-code"),
    }.items()
    for slug in slugs
)
FIRST_DAY = 1_700_000_000.0
DAYS = 900
VOCABULARY = 200_000
_STREAM = 4_000_000
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_EXCHANGES = 10
"""Of each conversation."""
_SHARE = (
    12.7,
    9,
    8.2,
    7.5,
    7,
    6.7,
    6.3,
    6.1,
    6,
    4.3,
    4,
    2.8,
    2.8,
    2.4,
    2.2,
    2.4,
    2,
    1.9,
    1,
    1.5,
    2,
    0.8,
    0.2,
    0.1,
    0.2,
    0.1,
)
_COLUMNS = (
    "conversations (id, title, origin, created_at)",
    "messages (id, conversation, parent, source, parts, options, extra, created_at)",
    "settlements (generation_id, state, settled_cost, settled_pico)",
    "generations (id, message, conversation, origin, streamed, state, generation_id, requested_model, model, error,"
    " request, created_at)",
)


class Language:
    """Words, and a stream of them to cut texts from."""

    def __init__(self, seed: int = 1, *, stream: int = _STREAM) -> None:
        self.chance = chance = random.Random(seed)  # noqa: S311 - so that every run is of the same words
        words = dict.fromkeys(COMMON)
        while len(words) < VOCABULARY:
            words[
                "".join(chance.choices(_LETTERS, _SHARE, k=chance.choice((3, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 12))))
            ] = None
        self.words = list(words)
        shares = list(accumulate(1 / (place + 2.7) for place in range(VOCABULARY)))
        self.stream = chance.choices(self.words, cum_weights=shares, k=stream)

    def text(self, middle: float) -> str:
        """So many words or so, now and then many more."""
        count = min(4_000, int(self.chance.lognormvariate(middle, 0.8))) + 1
        start = self.chance.randrange(len(self.stream) - count)
        return " ".join(self.stream[start : start + count])


def fill_search(home: Path, *, messages: int, language: Language) -> float:
    """How many seconds it took to make them findable."""
    import apsw

    from chit.store.connection import open_connection
    from chit.store.home import Home
    from chit.store.schema import STEPS
    from chit.store.schema_search import SEARCH

    place = Home(home)
    place.create()
    connection = apsw.Connection(str(place.database))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
    before = STEPS.index(SEARCH)
    with connection:
        for step in STEPS[:before]:
            connection.execute(step)
        connection.pragma("user_version", before)
        _lay_rows(connection, messages // 2, language)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()
    started = time.monotonic()
    connection = open_connection(place.database)
    seconds = time.monotonic() - started
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()
    return seconds


def _lay_rows(connection: Any, exchanges: int, language: Language) -> None:
    for first in range(0, exchanges, 5_000):
        made = list(_make_exchanges(range(first, min(first + 5_000, exchanges)), exchanges, language))
        for place, columns in enumerate(_COLUMNS):
            values = ",".join("?" * (columns.count(",") + 1))
            rows = [row for each in made for row in each[place]]
            connection.executemany(f"INSERT INTO {columns} VALUES ({values})", rows)  # noqa: S608 - ours


def _make_exchanges(numbers: range, count: int, language: Language) -> Iterator[tuple[list[tuple[Any, ...]], ...]]:
    options = '{"visible_to_user":true,"visible_to_engine":true}'
    chance = language.chance
    for number in numbers:
        conversation, turn = f"conversation-{number // _EXCHANGES}", number % _EXCHANGES
        at = FIRST_DAY + number * DAYS * 86_400 / count
        question, answer = language.text(2.7), language.text(4.7)
        asked, replied = f"question-{number}", f"reply-{number}"
        model = chance.choice(MODELS)
        failed = chance.random() < 0.01
        pico = round(10**9 * chance.lognormvariate(0, 1.5))
        parts = [json.dumps([{"type": "text", "text": text}]) for text in (question, "" if failed else answer)]
        parent = f"reply-{number - 1}" if turn else None
        yield (
            [] if turn else [(conversation, question[:70], "web", at)],
            [
                (asked, conversation, parent, "user", parts[0], options, "{}", at),
                (replied, conversation, asked, "actor", parts[1], options, "{}", at),
            ],
            [(f"gen-{number}", "settled", f"0.{pico:012d}", pico)],
            [
                (
                    *(
                        f"row-{number}",
                        replied,
                        conversation,
                        "web",
                        1,
                        "failed" if failed else "done",
                        f"gen-{number}",
                    ),
                    *(model, model, '{"message":"it failed"}' if failed else None, "{}", at),
                )
            ],
        )
