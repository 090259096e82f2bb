"""Every reuser keeps the contract of its port."""

import pytest

from learndock.core import registry
from learndock.testing.reuser import ReuserContract


class TestReuser(ReuserContract):
    @pytest.fixture(params=registry.names("reusers"))
    def reuser(self, request):
        return registry.load("reusers", request.param)
