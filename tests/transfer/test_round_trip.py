"""Exports come back as they were: any conversation, into an empty home, twice, and beside what is there."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dossiers import dossiers, fill, same

from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.dossier_reading import decode_dossier
from chit.store.dossier_protocol import Added
from chit.store.sqlite import SqliteStore

several = st.lists(dossiers(), min_size=1, max_size=3)
slow = [HealthCheck.too_slow]
some_times = settings(deadline=None, max_examples=12, suppress_health_check=slow)
often = settings(deadline=None, max_examples=300, suppress_health_check=slow)


async def export(store: SqliteStore) -> list[bytes]:
    """Every conversation as JSON, in order."""
    return [encode_dossier(await store.load_dossier(id), same) for id in await store.list_dossiers()]


@some_times
@given(made=several)
async def test_an_export_becomes_an_equal_home(made: list[Dossier]) -> None:
    """Of any conversations."""
    await go_there_and_back(made)


@pytest.mark.long
@often
@given(made=several)
async def test_many_exports_become_equal_homes(made: list[Dossier]) -> None:
    """Of very many."""
    await go_there_and_back(made)


@some_times
@given(made=several, data=st.data())
async def test_what_is_missing_is_added_and_twice_is_once(made: list[Dossier], data: st.DataObject) -> None:
    """Of any conversations."""
    await complete(made, data)


@pytest.mark.long
@often
@given(made=several, data=st.data())
async def test_what_is_missing_is_added_many_times(made: list[Dossier], data: st.DataObject) -> None:
    """Of very many."""
    await complete(made, data)


async def go_there_and_back(made: list[Dossier]) -> None:
    """Through JSON into an empty home: its own export is equal to the last byte, and so is every cost and the order."""
    with tempfile.TemporaryDirectory() as folder:
        first = await fill(Path(folder, "first"), *made)
        lines = await export(first)
        second = await fill(Path(folder, "second"), *map(decode_dossier, lines))
        assert await export(second) == lines
        for dossier in made:
            assert await second.sum_conversation(dossier.id) == await first.sum_conversation(dossier.id)
        assert [each.id for each in await second.list_conversations(None, 99)] == [
            each.id for each in await first.list_conversations(None, 99)
        ]
        assert await second.list_pending() == await first.list_pending()
        assert (await second.check_integrity()).problems == ()
        await first.close()
        await second.close()


async def complete(made: list[Dossier], data: st.DataObject) -> None:
    """A home that has a part of it gets the rest; after that the same file changes nothing, and no cost is doubled."""
    with tempfile.TemporaryDirectory() as folder:
        whole = await fill(Path(folder, "whole"), *made)
        lines = await export(whole)
        part = await fill(Path(folder, "part"), *(cut(each, data) for each in made))
        for line in lines:
            added = await part.add_dossier(decode_dossier(line), scrub=same, now=5.0)
            assert added.conflict is None
        before = await export(part)
        for line in lines:
            again = await part.add_dossier(decode_dossier(line), scrub=same, now=6.0)
            assert again == Added()
        assert await export(part) == before
        for dossier in made:
            assert await part.sum_conversation(dossier.id) == await whole.sum_conversation(dossier.id)
            kept = await part.load_dossier(dossier.id)
            assert {each.id for each in kept.messages} == {each.id for each in dossier.messages}
        await whole.close()
        await part.close()


def cut(dossier: Dossier, data: st.DataObject) -> Dossier:
    """An earlier state of it: the first messages, and the generations of those."""
    messages = dossier.messages[: data.draw(st.integers(0, len(dossier.messages)))]
    ids = {each.id for each in messages} | {""}
    return replace(
        dossier, messages=messages, generations=tuple(each for each in dossier.generations if each.message_id in ids)
    )
