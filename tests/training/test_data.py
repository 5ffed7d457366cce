from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scorelet.features import columns_from_records
from scorelet.signature import Feature

from tests.training.conftest import loans_config, small_config, write_loans
from training import data
from training.config import DataConfig, parse
from training.csv_table import read_columns
from training.errors import TableError
from training.infer import infer_feature
from training.table import read, typed


def table_config(path: Path, text: str, **change):
    path.write_text(text, encoding="utf-8")
    document = {"name": "m", "task": "multiclass", "target": "y", "data": {"table": str(path)}}
    return parse({**document, **change})


def test_scikit_learn_names_lose_their_unit_and_spaces():
    assert data.load(small_config("iris")).signature.names == (
        "sepal_length",
        "sepal_width",
        "petal_length",
        "petal_width",
    )
    assert "mean_concave_points" in data.load(small_config("breast_cancer")).signature.names


def test_labels_stand_in_the_order_of_the_config():
    dataset = data.load(small_config("breast_cancer"))
    assert dataset.signature.labels == ("benign", "malignant")
    assert int(dataset.target.sum()) == 212  # malignant tumours in the set


def test_diabetes_comes_in_raw_units():
    dataset = data.load(small_config("diabetes"))
    ages = dataset.matrix[:, dataset.signature.names.index("age")]
    assert ages.min() >= 18
    assert dataset.signature.labels == ()


def test_a_csv_file_gets_its_types_nulls_and_imputation_inferred(tmp_path):
    dataset = data.load(loans_config(write_loans(tmp_path / "loans.csv")))
    types = {f.name: (f.type, f.nullable) for f in dataset.signature.features}
    assert types == {
        "income": ("float", True),
        "age": ("int", False),
        "member": ("bool", False),
        "region": ("category", True),
        "rate": ("float", False),
    }
    region = dataset.signature.features[3]
    assert region.categories == ("far, east", "north", "south")
    assert region.imputation in region.categories
    income = dataset.imputed[:, 0]
    assert income.any()
    assert (dataset.matrix[income, 0] == np.float32(dataset.signature.features[0].imputation)).all()
    assert all(dataset.records[row]["income"] is None for row in np.flatnonzero(income))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_table_of_any_delimiter_is_the_same_table(tmp_path, delimiter):
    text = 'a,y,"b"\n1.5,p,x\n2.5,q,"x\ny"\n3.5,r,\n'
    one = data.load(table_config(tmp_path / "t.csv", text))
    other = data.load(table_config(tmp_path / "t.csv", text.replace(",", delimiter)))
    assert (other.digest, other.signature) == (one.digest, one.signature)
    assert (other.matrix == one.matrix).all()


def test_a_table_that_is_no_csv_is_refused(tmp_path):
    with pytest.raises(TableError, match="training reads CSV that is not packed"):
        data.load(table_config(tmp_path / "t.csv", '{"a": 1, "y": 2}\n'))


def test_one_changed_cell_changes_the_digest_and_the_row_order_counts(tmp_path):
    text = "a,y\n1.5,p\n2.5,q\n3.5,r\n"
    digests = {
        data.load(table_config(tmp_path / "t.csv", body)).digest
        for body in (text, text.replace("3.5", "3.25"), text.replace("r", "s"), "a,y\n2.5,q\n1.5,p\n3.5,r\n")
    }
    assert len(digests) == 4
    assert data.load(table_config(tmp_path / "t.csv", text.replace("\n", "\r\n"))).digest in digests


def test_rows_that_do_not_fit_are_listed_without_their_values(tmp_path):
    features = [{"name": "a", "type": "float", "range": [0, 10]}, {"name": "b", "type": "int"}]
    config = table_config(tmp_path / "t.csv", "a,b,y\n1,2,p\n77,2,q\n3,half,r\n,1_0,p\nnan,1,q\n", features=features)
    with pytest.raises(TableError) as caught:
        data.load(config)
    message = str(caught.value)
    assert message.startswith("4 rows do not fit")
    assert "row 2: a: the number is out of range; expected a finite number from 0 to 10" in message
    assert "row 4: a: the value is null" in message
    assert "row 4: b: the value has the wrong type" in message
    assert "row 5: a: the number is not finite" in message
    assert "77" not in message
    assert "half" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,y\n1,p\n2\n", "1 lines that are no rows: line 3: too_few_columns"),
        ("a,a\n1,2\n", "distinct names"),
        ("a,y\n", "at least one row"),
        ("", "cannot be read: the file is empty"),
        ("a,z\n1,p\n", "no column 'y'; it has a, z"),
        ('a,y\n"1,p\n2,q\n', "line 2: bad_quoting"),
        ("a,y\n,p\n,q\n", "column 'a' is empty"),
        ("a,y\n1,p\n2,q\n", "does not go with the 2 labels"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, words):
    with pytest.raises(TableError, match=words):
        data.load(table_config(tmp_path / "t.csv", text))


def test_a_feature_that_the_table_lacks_is_named(tmp_path):
    features = [{"name": "a", "type": "float"}, {"name": "c", "type": "float"}]
    with pytest.raises(TableError, match="lacks c; it has a, y"):
        data.load(table_config(tmp_path / "t.csv", "a,y\n1,p\n", features=features))
    with pytest.raises(TableError, match="lacks tail"):
        data.load(replace(small_config("iris"), features=(Feature("tail", "float"),)))


def test_labels_other_than_the_tables_are_refused(tmp_path):
    config = table_config(tmp_path / "t.csv", "a,y\n1,p\n2,q\n3,r\n", labels=["p", "q", "x"])
    with pytest.raises(TableError, match="are not those of column 'y'"):
        data.load(config)


@pytest.mark.parametrize("cell", ["high", "nan"])
def test_a_regression_needs_finite_numbers_to_learn(tmp_path, cell):
    config = table_config(tmp_path / "t.csv", f"a,y\n1,2\n2,{cell}\n", task="regression")
    with pytest.raises(TableError, match="target 'y'"):
        data.load(config)


def test_an_unknown_scikit_learn_set_lists_the_known_ones():
    with pytest.raises(TableError, match="known are breast_cancer, diabetes, iris, wine"):
        read(DataConfig(sklearn="boston"), "price", ())


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    config = table_config(tmp_path / "t.csv", "\ufeffa,y\n1,p\n2,q\n3,r\n")
    assert data.load(config).signature.names == ("a",)


def test_cells_are_typed_like_json():
    number, whole, flag = Feature("x", "float"), Feature("n", "int"), Feature("b", "bool")
    assert [typed(number, t) for t in ("1.5", " 2 ", "", "x", "1_0")] == [1.5, 2.0, None, "x", "1_0"]
    assert [typed(whole, t) for t in ("3", "3.0", "3.5")] == [3, 3, 3.5]
    assert [typed(flag, t) for t in ("TRUE", "0", "yes")] == [True, False, "yes"]


def test_whole_numbers_with_decimals_are_floats_and_many_texts_are_no_category():
    assert infer_feature("x", ["1.0", "2.0"]).type == "float"
    assert infer_feature("x", ["-1", "+2"]).type == "int"
    assert infer_feature("x", [1.0, 2.0]).type == "float"
    assert infer_feature("x", [True, None]).imputation is True
    with pytest.raises(TableError, match="51 different texts"):
        infer_feature("id", [f"id-{i}" for i in range(51)])


def test_csv_cells_and_json_records_of_the_same_row_are_encoded_alike(tmp_path):
    path = write_loans(tmp_path / "loans.csv")
    dataset = data.load(loans_config(path))
    by_record = columns_from_records(dataset.signature, dataset.records)
    for name, column in read_columns(path, dataset.signature).items():
        assert (column.values == by_record[name].values).all(), name
        assert (column.state == by_record[name].state).all(), name
