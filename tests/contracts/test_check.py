"""Every check keeps the contract of its port."""

import pytest

from learndock.core import registry
from learndock.testing.check import CheckContract


class TestCheck(CheckContract):
    @pytest.fixture(params=registry.names("checks"))
    def check(self, request):
        return registry.load("checks", request.param)
