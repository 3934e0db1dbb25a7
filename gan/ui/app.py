"""Latent Lab: walk through the latent spaces of the models in `weights/` and `runs/`, in one browser tab.

python app.py [--port 7860] [--model USER/NAME[@REVISION]]

More models, folders or the Hub's, are named by `--model`, as often as wanted, and by the environment variable
LATENT_LAB_MODELS, with commas between them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

from gan.ui.fast_import import without_stubs  # noqa: E402

with without_stubs():
    import gradio as gr

from gan.io import shipped_models  # noqa: E402
from gan.ui import assets, header  # noqa: E402
from gan.ui.server import api, body_limit  # noqa: E402
from gan.ui.server.hub_models import HubModels, local, wanted  # noqa: E402
from gan.ui.server.model_info import discover  # noqa: E402
from gan.ui.server.model_registry import ModelRegistry  # noqa: E402
from gan.ui.tabs import explore, gallery, interpolate, publish, train  # noqa: E402
from gan.ui.theme import theme  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gan.live.runs import Runs

HOUR = 3600  # seconds


def build(registry: ModelRegistry, runs: Callable[[], Runs] | None = None) -> gr.Blocks:
    """The whole page over one registry; start it with `launch(**settings())`. runs: as for the Train tab."""
    with gr.Blocks(title="Latent Lab", analytics_enabled=False, fill_width=True, delete_cache=(HOUR, HOUR)) as demo:
        header.build()
        with gr.Tabs(elem_id="ll-tabs"):
            with gr.Tab("Gallery", elem_id="tab-gallery"):
                gallery.build(registry)
            with gr.Tab("Explore", elem_id="tab-explore"):
                explore.build(registry)
            with gr.Tab("Interpolate", elem_id="tab-interpolate"):
                interpolate.build(registry)
            with gr.Tab("Train", elem_id="tab-train"):
                train.build(registry, runs)
            with gr.Tab("Publish", elem_id="tab-publish") as tab:
                publish.build(registry, tab)
        api.build(registry)
    demo.queue(max_size=32, default_concurrency_limit=1)
    return demo


def renew(demo: gr.Blocks, registry: ModelRegistry) -> None:
    """Let pages that are loaded from now on show what the registry has got since."""
    pages = {"ll-gallery": gallery.page, "ll-explore": explore.page, "ll-interpolate": interpolate.page}
    for block in demo.blocks.values():
        if block.elem_id in pages:
            block.value = pages[block.elem_id](registry)
    demo.config = demo.get_config_file()


def settings(port: int | None = None) -> dict[str, Any]:
    """Keywords for `launch`: our look, and every door shut that this app does not use."""
    return {
        "server_name": os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"),
        "server_port": port,
        "app_kwargs": {"middleware": body_limit.middleware()},
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
    """Serve the models beside this file, and those asked for by name, until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="a folder, or the Hub's USER/NAME[@REVISION]"
    )
    args = parser.parse_args(argv)
    names = wanted(args.model, os.environ.get("LATENT_LAB_MODELS", ""))
    remote = HubModels([name for name in names if not local(name)])
    registry = ModelRegistry(
        [*discover(shipped_models(), Path("runs")), *(Path(name) for name in names if local(name))]
    )
    remote.settle(registry)
    demo = build(registry)
    remote.watch(registry, lambda: renew(demo, registry))
    demo.launch(**settings(args.port))


if __name__ == "__main__":
    main()
