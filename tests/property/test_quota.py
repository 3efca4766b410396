"""No minute, wherever it starts, sees more than the allowance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.quota import TokenBucket

MINUTE_S = 60.0
A_HAIR = 1e-6

gaps_s = st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 12.0, 14.9, 15.0, 47.5, 60.0, 300.0]) | st.floats(0, 120)


@given(st.floats(1.0, 100.0), st.lists(gaps_s, max_size=200))
def test_no_minute_gives_out_more_requests_than_the_allowance(per_minute: float, gaps: list[float]) -> None:
    taken = _taken(TokenBucket(per_minute, 0.0), [(gap_s, 1.0) for gap_s in gaps])

    assert _busiest_minute(taken) <= per_minute + A_HAIR


@given(
    st.integers(100, 10_000),
    st.lists(st.tuples(gaps_s, st.floats(0.001, 1.0)), max_size=80),
)
def test_no_minute_gives_out_more_characters_than_the_allowance(
    per_minute: int, asked: list[tuple[float, float]]
) -> None:
    texts = [(gap_s, max(1.0, part * per_minute)) for gap_s, part in asked]
    taken = _taken(TokenBucket(float(per_minute), 0.0), texts)

    assert _busiest_minute(taken) <= per_minute * (1 + A_HAIR)


@given(st.floats(1.0, 1000.0), st.lists(st.tuples(gaps_s, st.floats(0.001, 1.0)), max_size=40))
def test_who_waits_as_long_as_told_is_let_through(per_minute: float, asked: list[tuple[float, float]]) -> None:
    tokens, now_s = TokenBucket(per_minute, 0.0), 0.0
    for gap_s, part in asked:
        amount = max(1.0, part * per_minute)
        now_s += gap_s
        now_s += tokens.wait_s(amount, now_s) + A_HAIR
        assert tokens.wait_s(amount, now_s) == 0.0
        tokens.take(amount, now_s)


def _taken(tokens: TokenBucket, asked: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """When and how much was given out to callers who take at once what they can and else go away."""
    now_s, given_out = 0.0, []
    for gap_s, amount in asked:
        now_s += gap_s
        if tokens.wait_s(amount, now_s) == 0.0:
            tokens.take(amount, now_s)
            given_out.append((now_s, amount))
    return given_out


def _busiest_minute(taken: list[tuple[float, float]]) -> float:
    """The most that any 60 s saw; it is enough to look at those that end with something given out."""
    return max(
        (sum(amount for at_s, amount in taken if end_s - MINUTE_S < at_s <= end_s) for end_s, _ in taken),
        default=0.0,
    )
