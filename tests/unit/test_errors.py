"""The error tree: one root, stable codes, and a message that says what to do next."""

import inspect

import pytest

from learndock import errors
from learndock.errors import (
    BadData,
    DockError,
    Invalid,
    NotFound,
    NothingFits,
    Refused,
    Unavailable,
    UnsafeModel,
)

ALL = [
    kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, DockError)
]


def test_every_code_is_one_class():
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)


def test_codes_are_stable():
    """Clients and documentation key on them: add to this list, never change it."""
    assert {kind.__name__: kind.code for kind in ALL} == {
        "DockError": "error",
        "Invalid": "invalid",
        "BadData": "bad-data",
        "UnknownLabels": "unknown-labels",
        "SpaceMismatch": "space-mismatch",
        "SketchMismatch": "sketch-mismatch",
        "BadReference": "bad-reference",
        "BadManifest": "bad-manifest",
        "BadArchive": "bad-archive",
        "BadModel": "bad-model",
        "NotFound": "not-found",
        "Conflict": "conflict",
        "NothingFits": "nothing-fits",
        "Refused": "refused",
        "UnsafeModel": "unsafe-model",
        "ModelDisagrees": "model-disagrees",
        "PrivacyGate": "privacy-gate",
        "Unavailable": "unavailable",
        "Corrupt": "corrupt",
        "Busy": "busy",
        "StorageFault": "storage-fault",
    }


@pytest.mark.parametrize("kind", ALL)
def test_every_error_has_a_status_an_exit_and_a_description(kind):
    assert 400 <= kind.status < 600
    assert 1 <= kind.exit <= 4
    assert "code" in vars(kind)
    assert inspect.getdoc(kind)


def test_exits_tell_nothing_fits_and_refusals_apart():
    assert NothingFits.exit == 3
    assert {kind.exit for kind in ALL if issubclass(kind, Refused)} == {4}
    others = [k for k in ALL if k is not NothingFits and not issubclass(k, Refused)]
    assert {kind.exit for kind in others} == {1}


def test_the_text_ends_with_what_to_do():
    error = BadData("the data has no rows", next="give at least one row", rows=0)
    assert str(error) == "the data has no rows; give at least one row"
    assert error.facts == {"rows": 0}
    assert str(BadData("the data has no rows")) == "the data has no rows"


@pytest.mark.parametrize(
    ("kind", "plain"),
    [(Invalid, ValueError), (NotFound, LookupError), (Unavailable, ImportError)],
)
def test_errors_are_also_those_that_python_readers_expect(kind, plain):
    with pytest.raises(plain):
        raise kind("message")


def test_an_error_survives_the_way_from_another_process():
    import pickle

    error = UnsafeModel("no", next="do this", types=["a"])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is UnsafeModel
    assert (str(again), again.next, again.facts) == (str(error), error.next, error.facts)
