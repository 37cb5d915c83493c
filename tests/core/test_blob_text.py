"""Large media once each: taken out and put back, whatever else looks like it."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from tests.dossiers import LOOKALIKE, PICTURE, PICTURE_ADDRESS, same, values

from chit.core.blob_text import (
    fill_request,
    list_references,
    name_blob,
    put_back,
    read_blobs,
    scrub_request,
    take_out,
)
from chit.core.members import DossierInvalid
from chit.store.blobs import Blobs

NAME = hashlib.sha256(PICTURE.encode()).hexdigest()


@given(values)
def test_what_is_taken_out_can_be_put_back(value: Any) -> None:
    """Any value with media, references and look-alikes in it comes back; the media is what its name says."""
    blobs: dict[str, str] = {}
    assert put_back(take_out(value, blobs), blobs) == value
    assert read_blobs(blobs) == blobs


def test_the_same_media_is_kept_once() -> None:
    """With and without a `data:` address around it."""
    blobs: dict[str, str] = {}
    taken = take_out({"a": PICTURE, "b": [PICTURE_ADDRESS, "short"]}, blobs)
    assert taken == {"a": f"blob:sha256:{NAME}", "b": [f"data:image/png;base64,blob:sha256:{NAME}", "short"]}
    assert blobs == {NAME: PICTURE}


def test_a_look_alike_is_no_reference() -> None:
    """What a model writes like a reference comes back as it was, and reaches nothing."""
    blobs: dict[str, str] = {}
    taken = take_out(LOOKALIKE, blobs)
    assert taken != LOOKALIKE
    assert put_back(taken, blobs) == LOOKALIKE


def test_references_of_requests_are_the_stores(tmp_path: Any) -> None:
    """The store's own text of a request is understood: its references are found, and filled to what was sent."""
    request = f'{{"x":"{PICTURE_ADDRESS}","y":"{LOOKALIKE}"}}'
    store = Blobs(tmp_path)
    stored = store.take_out(request.encode(), lambda name, size: None).decode()
    assert list_references(stored) == [NAME]
    assert fill_request(stored, {NAME: PICTURE}) == request


def test_a_reference_to_nothing_is_refused() -> None:
    """In a value and in a request."""
    for read in (lambda: put_back([LOOKALIKE], {}), lambda: fill_request(f'"\\u0062{LOOKALIKE[1:]}"', {})):
        with pytest.raises(DossierInvalid, match="the attachment abababab is not in the file"):
            read()


@pytest.mark.parametrize(
    "blobs",
    [{NAME: "QUJD"}, {NAME: 1}, {name_blob("QUJD"): "QUJD"}, {name_blob('x"y' * 2000): 'x"y' * 2000}, {"..": PICTURE}],
)
def test_media_is_what_its_name_says(blobs: dict[str, Any]) -> None:
    """Another content, no text, too little to be media, no base64, another name: refused."""
    with pytest.raises(DossierInvalid, match="is not what its name says"):
        read_blobs(blobs)


def test_a_key_in_media_is_hidden() -> None:
    """Media that holds a key stands in the request without it; other media stays a reference."""
    dirty = PICTURE[:-4] + "KEYS"
    request = f'["\\u0062lob:sha256:{name_blob(dirty)}","data:image/png;base64,\\u0062lob:sha256:{NAME}","KEYS"]'
    blobs = {name_blob(dirty): dirty, NAME: PICTURE}
    clean = scrub_request(request, blobs, lambda text: text.replace("KEYS", "…"))
    assert "KEYS" not in clean
    assert list_references(clean) == [NAME]
    assert scrub_request(request, blobs, same) == request
