"""The check of Amazon's signatures, against the test suite that Amazon published (aws-sig-v4-test-suite)."""

from __future__ import annotations

import pytest

from support.sigv4 import Account, Signed, canonical, signature

ACCOUNT = Account(
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token="", region="us-east-1", service="service"
)
HEADERS = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}


@pytest.mark.parametrize(
    ("method", "query", "expected"),
    [
        ("GET", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            {"Param2": "value2", "Param1": "value1"},
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case"],
)
def test_published_requests_have_their_published_signatures(
    method: str, query: dict[str, str], expected: str
) -> None:
    request = canonical(Signed(method, "/", query, HEADERS, b""), HEADERS)
    assert signature(ACCOUNT, HEADERS["x-amz-date"], request) == expected
