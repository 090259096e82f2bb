"""The door to sketches: rows to a sketch, plain or private."""

from typing import Any

from learndock.core.data import count_rows
from learndock.core.sketch import Sketch
from learndock.core.space import Space
from learndock.errors import Invalid
from learndock.service.fitting import sketch_coords
from learndock.service.releasing import release_coords
from learndock.service.rows import Blocks
from learndock.service.sizing import require_rows, require_seed
from learndock.service.spaces import made_space, named, public_space


def sketch(
    data: Any,
    *,
    space: Space | str | None = None,
    size: int | None = None,
    seed: int = 0,
    encoder: str = "",
    consent: bool = False,
    epsilon: float | None = None,
    delta: float | None = None,
) -> Sketch:
    """Sketch rows: a few weighted points that stand for them, none of which is a row.

    Parameters
    ----------
    data : data frame, (n, d) array, list of texts, pictures, Path, or iterable of such
        The rows. They stay here. A CSV, TSV or Parquet file, a folder of pictures, or blocks
        of rows from an iterable are read bit by bit: memory does not grow with them.
    space : Space or str, optional
        Where to sketch: a space, the name of a built-in one, or the path of a ``.space.json``
        file. Sketches compare within one space only. Without one, texts and pictures
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
    delta : float, optional
        The chance that this fails; below 1 / n, and by default as in `release_coords`.

    Raises
    ------
    PrivacyGate
        If there are fewer than 20 rows, points come too near to rows, or noise drowns a
        private sketch.
    Invalid
        If a private sketch has no public space, or `size`, `seed` or the budget cannot be.
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
    require_seed(seed)
    if delta is not None and epsilon is None:
        raise Invalid("delta without epsilon says nothing", next="give epsilon too, such as 1")
    if space is not None and encoder:
        raise Invalid(
            "a space has its encoder, and another was named", next="leave one of them out"
        )
    if isinstance(space, str):
        space = named(space)
    blocks = Blocks.of(data)
    if blocks.whole:
        require_rows(count_rows(blocks.data), consent=consent)
    if epsilon is None:
        space = space or made_space(blocks.sample(seed), encoder=encoder)
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
