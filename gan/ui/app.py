"""Latent Lab: walk through the latent spaces of the models in `weights/` and `runs/`, in one browser tab.

python app.py [--port 7860] [--model USER/NAME[@REVISION]]

More models, folders or repositories of the Hub, are named by `--model`, which may be repeated, and by the environment
variable LATENT_LAB_MODELS, separated by commas.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.ui import environment

environment.prepare()  # before Gradio is imported

from gan.ui.fast_import import without_stubs  # noqa: E402

with without_stubs():
    import gradio as gr

from gan.io import shipped_models  # noqa: E402
from gan.ui import assets, header  # noqa: E402
from gan.ui.server import (  # noqa: E402
    api,
    body_limit,
    doors,
    engine,
    event_queue,
    first_page,
    function_route,
    owner,
    publish_api,
)
from gan.ui.server.hub_models import HubModels, is_local_folder, requested_models  # noqa: E402
from gan.ui.server.model_info import discover  # noqa: E402
from gan.ui.server.model_registry import ModelRegistry  # noqa: E402
from gan.ui.tabs import explore, gallery, interpolate, publish, quiz, train, translate  # noqa: E402
from gan.ui.theme import theme  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gan.live.runs import Runs

HOUR = 3600  # seconds


def build(registry: ModelRegistry, runs: Callable[[], Runs] | None = None) -> gr.Blocks:
    """Build the page over one registry; start it with `launch(**settings(registry))`. runs: as for the Train tab."""
    with gr.Blocks(title="Latent Lab", analytics_enabled=False, fill_width=True, delete_cache=(HOUR, HOUR)) as demo:
        header.build()
        with gr.Tabs(elem_id="ll-tabs"):
            with gr.Tab("Gallery", elem_id="tab-gallery"):
                gallery.build(registry)
            with gr.Tab("Explore", elem_id="tab-explore"):
                explore.build(registry)
            with gr.Tab("Interpolate", elem_id="tab-interpolate"):
                interpolate.build(registry)
            with gr.Tab("Translate", elem_id="tab-translate"):
                translate.build(registry)
            with gr.Tab("Quiz", elem_id="tab-quiz"):
                quiz.build(registry)
            with gr.Tab("Train", elem_id="tab-train"):
                train.build(registry, runs)
            with gr.Tab("Publish", elem_id="tab-publish") as tab:
                publish.build(registry, tab)
        api.build(registry)
    demo.queue(max_size=event_queue.MOST, default_concurrency_limit=1)
    event_queue.take_turns(demo._queue)
    return demo


def refresh(demo: gr.Blocks, registry: ModelRegistry) -> None:
    """Update the page with the registry's present models, for browsers that load it from now on."""
    pages = {"ll-gallery": gallery.page, "ll-explore": explore.page, "ll-interpolate": interpolate.page}
    pages |= {"ll-translate": translate.page, "ll-quiz": quiz.page}
    for block in demo.blocks.values():
        if isinstance(block, gr.HTML) and block.elem_id in pages:
            block.value = pages[block.elem_id](registry)
    demo.config = demo.get_config_file()


def settings(registry: ModelRegistry, port: int | None = None) -> dict[str, Any]:
    """Return the keywords for `launch`: our look, our routes, and every feature off that this app does not use."""
    return {
        "server_name": os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"),
        "server_port": port,
        "app_kwargs": {
            "middleware": [
                *doors.middleware(),
                *body_limit.middleware(),
                *first_page.middleware(*assets.head(registry.files, gallery.first_picture(registry))),
            ],
            "routes": [
                *function_route.routes(),
                *owner.routes(),
                *registry.files.routes(),
                *engine.routes(registry.packs),
            ],
        },
        "theme": theme(),
        "footer_links": ["api"],
        "allowed_paths": [],
        "enable_monitoring": False,
        "max_file_size": "1mb",
        "max_threads": 64,  # more than jobs of all `Limit`s together may run and wait, so the rest of the page has some
        "mcp_server": False,
        "run_history": False,
        "share": False,
        "show_error": False,
        "ssr_mode": False,
        "strict_cors": True,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the shipped models, those in `runs`, and those named by `--model`, until interrupted."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="a folder, or the Hub's USER/NAME[@REVISION]"
    )
    args = parser.parse_args(argv)
    if args.port is not None and not environment.is_port(str(args.port)):
        parser.error(f"--port must be a whole number from 1 to 65535, got {args.port}")
    names = requested_models(args.model, os.environ.get("LATENT_LAB_MODELS", ""))
    remote = HubModels([name for name in names if not is_local_folder(name)])
    folders = [Path(name) for name in names if is_local_folder(name)]
    registry = ModelRegistry([*discover(shipped_models(), Path("runs")), *folders])
    remote.add_to(registry)
    demo = build(registry)
    remote.add_late(registry, lambda: refresh(demo, registry))
    launch = settings(registry, args.port)
    try:
        _, url, _ = demo.launch(**launch, prevent_thread_lock=True)
    except OSError:  # Gradio's, whatever the system's reason was
        sys.exit(f"app.py: error: {_cannot_listen(launch['server_name'], args.port)}")
    if not publish_api.can_sign_in() and not publish_api.obstacle():
        print(f"* To publish with your token, open it so: {owner.link(url)}", flush=True)
    demo.block_thread()


def _cannot_listen(host: str, port: int | None) -> str:
    """Return why the app does not start, with the cure."""
    if port is None:
        return f"there is no free port on {host} for it: name one with --port"
    return (
        f"it cannot listen on port {port} of {host}, which another program has or you may not use: pass another "
        "--port, or none for the first free one from 7860"
    )


if __name__ == "__main__":
    main()
