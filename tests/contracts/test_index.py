"""Every index keeps the contract of its port."""

import pytest

from learndock.core import registry
from learndock.testing.index import IndexContract


class TestIndex(IndexContract):
    @pytest.fixture(params=registry.names("indexes"))
    def make(self, request):
        return registry.load("indexes", request.param)
