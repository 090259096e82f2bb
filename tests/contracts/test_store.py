"""Every store keeps the contract of its port."""

import pytest

from learndock.core import registry
from learndock.testing.store import StoreContract


class TestStore(StoreContract):
    @pytest.fixture(params=registry.names("stores"))
    def store(self, request, tmp_path):
        return registry.load("stores", request.param)(str(tmp_path / "store"))
