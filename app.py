"""Latent Lab: walk through the latent spaces of the models in `weights/` and `runs/`, in one browser tab.

python app.py [--port 7860]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

from gan.ui.quick import without_stubs  # noqa: E402

with without_stubs():
    import gradio as gr

from gan.ui import api, assets, explore, gallery, header, interpolate, training  # noqa: E402
from gan.ui.folders import discover  # noqa: E402
from gan.ui.session import Session  # noqa: E402
from gan.ui.theme import theme  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gan.live.runs import Runs

HOUR = 3600  # seconds


def build(session: Session, hall: Callable[[], Runs] | None = None) -> gr.Blocks:
    """The whole page over one session; start it with `launch(**settings())`. hall: as for the Train tab."""
    with gr.Blocks(title="Latent Lab", analytics_enabled=False, fill_width=True, delete_cache=(HOUR, HOUR)) as demo:
        header.build()
        with gr.Tabs(elem_id="ll-tabs"):
            with gr.Tab("Gallery", elem_id="tab-gallery"):
                gallery.build(session)
            with gr.Tab("Explore", elem_id="tab-explore"):
                explore.build(session)
            with gr.Tab("Interpolate", elem_id="tab-interpolate"):
                interpolate.build(session)
            with gr.Tab("Train", elem_id="tab-train"):
                training.build(session, hall)
        api.build(session)
    demo.queue(max_size=32, default_concurrency_limit=1)
    return demo


def settings(port: int | None = None) -> dict[str, Any]:
    """Keywords for `launch`: our look, and every door shut that this app does not use."""
    return {
        "server_name": os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"),
        "server_port": port,
        "theme": theme(),
        "head": assets.head(),
        "footer_links": ["api"],
        "allowed_paths": [],
        "enable_monitoring": False,
        "max_file_size": "1mb",
        "mcp_server": False,
        "run_history": False,
        "share": False,
        "show_error": False,
        "ssr_mode": False,
        "strict_cors": True,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the models beside this file until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    port = parser.parse_args(argv).port
    build(Session(discover(Path(__file__).parent))).launch(**settings(port))


if __name__ == "__main__":
    main()
