"""Our own ids."""

import uuid

from chit.store.ids import new_id, short_id


def test_ids_are_uuids_of_version_7() -> None:
    """Version, variant and the usual spelling are those of RFC 9562."""
    for text in (new_id() for _ in range(200)):
        value = uuid.UUID(text)
        assert (str(value), value.variant, value.bytes[6] >> 4) == (text, uuid.RFC_4122, 7)


def test_ids_carry_the_time() -> None:
    """The first 48 bits are milliseconds of unix time: an id made later begins no lower, and not in another century."""
    first, second = (int(new_id().replace("-", "")[:12], 16) for _ in range(2))
    assert 1.7e12 < first <= second < 5e12


def test_short_ids_are_endings() -> None:
    """The short form is the last eight characters, which are random, and differs between ids of one moment."""
    ids = [new_id() for _ in range(50)]
    assert all(full.endswith(short_id(full)) and len(short_id(full)) == 8 for full in ids)
    assert len({short_id(full) for full in ids}) == 50
