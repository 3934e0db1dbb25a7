"""Encode frames as a film: GIF, animated WebP or MP4.

Frames are uint8 (F, H, W, C), C of 1 or 3, and every film holds all F of them. Pillow's own animation writers merge
neighbours that look alike, which turns sixty frames of a pause into one, so GIF and WebP are put together here from
pictures that Pillow encodes one at a time.
"""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import GifImagePlugin, Image

from gan import scratch
from gan.ui.server.request import number, whole

SHORT_SIDE = 256  # pixels that `enlargement` aims for
MAX_SIDE = 1024  # pixels: no side of a film is longer
MAX_PIXELS = 2**26  # of a whole film, enlarged: 67 million, 256 frames of 512 x 512
SAMPLED = 81  # pixels of a side from which a GIF's colours are chosen; no multiple of the enlargement's factor
GIF_FPS = 50  # browsers play a delay below 2 hundredths of a second as if it were 10
MP4_SECONDS = 120  # wall clock that ffmpeg may take


def enlargement(height: int, width: int) -> int:
    """Return the least whole factor that brings the short side to `SHORT_SIDE`, with no side beyond `MAX_SIDE`."""
    return max(1, min(-(-SHORT_SIDE // min(height, width)), MAX_SIDE // max(height, width)))


def gif(frames: np.ndarray, fps: float, scale: int | None = None, smooth: bool = False) -> bytes:
    """Encode a GIF that loops for ever; grey frames keep their values, colour ones get the best 256 colours each.

    A palette a frame costs 768 bytes and is what keeps a colourful film free of banding. Delays are whole hundredths
    of a second whose sum is F / fps to within half of one; above `GIF_FPS` the film plays at `GIF_FPS`.
    scale: whole factor; None for `enlargement`. smooth: enlarge by bicubic interpolation, not to squares.
    """
    frames, scale = _checked(frames, fps, scale)
    count, height, width, _ = frames.shape
    delays = _delays(count, min(fps, GIF_FPS), per_second=100)
    out = [b"GIF89a", struct.pack("<HHBBB", width * scale, height * scale, 0x70, 0, 0)]
    out.append(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # 0 repeats: for ever
    for frame, delay in zip(frames, delays, strict=True):
        small = Image.fromarray(frame.squeeze(2) if frame.shape[-1] == 1 else frame)
        picture = small.resize((width * scale, height * scale), Image.Resampling.BICUBIC) if smooth else small
        if small.mode != "L":  # without dithering, whose noise would crawl from frame to frame
            source = _thinned(picture) if smooth else picture
            best = source.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
            picture = picture.quantize(palette=best, dither=Image.Dither.NONE) if smooth else best
        picture = picture.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        if picture.mode == "L":
            picture.putpalette(bytes(value for grey in range(256) for value in (grey,) * 3))
        out += GifImagePlugin.getdata(picture, duration=delay * 10, include_color_table=True)
    return b"".join([*out, b";"])


def _thinned(picture: Image.Image) -> Image.Image:
    """Return some of a large picture's pixels: the best colours of all would take ten times as long to find."""
    values = np.asarray(picture)
    rows, columns = (np.linspace(0, side - 1, min(side, SAMPLED)).astype(int) for side in values.shape[:2])
    return Image.fromarray(values[np.ix_(rows, columns)])


def webp(frames: np.ndarray, fps: float, scale: int | None = None, smooth: bool = False) -> bytes:
    """Encode an animated WebP that loops for ever. It is lossless unless smooth: dividing by `scale` gives every pixel.

    Delays are whole milliseconds whose sum is F / fps to within half of one. scale, smooth: as for `gif`.
    """
    frames, scale = _checked(frames, fps, scale)
    count, height, width, _ = frames.shape
    height, width = height * scale, width * scale
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = [_chunk(b"VP8X", b"\x02\x00\x00\x00" + size)]  # flag 2: animated
    chunks.append(_chunk(b"ANIM", b"\xff\xff\xff\xff" + b"\x00\x00"))  # white behind; 0 repeats: for ever
    for frame, delay in zip(_enlarged(frames, scale, smooth), _delays(count, fps, per_second=1000), strict=True):
        still = io.BytesIO()
        Image.fromarray(frame).save(still, "WEBP", lossless=not smooth, method=1, quality=92 if smooth else 50)
        body = still.getvalue()[12:]  # past "RIFF", the length and "WEBP": one chunk, VP8L or VP8
        corner = b"\x00" * 6  # the frame's place on the canvas
        chunks.append(_chunk(b"ANMF", corner + size + delay.to_bytes(3, "little") + b"\x02" + body))  # 2: no blending
    return _chunk(b"RIFF", b"WEBP" + b"".join(chunks))


def mp4(frames: np.ndarray, fps: float, scale: int | None = None, smooth: bool = False) -> bytes:
    """Encode H.264 in MP4 at `fps` frames a second, 4:2:0, with even sides (an odd one repeats its last row or column).

    scale, smooth: as for `gif`. Raises ValueError when ffmpeg is missing, fails or takes over `MP4_SECONDS`.
    """
    frames, scale = _checked(frames, fps, scale)
    if reason := missing_ffmpeg():
        raise ValueError(reason)
    height, width = frames.shape[1] * scale, frames.shape[2] * scale
    edge = ((0, 0), (0, height % 2), (0, width % 2), (0, 0))
    # Contiguous, so ffmpeg is fed from it without a copy.
    raw = np.pad(_enlarged(frames, scale, smooth), edge, mode="edge")
    with scratch.folder() as folder:  # MP4's index is written last and moved first: a pipe cannot do that
        film = Path(folder) / "film.mp4"
        command = [str(shutil.which("ffmpeg")), "-hide_banner", "-loglevel", "error", "-f", "rawvideo"]
        command += ["-pixel_format", "rgb24", "-video_size", f"{raw.shape[2]}x{raw.shape[1]}", "-framerate", f"{fps:g}"]
        command += ["-i", "pipe:0", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-threads", "2"]
        command += ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-y", str(film)]
        try:
            subprocess.run(command, input=raw.data.cast("B"), capture_output=True, timeout=MP4_SECONDS, check=True)
        except subprocess.TimeoutExpired:
            raise ValueError(f"ffmpeg took over {MP4_SECONDS} s; lower the number of frames") from None
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {error.returncode}"]
            raise ValueError(f"ffmpeg failed ({lines[-1][:200]}); save a GIF or WebP instead") from None
        return film.read_bytes()


def missing_ffmpeg() -> str | None:
    """Return why MP4 cannot be written here, or None when it can."""
    return None if shutil.which("ffmpeg") else "MP4 needs ffmpeg, which this server has not; save a GIF or WebP instead"


@dataclass(frozen=True)
class Export:
    """A format. label: its name on a button. suffix: of the file, with the dot. mime: of the download.

    encode: (frames, fps, scale, smooth) -> bytes. unavailable: the reason it cannot be written here, or None.
    """

    label: str
    suffix: str
    mime: str
    encode: Callable[..., bytes]
    unavailable: Callable[[], str | None] = lambda: None


EXPORTS = {
    "gif": Export("GIF", ".gif", "image/gif", gif),
    "webp": Export("WebP", ".webp", "image/webp", webp),
    "mp4": Export("MP4", ".mp4", "video/mp4", mp4, missing_ffmpeg),
}


def file_name(model: str, seeds: Sequence[int], suffix: str) -> str:
    """Return a name for a download, of letters, digits, `.`, `_` and `-`. model and seeds, if any: checked already."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", model)[:40].strip("-") or "model"
    return f"{plain}-seeds-{'-'.join(str(int(seed)) for seed in seeds)}{suffix}" if seeds else f"{plain}{suffix}"


def _checked(frames: np.ndarray, fps: float, scale: int | None) -> tuple[np.ndarray, int]:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] not in (1, 3) or 0 in frames.shape:
        raise ValueError(f"frames must be uint8 (F, H, W, 1 or 3), got {frames.dtype} {frames.shape}")
    number(fps, "fps", 1, 60)
    count, height, width, _ = frames.shape
    scale = enlargement(height, width) if scale is None else whole(scale, "scale", 1, MAX_SIDE)
    if max(height, width) * scale > MAX_SIDE:
        raise ValueError(
            f"a side must have at most {MAX_SIDE} pixels, got {height * scale} x {width * scale}: lower scale"
        )
    if (pixels := count * height * width * scale**2) > MAX_PIXELS:
        raise ValueError(
            f"a film must have at most {MAX_PIXELS:,} pixels in all, got {pixels:,}: lower frames or scale"
        )
    return frames, scale


def _enlarged(frames: np.ndarray, scale: int, smooth: bool) -> np.ndarray:
    """Enlarge (F, H, W, 1 or 3) to (F, H * scale, W * scale, 3): each pixel a square, or by bicubic interpolation."""
    if smooth:
        size = frames.shape[2] * scale, frames.shape[1] * scale
        colour = np.broadcast_to(frames, (*frames.shape[:3], 3))
        large = (Image.fromarray(frame.copy()).resize(size, Image.Resampling.BICUBIC) for frame in colour)
        return np.stack([np.asarray(frame) for frame in large])
    return np.broadcast_to(frames, (*frames.shape[:3], 3)).repeat(scale, axis=1).repeat(scale, axis=2)


def _delays(count: int, fps: float, per_second: int) -> list[int]:
    """Return `count` whole delays in units of 1 / per_second s; what one loses by rounding, the next one gains."""
    ends = [round(per_second * i / fps) for i in range(count + 1)]
    return [end - start for start, end in zip(ends[:-1], ends[1:], strict=True)]


def _chunk(name: bytes, body: bytes) -> bytes:
    """Return a RIFF chunk: name, length, body, and a zero byte where the length is odd."""
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)
