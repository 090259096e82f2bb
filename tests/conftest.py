"""For the tests: no network, no traces in the user's folders, repeatable examples."""

import hypothesis
import pytest

# The same examples on every run, and no deadline: shared machines are slow at times.
hypothesis.settings.register_profile("learndock", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("learndock")


@pytest.fixture(autouse=True)
def _own_settings(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer's own dock and settings neither help nor harm a test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    for name in ("LEARNDOCK_DOCK", "LEARNDOCK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
