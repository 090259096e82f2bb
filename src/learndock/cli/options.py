"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

Label = Annotated[str, Parameter(help="Column of a table that holds the labels.")]
Text = Annotated[str, Parameter(help="Column of a table that holds texts; only it is read.")]
Seed = Annotated[
    int, Parameter(help="The same seed gives the same result.", validator=Number(gte=0))
]
DryRun = Annotated[bool, Parameter(help="Check and tell, but write nothing.", negative="")]
Size = Annotated[
    int | None,
    Parameter(help="Points of the sketch, at most one for 20 rows.", validator=Number(gte=1)),
]
Space = Annotated[
    str, Parameter(help="Space of the dock by name or digest, or that of a file. Else it is found.")
]
Consent = Annotated[
    bool, Parameter(help="Let the sketch leave though the privacy gate objects.", negative="")
]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"])]
Drop = Annotated[
    list[str] | None,
    Parameter(name="--drop", negative="", help="Column to leave out; may be repeated."),
]
Tags = Annotated[list[str] | None, Parameter(name="--tag", negative="")]
Epsilon = Annotated[
    float | None,
    Parameter(help="Make the sketch differentially private, at this cost.", validator=Number(gt=0)),
]
Delta = Annotated[
    float | None,
    Parameter(
        help="Odds that this privacy fails; else at most 1e-6, and a tenth of one in the rows.",
        validator=Number(gt=0, lt=1),
    ),
]
