"""For every test and doctest, in src and in tests."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

import learndock as ld

CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(autouse=True)
def _for_doctests(request: pytest.FixtureRequest, doctest_namespace: dict[str, object]) -> None:
    """Give doctests `np`, `ld`, and an empty folder of their own to stand in."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
        doctest_namespace["np"] = np
        doctest_namespace["ld"] = ld


def _skipping_fails(report: pytest.TestReport | pytest.CollectReport) -> None:
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped when CI=true: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _skipping_fails(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _skipping_fails(report)
    return report
