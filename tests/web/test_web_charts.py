"""Charts as rectangles."""

from hypothesis import given
from hypothesis import strategies as st

from chit.web.charts import HEIGHT, measure_bar, stack_columns

AMOUNTS = st.lists(st.integers(-(10**18), 10**18), max_size=6)


@given(st.lists(st.tuples(st.text(), AMOUNTS), max_size=12))
def test_columns_stand_within_the_drawing(columns: list[tuple[str, list[int]]]) -> None:
    """Piece upon piece from the bottom, the highest column up to the top, nothing below nothing."""
    drawn = stack_columns(columns)
    highest = 0.0
    for column, (said, amounts) in zip(drawn, columns, strict=True):
        bottom = float(HEIGHT)
        for piece in column.pieces:
            assert abs(float(piece.y) + float(piece.height) - bottom) < 0.02
            assert float(piece.y) >= 0
            bottom = float(piece.y)
        highest = max(highest, HEIGHT - bottom)
        assert [piece.series for piece in column.pieces] == [n for n, amount in enumerate(amounts, 1) if amount > 0]
        assert column.said == said
    assert highest == (HEIGHT if any(amount > 0 for _, amounts in columns for amount in amounts) else 0)
    assert [column.x for column in drawn] == sorted({column.x for column in drawn})


def test_a_bar_is_measured_beside_the_longest() -> None:
    """Out of a hundred; where everything was free there are no bars."""
    assert [measure_bar(amount, 8) for amount in (8, 2, 0, -4)] == ["100.0", "25.0", "0.0", "0.0"]
    assert measure_bar(0, 0) == "0"
