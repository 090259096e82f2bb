"""Commands of those who have a task: search, reuse, show, ls, fetch, demo."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from learndock.cli import files, predictions, reading, rendering
from learndock.cli.options import Label, Output, Seed, Space, Text
from learndock.cli.session import Here, Page, as_json
from learndock.core import disk
from learndock.errors import Invalid, NothingFits

OWN = "learndock pack MODEL DATA, or train a model of your own"


def search(
    data: Path,
    /,
    *,
    label: Label = "",
    text: Text = "",
    want: str = "",
    task: str = "",
    target: str = "",
    license: str = "",
    space: Space = "",
    limit: Annotated[int, Parameter(name=["--limit", "-k"], validator=Number(gte=1))] = 10,
    seed: Seed = 0,
    output: Output = None,
    session: Here,
) -> int:
    """Find learnwares for DATA; only a sketch of it is compared.

    Exit status 3 says that nothing here fits.

        $ learndock search mine.csv --label sales -o mine.answer.json

    Parameters
    ----------
    data : Path
        CSV, TSV, Parquet, a text file (one document a line), a NumPy array, or a sketch.
    want : str
        Words that a learnware's description, columns or labels must have.
    task : str
        classification or regression.
    target : str
        What a learnware must predict.
    license : str
        The licence that a learnware must have.
    limit : int
        Number of learnwares to list.
    output : Path
        Write the answer to this .json file, for `learndock reuse`.
    """
    if output is not None:
        files.check_target(output, files.ANSWER)
    with session.busy(f"searching with {data.name}"):
        dock = session.dock()
        found = dock.search(
            reading.read_task(data, label=label, text=text),
            want=want,
            task=task,
            target=target,
            license=license,
            space=reading.find_space(space, session),
            limit=limit,
            seed=seed,
        )
    document = files.answer_document(found, dock)
    if output is not None:
        disk.write(output, (as_json(document) + "\n").encode())
        then = f"learndock reuse {output} --predict DATA"
    else:
        then = f"learndock search {data} -o {files.title(data)}.answer.json"
    session.put(rendering.answer(found, document, then=then if found else OWN))
    return 0 if found else NothingFits.exit


def reuse(
    answer: Path,
    /,
    *,
    labels: Path | None = None,
    label: Label = "",
    text: Text = "",
    predict: Path | None = None,
    method: str = "auto",
    seed: Seed = 0,
    output: Output = None,
    session: Here,
) -> None:
    """Combine what a search found, and predict with it.

    Predictions are CSV: `prediction`, and for classes the probability of each.

        $ learndock reuse mine.answer.json --labels few.csv --label sales --predict new.csv

    Parameters
    ----------
    answer : Path
        What `learndock search -o` wrote.
    labels : Path
        Rows of the task with labels, named by --label. They stay here.
    predict : Path
        Rows to predict.
    method : str
        How to combine: auto, single, average, stitch or stack.
    output : Path
        Write the predictions to this .csv file; else they go to standard output.
    """
    if (labels is None) != (not label):
        raise Invalid("--labels FILE and --label COL go together", next="give both, or neither")
    if output is not None and predict is None:
        raise Invalid("there is nothing to write to -o", next="say --predict DATA")
    if output is not None:
        files.check_target(output, files.PREDICTIONS)
    found, document = files.read_answer(answer)
    with session.busy(f"reusing {answer.name}"):
        few = reading.read_rows(labels, label=label, text=text) if labels else reading.Rows(None)
        dock = session.dock(location=document["dock"])
        predictor = replace(found, reuser=dock.reuse).reuse(
            few.data, few.labels, method=method, seed=seed
        )
        rows = reading.read_rows(predict, text=text).data if predict else None
        said = predictions.predict(predictor, rows) if predict else None
    report = predictor.report_
    if said is None:
        session.put(rendering.report(report, then=f"learndock reuse {answer} --predict DATA"))
    elif output is None:
        session.remark(str(report))
        session.put(rendering.predicted(said, report))
    else:
        disk.write(output, said.to_csv().encode())
        session.put(rendering.report(report, output=output, rows=len(said.values)))


def show(thing: str, /, *, session: Here) -> None:
    """Show a learnware of the dock, or a file: a learnware, a sketch, an answer.

        $ learndock show ada/store-12@1

    Parameters
    ----------
    thing : str
        owner/name, owner/name@version, owner/name@alias, sha256:..., or a file.
    """
    path = Path(thing)
    if path.is_file() and path.suffix.lower() in FILES:
        session.put(FILES[path.suffix.lower()](path))
    else:
        session.put(rendering.entry(session.dock().show(thing)))


def _answer(path: Path) -> Page:
    found, document = files.read_answer(path)
    then = f"learndock reuse {path} --predict DATA" if found else OWN
    return rendering.answer(found, document, then=then)


def _learnware(path: Path) -> Page:
    then = f"learndock submit {path}"
    return rendering.learnware(files.read_learnware(path), path=path, then=then)


FILES: dict[str, Callable[[Path], Page]] = {
    files.SKETCH: lambda path: rendering.sketch(files.read_sketch(path), path=path),
    files.LEARNWARE: _learnware,
    files.ANSWER: _answer,
}


def ls(
    *words: str,
    task: str = "",
    target: str = "",
    space: Space = "",
    owner: str = "",
    license: str = "",
    withdrawn: Annotated[bool, Parameter(negative="")] = False,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 100,
    offset: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    session: Here,
) -> None:
    """List learnwares; WORDS searches names, descriptions, columns, labels and licences.

        $ learndock ls seafood --task regression

    Parameters
    ----------
    words : str
        All of them must occur.
    task : str
        classification or regression.
    target : str
        What they predict.
    owner : str
        Who submitted them.
    license : str
        Their licence.
    withdrawn : bool
        List withdrawn ones too.
    limit : int
        At most so many.
    offset : int
        Leave out so many first.
    """
    dock = session.dock()
    wanted = reading.find_space(space, session)
    found = dock.ls(
        " ".join(words),
        task=task,
        target=target,
        space="" if wanted is None else wanted.id,
        owner=owner,
        license=license,
        withdrawn=withdrawn,
        limit=limit,
        offset=offset,
    )
    session.put(rendering.entries(found))


def fetch(ref: str, /, *, output: Output = None, session: Here) -> None:
    """Fetch a learnware as a file, checked against its digests.

        $ learndock fetch ada/store-12@1 -o downloads

    Parameters
    ----------
    ref : str
        owner/name, owner/name@version, owner/name@alias, or sha256:...
    output : Path
        Folder for the file; else the current one.
    """
    from learndock.service.dock import file_name

    folder = output or Path()
    with session.busy(f"fetching {ref}"):
        dock = session.dock()
        entry = dock.show(ref)
        learnware = dock.fetch(entry.ref, to=folder)
    path = folder / file_name(entry)
    session.put(rendering.learnware(learnware, path=path, then=f"learndock show {path}"))


def demo(
    name: str = "",
    /,
    *,
    quick: Annotated[bool, Parameter(negative="")] = False,
    seed: Seed = 0,
    output: Output = None,
    session: Here,
) -> None:
    """Submit, search and reuse real models for tasks that none was built for.

        $ learndock demo newsgroups --quick

    Parameters
    ----------
    name : str
        newsgroups or store-sales; else both.
    quick : bool
        Fewer users, under half a minute.
    output : Path
        Folder for the pictures; else the current one.
    """
    from learndock import demos

    folder = files.check_folder(output or Path())
    with session.busy("preparing the demo") as say:
        found = demos.run(name or None, quick=quick, seed=seed, progress=say)
        pictures = demos.draw(found, folder)
    session.put(rendering.demo(found, demos.tables(found), pictures))
