"""`gan.live.uploads`: pictures and zips from strangers."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan.pictures.picture_file import MAX_PIXELS
from gan.errors import DataError
from gan.live import uploads
from gan.live.uploads import read_uploads


def png(seed: int, size: int = 40) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def files(tmp_path):
    """Writes files by name and returns their paths."""

    def write(**named: bytes):
        for name, data in named.items():
            (tmp_path / name.replace("_", ".")).write_bytes(data)
        return [tmp_path / name.replace("_", ".") for name in named]

    return write


def archive(entries, **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(name, data, **options)
    return out.getvalue()


def test_files_and_zips_become_one_data_set(files):
    inside = [(f"deep/er/{i}.png", png(i)) for i in range(12)] + [("deep/", b""), ("._hidden.png", b"x")]
    data = read_uploads(files(a_zip=archive(inside), **{f"p{i}_png": png(100 + i) for i in range(5)}))
    assert data.images.shape == (17, 3, 32, 32) and data.classes == () and data.name == "uploaded"
    assert not any("Refused" in note for note in data.notes)


def test_what_cannot_be_used_is_listed_with_the_reason(files):
    entries = [(f"{i}.png", png(i)) for i in range(16)]
    entries += [("broken.png", b"\x89PNG nothing"), ("notes.txt", b"hello"), ("inner.zip", archive(entries[:2]))]
    data = read_uploads(files(a_zip=archive(entries), readme_md=b"#"))
    (note,) = [note for note in data.notes if note.startswith("Refused")]
    assert len(data.images) == 16
    for part in ("broken.png (cannot be read", "notes.txt (not a picture", "inner.zip (not a", "readme.md (not a"):
        assert part in note


def test_nothing_usable_says_so(files):
    with pytest.raises(
        DataError, match=r"0 of the files are readable pictures.*at least 16.*Refused: a\.txt \(not a picture"
    ):
        read_uploads(files(a_zip=archive([("a.txt", b"a"), ("b.png", b"")])))
    with pytest.raises(DataError, match="0 of the files"):
        read_uploads([])


def test_names_in_a_zip_lead_nowhere(files, tmp_path):
    evil = ["../../evil.png", "/etc/evil.png", "..\\..\\evil.png", "a/../../evil.png", "C:\\evil.png"]
    entries = [(f"{name[:-8]}{i}evil.png", png(i)) for i, name in enumerate(evil * 4)]
    data = read_uploads(files(a_zip=archive(entries)))
    assert len(data.images) == 20
    assert not list(tmp_path.parent.rglob("*evil.png"))


def test_a_bomb_is_not_unpacked(files, monkeypatch):
    monkeypatch.setattr(uploads, "FILE_BYTES", 100_000)
    entries = [("bomb.png", b"\0" * 50_000_000), *((f"{i}.png", png(i)) for i in range(16))]
    data = read_uploads(files(a_zip=archive(entries)))
    assert len(data.images) == 16 and "bomb.png (too large)" in " ".join(data.notes)


def test_all_together_are_bounded_too(files, monkeypatch):
    size = len(png(0))
    monkeypatch.setattr(uploads, "ALL_BYTES", size * 17 + 500)
    data = read_uploads(files(a_zip=archive([(f"{i}.png", png(i)) for i in range(40)])))
    assert 16 <= len(data.images) <= 18 and "too large" in " ".join(data.notes)
    monkeypatch.setattr(uploads, "ALL_BYTES", 10**9)
    monkeypatch.setattr(uploads, "FILES", 20)
    data = read_uploads(files(a_zip=archive([(f"{i}.png", png(i)) for i in range(40)])))
    assert (
        len(data.images) == 20
        and "more than 20" in " ".join(data.notes)
        and "and 8 more: 8 more than 20" in " ".join(data.notes)
    )


def test_huge_pictures_encrypted_entries_and_links_are_refused(files):
    bomb = io.BytesIO()
    Image.new("1", (9_100, 9_100)).save(bomb, "PNG")  # 10 kB, 250 MB unpacked as RGB
    assert MAX_PIXELS < 9_100**2
    entries = [(f"{i}.png", png(i)) for i in range(16)] + [("huge.png", bomb.getvalue())]
    data = bytearray(archive(entries))
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    more = io.BytesIO(bytes(data))
    with zipfile.ZipFile(more, "a") as packed:
        packed.writestr(link, "/etc/passwd")
    notes = " ".join(read_uploads(files(a_zip=more.getvalue())).notes)
    assert "huge.png (cannot be read" in notes and "link.png (a link)" in notes


@pytest.mark.parametrize("cut", [100, 2_000])
def test_a_damaged_zip_is_refused_with_the_reason(files, cut):
    whole = archive([(f"{i}.png", png(i)) for i in range(20)])
    with pytest.raises(DataError, match="of the files are readable pictures"):
        read_uploads(files(a_zip=whole[:cut] + whole[-22:]))
