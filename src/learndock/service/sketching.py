"""The door to sketches: data to a space, and data to a sketch."""

from pathlib import Path
from typing import Any

from learndock.core.data import count_rows, form_of
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import Invalid
from learndock.service.encoding import encoder_for
from learndock.service.fitting import require_rows, sketch_coords
from learndock.service.releasing import private_space, release_coords
from learndock.service.rows import Blocks
from learndock.service.spaces import SUFFIX, named

DELTA = 1e-6
"""Chance that differential privacy fails, where nothing else is said."""


def space(
    data: Any,
    *,
    name: str = "data",
    encoder: str = "",
    epsilon: float | None = None,
    consent: bool = False,
) -> Space:
    """Make a space for data: public, rounded constants, frozen from then on.

    Parameters
    ----------
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        Rows like those that will be compared. Texts and pictures have a built-in space. Or the
        name of a built-in space, or the path of a ``.space.json`` file: that space is returned.
    name : str
        What people call it, such as ``weekly-sales``.
    encoder : str, optional
        An encoder's name, such as ``vector``, and behind a colon where its files are:
        ``onnx:minilm/``; else the one that claims such data.
    epsilon : float, optional
        Make the constants of a table's columns differentially private, at this cost.
    consent : bool
        Do so although there are so few rows that noise drowns them.

    Raises
    ------
    BadData
        If the data cannot be read.
    NotFound, BadArchive
        If there is no space of that name, or the file holds none.
    PrivacyGate
        If noise drowns private constants.

    Examples
    --------
    >>> made = ld.space(np.random.default_rng(0).normal(size=(200, 3)), name="demo")
    >>> str(made), [column.name for column in made.columns]
    ('table/demo@1', ['x0', 'x1', 'x2'])
    >>> str(ld.space("en-static"))
    'text/en-static@1'
    """
    if isinstance(data, str) or (isinstance(data, Path) and data.name.endswith(SUFFIX)):
        return named(data)
    sample = Blocks.of(data).sample()
    if epsilon is not None:
        return private_space(sample, name=name, epsilon=epsilon, consent=consent)
    return _space(sample, name, encoder)


def _space(sample: Any, name: str, encoder: str) -> Space:
    form_of(sample)
    chosen, _, source = encoder.partition(":")
    return encoder_for(sample, chosen).space(sample, name=name, source=source)


def sketch(
    data: Any,
    *,
    space: Space | None = None,
    size: int | None = None,
    seed: int = 0,
    encoder: str = "",
    consent: bool = False,
    epsilon: float | None = None,
    delta: float = DELTA,
) -> Sketch:
    """Sketch rows: a few weighted points that stand for them, none of which is a row.

    Parameters
    ----------
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        The rows. They stay here. A CSV, TSV or Parquet file, a folder of pictures, or blocks
        of rows from an iterable are read bit by bit: memory does not grow with them.
    space : Space, optional
        Where to sketch; sketches compare within one space only. Without one, texts and pictures
        use the built-in space and tables get a new one from their own rounded constants; those
        of an iterator that can be read only once come from its first 20,000 rows.
    size : int, optional
        Number of points K, at most n / 20; by default min(100, n / 20), at least 5, or a half or
        a quarter of that where the privacy gate wants it.
    seed : int
        The same data, space and seed give the same sketch on one machine.
    encoder : str, optional
        When no `space` is given, an encoder as in `space`.
    consent : bool
        Let the sketch pass although the privacy gate objects; and make one of full detail of
        fewer than 100 rows. Without it, 20 to 99 rows get n / 20 points and no figures of
        the model but its classes, and the gate tells how well membership is guessed.
    epsilon : float, optional
        Make the sketch differentially private instead: likelihoods change by at most
        exp(epsilon) when one row is replaced. The space must be public: given, or built in.
        The noise is secret, so no two such sketches are the same.
    delta : float
        The chance that this fails; below 1 / n.

    Raises
    ------
    PrivacyGate
        If there are fewer than 20 rows, points come too near to rows, or noise drowns a
        private sketch.
    Invalid
        If a private sketch has no public space.
    BadData, SpaceMismatch
        If the data cannot be read, or does not go with the space.

    Notes
    -----
    Costs O(n K d) time for the reduced kernel mean embedding [1]_.

    References
    ----------
    .. [1] Wu, Xu, Liu and Zhou, "Model Reuse With Reduced Kernel Mean Embedding
       Specification", IEEE TKDE 35 (2023), 699-710.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(1000, 3))
    >>> made = ld.sketch(rows, size=20)
    >>> made.points.shape, round(float(made.weights.sum()), 6), made.gate.passed
    ((20, 6), 1.0, True)
    """
    blocks = Blocks.of(data)
    if blocks.whole:
        require_rows(count_rows(blocks.data), consent=consent)
    if epsilon is None:
        space = space or _space(blocks.sample(seed), "data", encoder)
        return sketch_coords(blocks.encoded(space), space, size=size, seed=seed, consent=consent)
    space = space or public_space(blocks.first(), encoder)
    return release_coords(
        blocks.encoded(space),
        space,
        epsilon=epsilon,
        delta=delta,
        size=size,
        seed=seed,
        consent=consent,
    )


def public_space(data: Any, encoder: str = "") -> Space:
    """Return the built-in space of such data, which comes from no rows.

    Raises
    ------
    Invalid
        If there is none.
    """
    form_of(data)
    name, _, _ = encoder.partition(":")
    found = encoder_for(data, name).builtin
    if found is None:
        raise Invalid(
            "a private sketch needs a public space, and one made of its own rows is none",
            next="give space=: one of a dock, one of others' rows, or ld.space(data, epsilon=1)",
        )
    return found
