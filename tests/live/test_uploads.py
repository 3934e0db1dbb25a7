"""`gan.live.uploads`: pictures and zips from strangers."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan.errors import DataError
from gan.live.uploads import read_uploads
from gan.pictures import reader
from gan.pictures.reader import Budget


def png(seed: int, size: int = 40) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def files(**named: bytes) -> list[tuple[str, bytes]]:
    """Files by name, with an underscore for the dot."""
    return [(name.replace("_", "."), data) for name, data in named.items()]


def archive(entries, **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(name, data, **options)
    return out.getvalue()


def test_files_and_zips_become_one_data_set():
    inside = [(f"deep/er/{i}.png", png(i)) for i in range(12)] + [("deep/", b""), ("._hidden.png", b"x")]
    data = read_uploads(files(a_zip=archive(inside), **{f"p{i}_png": png(100 + i) for i in range(5)}))
    assert data.images.shape == (17, 3, 32, 32) and data.classes == () and data.name == "uploaded"
    assert not any("Refused" in note for note in data.notes)


def test_what_cannot_be_used_is_listed_with_the_reason():
    entries = [(f"{i}.png", png(i)) for i in range(16)]
    entries += [("broken.png", b"\x89PNG nothing"), ("notes.txt", b"hello"), ("inner.zip", archive(entries[:2]))]
    data = read_uploads(files(a_zip=archive(entries), readme_md=b"#"))
    (note,) = [note for note in data.notes if note.startswith("Refused")]
    assert len(data.images) == 16
    for part in ("broken.png (cannot be read", "notes.txt (not a picture", "inner.zip (not a", "readme.md (not a"):
        assert part in note


def test_nothing_usable_says_so():
    with pytest.raises(
        DataError, match=r"0 of the files are readable pictures.*at least 16.*Refused: a\.txt \(not a picture"
    ):
        read_uploads(files(a_zip=archive([("a.txt", b"a"), ("b.png", b"")])))
    with pytest.raises(DataError, match="0 of the files"):
        read_uploads([])


def test_names_in_a_zip_are_only_names():
    evil = ["../../evil.png", "/etc/evil.png", "..\\..\\evil.png", "a/../../evil.png", "C:\\evil.png"]
    entries = [(f"{name[:-8]}{i}evil.png", png(i)) for i, name in enumerate(evil * 4)]
    assert len(read_uploads(files(a_zip=archive(entries))).images) == 20


def test_a_name_is_fit_for_a_message():
    names = ["a\nb.png", "\ud800.png", "x" * 500 + ".png", "<b>.png", "\u202egnp.png", ""]
    data = read_uploads([*files(a_zip=archive((f"{i}.png", png(i)) for i in range(16))), *((n, b"no") for n in names)])
    (note,) = [note for note in data.notes if note.startswith("Refused")]
    assert note.isprintable() and note.encode() and len(note) < 500 and "a?b.png (cannot be read" in note


GOOD = [(f"{i}.png", png(i)) for i in range(16)]


@pytest.mark.parametrize(("bounds", "reason"), [
    ({"file_bytes": 10_000}, "too large"),
    ({"pictures": 16}, "more than 16 pictures"),
    ({"file_pixels": 2_000}, "more than 0.002 million pixels"),
    ({"pixels": 16 * 1600 + 100}, "more than 0.0257 million pixels in all"),
    ({"bytes": sum(len(data) for _, data in GOOD) + 10_000}, "too large"),
])  # fmt: skip
def test_what_is_beyond_one_of_the_bounds_is_refused_and_the_rest_used(bounds, reason):
    data = read_uploads(files(a_zip=archive([*GOOD, ("last.png", png(99, 90))])), budget=Budget(**bounds))
    assert len(data.images) == 16 and f"Refused: last.png ({reason})" in data.notes


def test_too_few_within_the_bounds_are_not_decoded_at_all(monkeypatch):
    sent = [(f"{i}.png", b"P5 9000 9000 255\n") for i in range(20)]  # no pixels follow, so decoding would say more
    with pytest.raises(DataError, match=r"0 of the files are.*0\.png \(not a picture's ending|more than 20 million"):
        read_uploads([(name.replace("png", "pgm"), data) for name, data in sent])


def test_time_runs_out_without_loss_of_what_was_read():
    slow = b"P6 400 400 254\n" + bytes(3 * 400 * 400)  # takes Pillow a tenth of a second and more, in Python
    sent = [*GOOD, *((f"slow{i}.ppm", slow) for i in range(80))]
    data = read_uploads(sent, budget=Budget(seconds=2))
    assert 16 <= len(data.images) < 96 and "too long to read" in data.notes[-1]


def test_a_file_that_never_ends_costs_what_was_not_read_yet():
    gif = io.BytesIO()
    Image.new("L", (40, 40)).save(gif, "GIF")
    plain, at = gif.getvalue(), gif.getvalue().index(b",")
    endless = plain[:at] + b"!\xfe" + b"\1a" * 3_000_000 + b"\0" + plain[at:]  # a comment: minutes, by Pillow
    with pytest.raises(DataError, match="took too much time or memory"):
        read_uploads([*GOOD, ("endless.gif", endless)], budget=Budget(seconds=1))


def test_the_process_knows_no_secret(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert "HF_TOKEN" not in reader._environment() and "hf_secret" not in str(reader._environment())


def test_encrypted_entries_links_and_odd_packing_are_refused():
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO(archive(GOOD))
    with zipfile.ZipFile(out, "a") as packed:
        packed.writestr(link, "/etc/passwd")
        packed.writestr("odd.png", png(50), zipfile.ZIP_LZMA)
    notes = " ".join(read_uploads(files(a_zip=out.getvalue())).notes)
    assert "link.png (a link)" in notes and "odd.png (packed in an unusual way)" in notes
    raw = bytearray(archive(GOOD))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(mark, at + 4)
    with pytest.raises(DataError, match=r"0\.png \(encrypted\)"):
        read_uploads(files(a_zip=bytes(raw)))


def test_a_zip_whose_entries_share_bytes_is_refused():
    raw = archive([("a.png", png(0))])
    start, end = raw.index(b"PK\1\2"), raw.index(b"PK\5\6")
    directory = raw[start:end] * 20
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 20, 20, len(directory), start, 0)
    with pytest.raises(DataError, match=r"a\.zip \(a zip whose files overlap\)"):
        read_uploads(files(a_zip=raw[:start] + directory + tail))


def test_a_zip_of_countless_names_is_refused_before_they_are_read():
    empty = archive([(f"{i}.txt", b"") for i in range(40_000)])
    with pytest.raises(DataError, match=r"a\.zip \(a zip of too many files\)"):
        read_uploads(files(a_zip=empty))


@pytest.mark.parametrize("cut", [100, 2_000])
def test_a_damaged_zip_is_refused_with_the_reason(cut):
    whole = archive([(f"{i}.png", png(i)) for i in range(20)])
    with pytest.raises(DataError, match="of the files are readable pictures"):
        read_uploads(files(a_zip=whole[:cut] + whole[-22:]))
