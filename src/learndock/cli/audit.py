"""The command that attacks a sketch: audit."""

from pathlib import Path

from learndock.cli import files, reading
from learndock.cli.options import Drop, Label, Seed, Text
from learndock.cli.session import Here, Page


def audit(
    sketch: Path,
    rows: Path,
    /,
    *,
    held_out: Path | None = None,
    attribute: str = "",
    label: Label = "",
    text: Text = "",
    drop: Drop = None,
    seed: Seed = 0,
    session: Here,
) -> None:
    """Attack SKETCH with the ROWS that it stands for, and tell what an attacker learns.

    Without --held-out, sketches of random halves of ROWS are attacked, made like this one.

        $ learndock audit mine.sketch mine.csv --attribute income

    Parameters
    ----------
    sketch : Path
        A .sketch or .learnware file.
    rows : Path
        What it was made of: CSV, TSV, Parquet, a text file, or a NumPy array. It stays here.
    held_out : Path
        Rows of the same source that the sketch did not see; this very sketch is attacked then.
    attribute : str
        Column of a table that an attacker guesses from the others.
    """
    from learndock.service import auditing

    learnware = sketch.suffix.lower() == files.LEARNWARE
    attacked = files.read_learnware(sketch).sketch if learnware else files.read_sketch(sketch)
    with session.busy(f"attacking {sketch.name}"):
        members = reading.read_rows(rows, label=label, text=text, drop=drop or ()).data
        unseen = None
        if held_out is not None:
            unseen = reading.read_rows(held_out, label=label, text=text, drop=drop or ()).data
        found = auditing.audit(attacked, members, held_out=unseen, attribute=attribute, seed=seed)
    session.put(Page(str(found), found.to_dict()))
