"""Store sales: rows from receipts, labels, and what the answer is compared with."""

import numpy as np
import pandas as pd
import pytest

from learndock.demos import _road, store_sales
from learndock.demos._road import Served
from learndock.demos.store_sales import (
    ALL,
    COLUMNS,
    FEWEST_ROWS,
    LAST_WEEK,
    Plan,
    Rivals,
    Shop,
    compare,
    draw_labels,
    read,
    train_own,
)

WEEKS = 53
DEPARTMENTS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Receipts of six large shops and a small one, as the package has them."""
    place = tmp_path_factory.mktemp("sales")
    rng = np.random.default_rng(0)
    products = pd.DataFrame(
        {
            "product_id": np.arange(2 * DEPARTMENTS),
            "department": [f"D{i // 2}" for i in range(2 * DEPARTMENTS)],
            "brand": ["National", "Private"] * DEPARTMENTS,
        }
    )
    parts = []
    for shop in range(1, 8):
        weeks = WEEKS if shop < 7 else 10
        rows = pd.MultiIndex.from_product(
            [range(1, weeks + 1), products["product_id"]], names=["week", "product_id"]
        ).to_frame(index=False)
        level = 1 + shop / 10 + rows["product_id"] // 2 / 4
        parts.append(
            rows.assign(
                store_id=shop,
                sales_value=np.exp(level + rng.normal(0, 0.3, len(rows))),
                retail_disc=rng.uniform(0, 1, len(rows)),
                coupon_disc=0.0,
                coupon_match_disc=0.0,
            )
        )
    pd.concat(parts).to_parquet(place / "transactions.parquet")
    products.to_parquet(place / "products.parquet")
    return place


@pytest.fixture(scope="module")
def shops(folder) -> list[Shop]:
    return read(folder)


def test_only_shops_with_enough_rows_count(shops):
    assert [shop.name for shop in shops] == [f"store-{i}" for i in range(1, 7)]
    assert all(len(shop.before) + len(shop.after) >= FEWEST_ROWS for shop in shops)


def test_labels_come_from_weeks_before_those_that_are_predicted(shops):
    for shop in shops:
        assert list(shop.before.columns) == COLUMNS
        assert shop.before["week"].max() == LAST_WEEK
        assert shop.after["week"].min() == LAST_WEEK + 1


def test_a_row_sums_up_the_receipts_of_a_department_and_a_week(folder, shops):
    receipts = pd.read_parquet(folder / "transactions.parquet")
    own = receipts[(receipts.store_id == 2) & (receipts.week == 1) & (receipts.product_id < 2)]
    rows = shops[1].before
    chosen = ((rows["week"] == 1) & (rows["department"] == "D0")).to_numpy()
    sales, discount = own["sales_value"].sum(), own["retail_disc"].sum()
    (row,) = rows[chosen].to_dict("records")
    assert shops[1].sales_before[chosen] == pytest.approx(np.log1p(sales))
    assert row["discount_share"] == pytest.approx(discount / (sales + discount))
    assert row["national_share"] == pytest.approx(own["sales_value"].iloc[0] / sales)


def test_fewer_labels_are_a_part_of_more(shops):
    none, few, many = draw_labels(shops[0], Plan(labels=(0, 20, 50)), seed=0)
    assert none is None
    assert (len(few[0]), len(many[0])) == (20, 50)
    assert few[0].equals(many[0].iloc[:20])
    assert np.array_equal(few[1], shops[0].sales_before[few[0].index])


class Says:
    """A model that says the truth plus an error."""

    def __init__(self, shop: Shop, error: float) -> None:
        self.said = shop.sales_after + error

    def predict(self, rows: object) -> np.ndarray:
        return self.said


def test_each_method_has_the_error_that_can_be_counted(shops):
    shop = shops[0]
    rivals = Rivals({"a": Says(shop, 1.0), "b": Says(shop, -0.5)}, Says(shop, 0.125))
    labelled = draw_labels(shop, Plan(labels=(0, 20)), seed=0)
    served = Served((shop.sales_after + 0.2, shop.sales_after), "b", True, 0.0, 0.0)
    found = compare(shop, labelled, served, rivals)
    assert found.figures["0"] == pytest.approx(
        {
            "answer": 0.2,
            "average": 0.25,
            "top1": 0.5,
            "oracle_single": 0.5,
            "random_single": 0.75,
            "everything": 0.125,
            "own": None,
        }
    )
    assert found.figures["20"]["answer"] == 0.0
    assert found.figures["20"]["own"] == found.own["20"] > found.own[ALL] > 0


def test_ones_own_model_is_the_better_of_two(shops):
    rows, sales = shops[0].before, shops[0].sales_before
    straight = train_own(rows, 3 * rows["week"].to_numpy(dtype=float))
    assert straight.predict(rows)[:5] == pytest.approx(3 * rows["week"][:5], rel=1e-2)
    assert train_own(rows[:20], sales[:20]).predict(rows).shape == (len(rows),)


@pytest.mark.slow
def test_a_dock_is_made_and_searched_from_end_to_end(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(store_sales, "QUICK", Plan(learnwares=3, users=2, labels=(0, 50)))
    monkeypatch.setattr(store_sales, "FULL", Plan(learnwares=3))
    monkeypatch.setattr(store_sales, "fetch", lambda *_: folder)
    monkeypatch.setattr(_road, "WORKERS", 1)
    monkeypatch.setattr(_road, "cache", lambda: tmp_path)
    found = store_sales.run(quick=True, seed=0, progress=lambda _: None)
    assert set(found.figures) == {"0", "50"}
    assert found.figures["50"]["answer"] < found.figures["50"]["random_single"]
    assert (found.learnwares, found.users) == (3, 2)
    assert list(pd.read_csv(found.task).columns) == COLUMNS
    assert [path.name for path in (tmp_path / "demos").iterdir()] == ["store-sales-quick"]
