"""Commands of those who have a model: sketch, pack, submit, withdraw."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from learndock.cli import files, reading, rendering
from learndock.cli.options import (
    Consent,
    Delta,
    Drop,
    DryRun,
    Epsilon,
    Label,
    Output,
    Seed,
    Size,
    Space,
    Tags,
    Text,
)
from learndock.cli.session import Here
from learndock.core import disk
from learndock.errors import Invalid


def sketch(
    data: Path,
    /,
    *,
    space: Space = "",
    size: Size = None,
    label: Label = "",
    text: Text = "",
    drop: Drop = None,
    encoder: str = "",
    seed: Seed = 0,
    consent: Consent = False,
    epsilon: Epsilon = None,
    delta: Delta = None,
    explain: Annotated[bool, Parameter(negative="")] = False,
    output: Output = None,
    dry_run: DryRun = False,
    session: Here,
) -> None:
    """Sketch DATA: a few points that stand for the rows, none of which is a row.

    The sketch can be given to `learndock search` in place of the data. Large files are read
    bit by bit.

        $ learndock sketch mine.csv --label sales --explain -o mine.sketch

    Parameters
    ----------
    data : Path
        CSV, TSV, Parquet, a text file (one document a line), a NumPy array, or a folder of
        pictures.
    label : str
        Column that holds the labels; it is left out.
    encoder : str
        Encoder of a new space, such as onnx:FOLDER; else the one for such data.
    explain : bool
        Show how each column was read, and what leaves the machine, byte for byte.
    output : Path
        Write to this .sketch file; else beside the data.
    """
    from learndock.service import explaining, sketching

    if space and encoder:
        raise Invalid(
            "--space and --encoder do not go together: a space has its encoder",
            next="leave one of them out",
        )
    beside = files.require_path(data).parent / f"{files.title(data)}{files.SKETCH}"
    target = files.check_target(output or beside, files.SKETCH)
    with session.busy(f"sketching {data.name}"):
        rows = reading.blocks(data, label=label, text=text, drop=drop or ())
        found = sketching.sketch(
            rows,
            space=None if encoder else reading.own_space(space, rows.first(), session),
            size=size,
            seed=seed,
            encoder=encoder,
            consent=consent,
            epsilon=epsilon,
            delta=delta,
        )
        told = explaining.explain(found, rows) if explain else None
    if not dry_run:
        disk.write(target, found.to_bytes())
    session.put(rendering.sketch(found, path=None if dry_run else target, explanation=told))


def merge(
    sketches: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    size: Size = None,
    seed: Seed = 0,
    output: Output = None,
    dry_run: DryRun = False,
    session: Here,
) -> None:
    """Merge SKETCHES of separate rows in one space into one; nobody has to pool the rows.

        $ learndock merge north.sketch south.sketch -o both.sketch

    Parameters
    ----------
    sketches : list[Path]
        What `learndock sketch` wrote.
    output : Path
        Write to this .sketch file; else merged.sketch.
    """
    from learndock.service import merging

    target = files.check_target(output or Path(f"merged{files.SKETCH}"), files.SKETCH)
    found = merging.merge(*map(files.read_sketch, sketches), size=size, seed=seed)
    if not dry_run:
        disk.write(target, found.to_bytes())
    session.put(rendering.sketch(found, path=None if dry_run else target))


def pack(
    model: Path,
    data: Path,
    /,
    *,
    license: str,
    name: str = "",
    label: Label = "",
    text: Text = "",
    drop: Drop = None,
    description: str = "",
    target: str = "",
    tags: Tags = None,
    space: Space = "",
    held_out: Path | None = None,
    size: Size = None,
    seed: Seed = 0,
    consent: Consent = False,
    epsilon: Epsilon = None,
    delta: Delta = None,
    output: Output = None,
    dry_run: DryRun = False,
    session: Here,
) -> None:
    """Make a learnware of a trained MODEL and DATA on which it is good; rows stay here.

    The stored model is loaded again and compared with the original, and DATA is sketched.

        $ learndock pack store-12.txt sales.csv --label sales --license CC-BY-4.0

    Parameters
    ----------
    model : Path
        .onnx, .skops, LightGBM .txt, XGBoost .ubj or .json. Pickles are refused.
    data : Path
        CSV, TSV, Parquet, a text file (one document a line), or a NumPy array.
    license : str
        Under what licence others may use it, such as CC-BY-4.0. There is no default.
    name : str
        In lower case, such as store-12; else the name of the model's file.
    description : str
        What it does, in words.
    target : str
        What it predicts; else the column of labels.
    tags : list[str]
        A word to find it by; may be repeated.
    held_out : Path
        Rows with labels that the model has not seen; else a fifth of DATA tells its accuracy.
    output : Path
        Write to this .learnware file; else NAME.learnware.
    """
    from learndock.service import packing

    called = name or files.name_of(files.require_file(model))
    path = files.check_target(output or Path(called + files.LEARNWARE), files.LEARNWARE)
    with session.busy(f"packing {model.name}"):
        rows = reading.read_rows(data, label=label, text=text, drop=drop or ())
        unseen = (
            reading.read_rows(held_out, label=label, text=text, drop=drop or ())
            if held_out
            else None
        )
        found = packing.pack(
            reading.read_model(model),
            rows.data,
            rows.labels,
            name=called,
            license=license,
            description=description,
            target=target or label,
            tags=tags or (),
            space=reading.own_space(space, rows.data, session),
            held_out=None if unseen is None else (unseen.data, unseen.labels),
            size=size,
            seed=seed,
            consent=consent,
            epsilon=epsilon,
            delta=delta,
        )
    if not dry_run:
        disk.write(path, files.learnware_bytes(found))
    then = f"learndock submit {path}"
    session.put(rendering.learnware(found, path=None if dry_run else path, then=then))


def submit(file: Path, /, *, alias: str = "", dry_run: DryRun = False, session: Here) -> None:
    """Submit a packed learnware; the dock checks it and takes it in under the next version.

    The same learnware again has no effect. A dock that is not there yet is made.
    Exit status 4 says that a check refused it.

        $ learndock submit store-12.learnware --alias stable

    Parameters
    ----------
    file : Path
        What `learndock pack` wrote.
    alias : str
        A movable name for this version, such as stable.
    """
    with session.busy(f"submitting {file.name}"):
        learnware = files.read_learnware(file)
        dock = session.dock(create=not dry_run)
        there = dock.has(dock.submit(learnware, dry_run=True))
        ref = dock.submit(learnware, alias=alias, dry_run=dry_run)
    done = "there already" if there else "submitted"
    facts = {"id": learnware.id, "alias": alias}
    then = f"learndock show {ref}"
    session.put(rendering.changed(ref, done, dry_run=dry_run, then=then, **facts))


def withdraw(ref: str, /, *, reason: str, dry_run: DryRun = False, session: Here) -> None:
    """Stop offering a learnware. Its bytes stay for those who already use it.

        $ learndock withdraw ada/store-12@1 --reason "replaced by version 2"

    Parameters
    ----------
    ref : str
        owner/name@version, owner/name@alias, or sha256:...
    reason : str
        Why, in words; it is shown to those who use it.
    """
    found = session.dock().withdraw(ref, reason=reason, dry_run=dry_run)
    session.put(rendering.changed(found.ref, "withdrawn", dry_run=dry_run, reason=reason))
