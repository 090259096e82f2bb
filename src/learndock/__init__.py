"""learndock: a learnware dock. Trained models with sketches, found and reused by sketches."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learndock.core.answer import (
        Answer as Answer,
        Coverage as Coverage,
        Hit as Hit,
        Mixture as Mixture,
        Part as Part,
        Requirement as Requirement,
    )
    from learndock.core.audit import Audit as Audit
    from learndock.core.learnware import Learnware as Learnware
    from learndock.core.manifest import Manifest as Manifest
    from learndock.core.matching import (
        Comparison as Comparison,
        Match as Match,
        Matching as Matching,
    )
    from learndock.core.sketch import Gate as Gate, Release as Release, Sketch as Sketch
    from learndock.core.space import Space as Space
    from learndock.errors import DockError as DockError
    from learndock.service.auditing import audit as audit
    from learndock.service.comparing import compare as compare, marginal as marginal
    from learndock.service.dock import Dock as Dock
    from learndock.service.estimators import (
        DockClassifier as DockClassifier,
        DockRegressor as DockRegressor,
    )
    from learndock.service.explaining import Explanation as Explanation, explain as explain
    from learndock.service.matching import match as match
    from learndock.service.merging import merge as merge, update as update
    from learndock.service.packing import pack as pack
    from learndock.service.rekeying import rekey as rekey
    from learndock.service.sketching import sketch as sketch
    from learndock.service.spaces import (
        read_space as read_space,
        revise as revise,
        space as space,
        write_space as write_space,
    )

__version__ = "0.1.0"

# Where each public name lives; it is imported when it is first used.
_HOMES = {
    "Answer": "core.answer",
    "Audit": "core.audit",
    "Comparison": "core.matching",
    "Coverage": "core.answer",
    "Dock": "service.dock",
    "DockClassifier": "service.estimators",
    "DockError": "errors",
    "DockRegressor": "service.estimators",
    "Explanation": "service.explaining",
    "Gate": "core.sketch",
    "Hit": "core.answer",
    "Learnware": "core.learnware",
    "Manifest": "core.manifest",
    "Match": "core.matching",
    "Matching": "core.matching",
    "Mixture": "core.answer",
    "Part": "core.answer",
    "Release": "core.sketch",
    "Requirement": "core.answer",
    "Sketch": "core.sketch",
    "Space": "core.space",
    "audit": "service.auditing",
    "compare": "service.comparing",
    "explain": "service.explaining",
    "marginal": "service.comparing",
    "match": "service.matching",
    "merge": "service.merging",
    "pack": "service.packing",
    "read_space": "service.spaces",
    "rekey": "service.rekeying",
    "revise": "service.spaces",
    "sketch": "service.sketching",
    "space": "service.spaces",
    "update": "service.merging",
    "write_space": "service.spaces",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'learndock' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"learndock.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
