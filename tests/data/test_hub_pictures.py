"""`gan.data.hub_pictures`: pictures of the Hub's data sets, of which nothing is trusted."""

from __future__ import annotations

import io
import struct
import sys
import threading
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data, train
from gan.data import hub_pictures
from gan.data.hub_pictures import Place, load_hub, parse, pin
from gan.errors import DataError
from gan.models.weights import read_config

COMMIT = "0" * 39 + "1"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("hub:alice/cats", Place("alice/cats", "", None, "")),
        ("hub:alice/cats:photo", Place("alice/cats", "", None, "photo")),
        ("hub:alice/cats/small@v1.0:a b", Place("alice/cats", "small", "v1.0", "a b")),
        (f"hub:alice/cats@{COMMIT}", Place("alice/cats", "", COMMIT, "")),
    ],
)
def test_a_name_has_parts_and_is_written_as_it_was(name, place):
    assert parse(name) == place and str(place) == name


@pytest.mark.parametrize(
    "name", ["hub:", "hub:cats", "hub:/etc/passwd", "hub:../x", "hub:a/b@", "hub:a/b:", "hub:a/b@../c", "hub:a/b/c/d:"]
)
def test_another_text_is_refused(name):
    with pytest.raises(DataError, match=r"hub:USER/NAME|repository is USER/NAME|revision is"):
        parse(name)


def test_without_the_library_the_cure_is_told_and_nothing_asked(hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="pip install 'datasets"):
        data.load("hub:alice/cats")
    assert hub.seen == []


def test_a_silent_stream_and_one_that_breaks_end_in_a_sentence(monkeypatch):
    place, stop = Place("alice/cats", "", COMMIT, ""), threading.Event()

    def silent():
        yield {"image": 1}
        stop.wait(10)

    def broken():
        yield {"image": 1}
        raise RuntimeError("no such thing")

    monkeypatch.setattr(hub_pictures, "SILENCE", 0.05)
    monkeypatch.setattr(hub_pictures, "AT_ONCE", 1)
    rows = hub_pictures._in_time(silent(), place)
    assert next(rows) == {"image": 1}
    with pytest.raises(DataError, match="alice/cats sent nothing more within 0.1 s"):
        next(rows)
    stop.set()
    with pytest.raises(DataError, match=r"cannot be read as a data set of pictures \(no such thing\)"):
        list(hub_pictures._in_time(broken(), place))


# With the library.


@pytest.fixture
def cats(hub, monkeypatch, tmp_path):
    """Return a function that puts files into the data set alice/cats, on a Hub that `datasets` talks to."""
    datasets = pytest.importorskip("datasets", reason="needs the package datasets")
    from huggingface_hub import HfFileSystem, constants

    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    HfFileSystem.clear_instance_cache()
    return lambda files: hub.add_dataset("alice/cats", files)


def picture(i: int) -> dict:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), (i, 0, 9)).save(out, "PNG")
    return {"bytes": out.getvalue(), "path": f"{i}.png"}


def huge() -> bytes:
    """Return a small PNG that says it is 100,000 x 100,000."""
    data = PICTURES[0]["bytes"]
    header = b"IHDR" + struct.pack(">II", 100_000, 100_000) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def table(**columns) -> bytes:
    """Return a parquet file. Of a column of dicts, pictures; of (numbers, names), classes; of anything else, itself."""
    import datasets
    from pyarrow import parquet

    kinds, values = {}, {}
    for name, column in columns.items():
        if isinstance(column, tuple):
            kinds[name], values[name] = datasets.ClassLabel(names=list(column[1])), column[0]
        else:
            pictures = any(isinstance(value, dict) for value in column)
            kinds[name], values[name] = datasets.Image() if pictures else None, column
    plain = {str: "string", bytes: "binary", int: "int64"}
    features = datasets.Features({n: k or datasets.Value(plain[type(values[n][0])]) for n, k in kinds.items()})
    rows = datasets.Dataset.from_dict(values, features=features).data.table
    out = io.BytesIO()
    parquet.write_table(rows.replace_schema_metadata(features.arrow_schema.metadata), out)
    return out.getvalue()


PICTURES = [picture(i) for i in range(20)]
LABELS = ([2, 0] * 10, ("cat", "cow", "dog"))


def test_pictures_and_classes_come_as_those_of_a_folder_do(cats):
    repo = cats({
        "data/train-00000.parquet": table(id=list(range(20)), image=PICTURES, label=LABELS),
        "data/validation-00000.parquet": table(id=list(range(17)), image=[picture(100 + i) for i in range(17)],
                                               label=([0] * 17, LABELS[1])),
    })  # fmt: skip
    pinned = pin("hub:alice/cats")
    assert pinned == f"hub:alice/cats@{repo.head}"
    repo.commit({}, "emptied")
    found = data.load(pinned)
    assert found.name == "alice/cats" and found.classes == ("cat", "dog")
    assert found.labels.tolist() == [1, 0] * 10 and found.images.dtype == torch.uint8
    assert found.images[:, 0, 0, 0].tolist() == list(range(20)) and found.images.shape == (20, 3, 32, 32)
    assert found.notes[0] == "2 classes: cat (10), dog (10)" and "only 20 pictures" in found.notes[1]
    held = data.load(pinned, 64, split="test")
    assert held.images[:, 0, 0, 0].tolist() == list(range(100, 117)) and held.classes == ()


def test_a_column_is_chosen_by_name_where_there_are_several(cats):
    other = [picture(50 + i) for i in range(20)]
    files = [p["bytes"] for p in PICTURES]
    cats({"train.parquet": table(text=["x"] * 20, photo=PICTURES, mask=other, file=files, a=LABELS, b=LABELS)})
    with pytest.raises(DataError, match="has 2 columns of pictures; name one of these .*hub:USER/NAME:photo: photo, m"):
        data.load("hub:alice/cats")
    for column, words in (("text", "holds no pictures"), ("x", "is not there")):
        with pytest.raises(DataError, match=f"column '{column}' {words}; name one of these"):
            data.load(f"hub:alice/cats:{column}")
    assert data.load("hub:alice/cats:file").images[:, 0, 0, 0].tolist() == list(range(20))
    found = data.load("hub:alice/cats:mask")
    assert found.images[:, 0, 0, 0].tolist() == list(range(50, 70)) and found.classes == ()
    with pytest.raises(DataError, match="has no 'test' split"):
        data.load("hub:alice/cats:mask", split="test")


def test_rows_that_cannot_be_used_are_left_out_with_the_reason(cats, tmp_path):
    mine = tmp_path / "mine.png"
    mine.write_bytes(picture(200)["bytes"])
    bad = [
        {"bytes": huge(), "path": "huge.png"}, {"bytes": b"hello", "path": "text.png"}, None,
        {"bytes": None, "path": str(mine)}, {"bytes": None, "path": f"hf://datasets/bob/secret@{COMMIT}/x.png"},
        {"bytes": PICTURES[0]["bytes"][:60], "path": "cut.png"},
    ]  # fmt: skip
    cats({"train.parquet": table(image=PICTURES[:3] + bad + PICTURES[3:], label=([0, -1] * 13, ("a", "b")))})
    found = data.load("hub:alice/cats")
    assert found.images[:, 0, 0, 0].tolist() == list(range(20)) and found.classes == ()
    told = "; ".join(found.notes)
    for words in (
        "1 file of more than 80,000,000 pixels skipped: make them smaller: row 3", "row 4", "1 row without a picture",
        "2 rows skipped whose file lies outside the repository: row 6, row 7", "unreadable",
        "no classes: 10 pictures of no class",
    ):  # fmt: skip
        assert words in told, words


def test_a_stream_without_end_is_cut_and_one_without_pictures_is_given_up(cats, monkeypatch):
    monkeypatch.setattr(hub_pictures, "ROWS", 18)
    cats({"train.parquet": table(image=PICTURES)})
    found = data.load("hub:alice/cats")
    assert len(found.images) == 18 and "only the first 18 rows are used, as there are more" in found.notes
    monkeypatch.setattr(hub_pictures, "ATTEMPTS", 5)
    cats({"train.parquet": table(image=[{"bytes": b"no", "path": "a"}] * 20)})
    with pytest.raises(DataError, match="none of the first 5 rows has a picture that can be read in column 'image'"):
        data.load("hub:alice/cats")
    cats({"train.parquet": table(image=PICTURES[:4])})
    with pytest.raises(DataError, match="holds 4 readable pictures in 'train', at least 16 are needed"):
        data.load("hub:alice/cats")


def test_files_outside_the_repository_and_of_other_kinds_are_refused(cats, tmp_path):
    mine = tmp_path / "mine.parquet"
    mine.write_bytes(table(image=PICTURES))
    card = f"---\nconfigs:\n- config_name: default\n  data_files: {mine}\n---\n"
    cats({"README.md": card.encode(), "train.parquet": table(image=PICTURES)})
    with pytest.raises(DataError, match="names files outside its repository|don't belong to alice/cats"):
        data.load("hub:alice/cats")
    cats({"train.csv": b"image\nx.png\n"})
    with pytest.raises(DataError, match="has files of another kind than parquet, arrow, imagefolder"):
        data.load("hub:alice/cats")
    cats({"train.parquet": b"PAR1 not a table"})
    with pytest.raises(DataError, match="alice/cats cannot be read as a data set of pictures"):
        data.load("hub:alice/cats")
    with pytest.raises(DataError, match="bob/none is not on the Hub"):
        data.load("hub:bob/none")


def test_folders_of_pictures_and_subsets_are_read_from_the_hub(cats):
    names = {f"train/{'cat' if i % 2 else 'dog'}/{i:02}.png": picture(i)["bytes"] for i in range(20)}
    repo = cats(names)
    found = load_hub("hub:alice/cats", 32, "train", lambda line: None)
    assert found.classes == ("cat", "dog") and sorted(found.images[:, 0, 0, 0].tolist()) == list(range(20))
    tables = {f"{part}/train.parquet": table(image=PICTURES[k:] * 2) for k, part in enumerate(("a", "b"))}
    card = "---\nconfigs:\n" + "".join(f"- config_name: {p}\n  data_files: {p}/train.parquet\n" for p in ("a", "b"))
    repo.commit({"README.md": f"{card}---\n".encode(), **tables}, "subsets")
    with pytest.raises(DataError, match="if it has several subsets, name one of them: hub:alice/cats/SUBSET"):
        data.load("hub:alice/cats")
    assert len(data.load("hub:alice/cats/b").images) == 38


@pytest.mark.slow
def test_a_run_learns_from_the_commit_it_began_with_and_its_card_names_it(cats, tmp_path, capsys):
    repo = cats({"train.parquet": table(image=PICTURES, label=LABELS)})
    flags = ["--preset", "smoke", "--images", "32", "--device", "cpu", "--batch-size", "16"]
    assert train.main([*flags, "--dataset", "hub:alice/cats", "--out", str(tmp_path / "run")]) == 0
    assert "alice/cats" in capsys.readouterr().out
    name = f"hub:alice/cats@{repo.head}"
    assert read_config(tmp_path / "run").dataset == name
    text = (tmp_path / "run" / "README.md").read_text()
    assert "datasets: [alice/cats]" in text and name in text and "# alice/cats, 32 x 32" in text
    assert "Licence of the training pictures: that of alice/cats on the Hugging Face Hub" in text
    repo.commit({"train.parquet": table(image=[picture(9)] * 20, label=LABELS)}, "others")
    assert train.main(["--resume", str(tmp_path / "run"), "--images", "48"]) == 0
    assert np.array_equal(data.load(name).images[:, 0, 0, 0], range(20))
