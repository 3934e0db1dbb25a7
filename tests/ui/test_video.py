"""Films decode back to the frames, the size and the time that went in."""

from __future__ import annotations

import io
import os
import shutil
import stat

import numpy as np
import pytest
from PIL import Image

from gan.ui.server import video
from gan.ui.server.video import EXPORTS, enlargement, gif, mp4, webp


def clip(count: int = 7, height: int = 20, width: int = 12, channels: int = 3) -> np.ndarray:
    """Return frames with few enough colours for any palette; frames 3 and 4 are the same."""
    random = np.random.default_rng(1)
    frames = random.integers(0, 256, (count, height // 4, width // 4, channels), dtype=np.uint8)
    frames = frames.repeat(4, axis=1).repeat(4, axis=2)
    frames[4 % count] = frames[3 % count]
    return frames


def decode(data: bytes) -> tuple[np.ndarray, list[int], dict]:
    """Return frames uint8 (F, H, W, 3), a delay in ms for each, and the header's info."""
    with Image.open(io.BytesIO(data)) as film:
        frames, delays = [], []
        for i in range(film.n_frames):
            film.seek(i)
            film.load()
            frames.append(np.asarray(film.convert("RGB")))
            delays.append(film.info["duration"])
        return np.stack(frames), delays, film.info


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("encode", [gif, webp])
def test_every_frame_comes_back_even_where_neighbours_are_equal(encode, channels):
    frames = clip(channels=channels)
    pictures, _, info = decode(encode(frames, 24, 3))
    assert pictures.shape == (7, 60, 36, 3)
    assert np.array_equal(pictures[:, ::3, ::3], np.broadcast_to(frames, (*frames.shape[:3], 3)))
    assert np.array_equal(pictures, pictures[:, ::3, ::3].repeat(3, 1).repeat(3, 2)), "enlarged by squares"
    assert info["loop"] == 0, "for ever"


@pytest.mark.parametrize("fps", [1, 7, 24, 30, 50])
@pytest.mark.parametrize("encode, unit", [(gif, 10), (webp, 1)])
def test_the_film_takes_the_time_it_should(encode, unit, fps):
    _, delays, _ = decode(encode(clip(31), fps, 1))
    assert len(delays) == 31
    assert abs(sum(delays) - 31_000 / fps) <= unit / 2 + 1e-9
    assert max(delays) - min(delays) <= unit, "rounding is spread evenly"


def test_gif_never_asks_for_a_delay_that_browsers_ignore():
    assert set(decode(gif(clip(), 60, 1))[1]) == {20}
    assert sum(decode(webp(clip(60), 60, 1))[1]) == 1000


def test_gif_keeps_all_256_greys_and_most_of_a_colourful_picture():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(2, 0)
    assert np.array_equal(decode(gif(grey, 10, 1))[0][..., :1], grey)
    x = np.linspace(0, 1, 64)
    wheel = np.stack([x[:, None] + 0 * x, x[None] + 0 * x[:, None], 1 - (x[:, None] + x) / 2], -1)
    frames = np.stack([(wheel * 255), (wheel[::-1] * 255)]).astype(np.uint8)
    error = decode(gif(frames, 10, 1))[0].astype(float) - frames
    assert 10 * np.log10(255**2 / np.mean(error**2)) > 35.2, "dB: 34.95 without k-means"


@pytest.mark.parametrize("side, factor", [(28, 10), (32, 8), (64, 4), (128, 2), (256, 1), (512, 1)])
def test_small_pictures_become_enlargement(side, factor):
    assert enlargement(side, side) == factor
    assert decode(webp(clip(2, side, side, 1), 10))[0].shape[1] == side * factor


def test_long_pictures_stay_within_bounds():
    assert enlargement(8, 600) == 1
    assert enlargement(2000, 2000) == 1


@pytest.mark.parametrize(
    "frames, fps, scale, message",
    [
        (clip().astype(np.float32), 24, 1, "uint8"),
        (clip()[0], 24, 1, "uint8"),
        (clip()[:0], 24, 1, "uint8"),
        (np.zeros((2, 8, 8, 4), np.uint8), 24, 1, "uint8"),
        (clip(), 0, 1, "fps must be in \\[1, 60\\], got 0"),
        (clip(), 61, 1, "fps must be"),
        (clip(), float("nan"), 1, "fps must be"),
        (clip(), 24, 0, "scale must be"),
        (clip(), 24, 1.5, "scale must be"),
        (clip(), 24, 100, "lower scale"),
        (np.zeros((300, 64, 64, 1), np.uint8), 24, 16, "lower frames or scale"),
    ],
)
@pytest.mark.parametrize("kind", EXPORTS)
def test_bad_values_are_refused_with_a_cure(kind, frames, fps, scale, message):
    with pytest.raises(ValueError, match=message):
        EXPORTS[kind].encode(frames, fps, scale)


def test_exports_say_what_they_are():
    for kind, one in EXPORTS.items():
        assert one.suffix == f".{kind}" and one.mime.endswith(kind) and one.label
    assert EXPORTS["gif"].unavailable() is None


def test_mp4_without_ffmpeg_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "ffmpeg" in EXPORTS["mp4"].unavailable()
    with pytest.raises(ValueError, match="needs ffmpeg"):
        mp4(clip(), 24, 1)


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Install a shell script as ffmpeg; it notes its arguments and the bytes it is fed, then runs `body`."""

    def install(body: str):
        script = tmp_path / "ffmpeg"
        feed = f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/fed\nfor last; do :; done\n'
        script.write_text(feed + body)
        script.chmod(script.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        return tmp_path

    return install


def test_mp4_feeds_ffmpeg_whole_frames_with_even_sides(ffmpeg):
    seen = ffmpeg('printf film > "$last"\n')
    frames = np.arange(2 * 5 * 7, dtype=np.uint8).reshape(2, 5, 7, 1)
    assert mp4(frames, 12, 1) == b"film"
    arguments = (seen / "arguments").read_text()
    assert "-video_size 8x6" in arguments and "-framerate 12" in arguments and "yuv420p" in arguments
    fed = np.frombuffer((seen / "fed").read_bytes(), np.uint8).reshape(2, 6, 8, 3)
    assert np.array_equal(fed[:, :5, :7], frames.repeat(3, -1))
    assert np.array_equal(fed[:, 5], fed[:, 4]) and np.array_equal(fed[:, :, 7], fed[:, :, 6])


def test_mp4_passes_on_what_ffmpeg_complains_of(ffmpeg):
    ffmpeg("echo 'Unknown encoder libx264' >&2\nexit 1\n")
    with pytest.raises(ValueError, match="Unknown encoder libx264.*save a GIF"):
        mp4(clip(), 24, 1)


def test_mp4_gives_up_on_an_ffmpeg_that_hangs(ffmpeg, monkeypatch):
    ffmpeg("exec sleep 20\n")
    monkeypatch.setattr(video, "MP4_SECONDS", 0.3)
    with pytest.raises(ValueError, match="lower the number of frames"):
        mp4(clip(), 24, 1)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
def test_mp4_is_a_film():
    data = mp4(clip(24, 29, 29, 1), 24)
    assert data[4:8] == b"ftyp" and data.index(b"moov") < data.index(b"mdat"), "its index comes first"


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_smooth_film_has_no_squares(kind, channels):
    frames = np.zeros((2, 8, 8, channels), np.uint8)
    frames[:, :, 4:] = 240
    for smooth, levels in ((False, 2), (True, 8)):
        with Image.open(io.BytesIO(EXPORTS[kind].encode(frames, 24, 8, smooth))) as film:
            row = np.asarray(film.convert("RGB"), int)[32, :, 0]
            assert film.size == (64, 64) and film.n_frames == 2
        assert (len(set(row)) >= levels) if smooth else (len(set(row)) == levels)
        assert row[8] < 20 and row[-8] > 220 and abs(row.mean() - 120) < 6


def test_the_colours_of_a_large_gif_are_sought_among_some_of_its_pixels(monkeypatch):
    """Among all of them it takes ten times as long: half a minute for a film of three seconds."""
    sought, quantize = [], Image.Image.quantize

    def note(picture, *args, palette=None, **kwargs):
        sought.append(picture.size) if palette is None else None
        return quantize(picture, *args, palette=palette, **kwargs)

    monkeypatch.setattr(Image.Image, "quantize", note)
    frames = np.random.default_rng(0).integers(0, 256, (2, 32, 64, 3), np.uint8)
    video.gif(frames, 24, 8, smooth=True)
    video.gif(frames, 24, 8, smooth=False)
    assert sought == [(81, 81)] * 2 + [(64, 32)] * 2
