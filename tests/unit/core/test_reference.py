"""A reference has one of three forms, and prints as it was read."""

import pytest
from hypothesis import given, strategies as st

from learndock.core.reference import Reference
from learndock.errors import BadReference

NAME = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)


@given(st.builds("{}/{}".format, NAME, NAME) | st.builds("{}/{}@{}".format, NAME, NAME, NAME))
def test_a_name_prints_as_it_was_read(text):
    assert str(Reference.parse(text)) == text


@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_digest_prints_as_it_was_read(digits):
    assert str(Reference.parse(f"sha256:{digits}")) == f"sha256:{digits}"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ada/store-12", Reference(owner="ada", name="store-12")),
        ("ada/store-12@2", Reference(owner="ada", name="store-12", version="2")),
        ("ada/store-12@stable", Reference(owner="ada", name="store-12", version="stable")),
        ("sha256:" + "a" * 64, Reference(digest="a" * 64)),
    ],
)
def test_the_three_forms(text, parts):
    assert Reference.parse(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "store-12", "ada/", "/store", "ada/store@", "a/b/c", "Ada/store", "ada/store 12",
     "ada/store\n", "../store", "ada/../x", "sha256:", "sha256:" + "a" * 63, "sha256:" + "A" * 64,
     "sha256:" + "a" * 64 + "\n", "md5:" + "a" * 64, "ada/" + "x" * 65, "ada/store@1@2"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_is_needed(text):
    with pytest.raises(BadReference, match="owner/name") as caught:
        Reference.parse(text)
    assert caught.value.facts["given"] == text
