"""Predictions as a table: one row for each row of the data, and a column for each class."""

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learndock.service.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a predictor says of n rows.

    Attributes
    ----------
    values : list of label or float
        The prediction for each row.
    classes : list of label
        The columns of `probabilities`; empty for regression.
    probabilities : list of list of float
        For each row the probability of each class; empty for regression.
    """

    values: list[Any]
    classes: list[Any]
    probabilities: list[list[float]]

    def to_csv(self) -> str:
        """Return CSV with the columns ``prediction`` and ``p_LABEL`` for each class."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["prediction", *(f"p_{label}" for label in self.classes)])
        if self.classes:
            for value, row in zip(self.values, self.probabilities, strict=True):
                writer.writerow([value, *(f"{share:.6g}" for share in row)])
        else:
            writer.writerows([f"{value:.9g}"] for value in self.values)
        return text.getvalue()


def predict(predictor: "Predictor", data: Any) -> Predictions:
    """Ask a predictor about rows."""
    if not hasattr(predictor, "predict_proba"):
        return Predictions(predictor.predict(data).tolist(), [], [])
    shares = predictor.predict_proba(data)
    classes = predictor.classes_
    return Predictions(classes[shares.argmax(axis=1)].tolist(), classes.tolist(), shares.tolist())
