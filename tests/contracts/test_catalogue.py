"""Every catalogue keeps the contract of its port."""

import pytest

from learndock.core import registry
from learndock.testing.catalogue import CatalogueContract

LOCATIONS = {"sql": "sqlite:///{folder}/catalogue.sqlite"}
"""How an adapter wants to be told where to be; others get the path of a file."""


class TestCatalogue(CatalogueContract):
    @pytest.fixture(params=registry.names("catalogues"))
    def name(self, request):
        return request.param

    @pytest.fixture
    def make(self, name):
        return registry.load("catalogues", name)

    @pytest.fixture
    def location(self, name, tmp_path):
        return LOCATIONS.get(name, "{folder}/catalogue").format(folder=tmp_path)
