"""The Publish tab: a run goes to the Hub from the browser, with whose token, and what hostile values get."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import gradio.routes
import pytest
from conftest import built, served
from hub_server import ALICE, BOB

from gan.live.runs import Runs
from gan.ui.server import owner, publish_api
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.publish_api import PublishApi
from gan.ui.tabs import publish


@pytest.fixture
def registry(tiny_folder, tmp_path) -> ModelRegistry:
    """Return a registry of one run, called digits, and a shipped model."""
    shutil.copytree(tiny_folder, tmp_path / "runs" / "digits")
    return ModelRegistry([tiny_folder, tmp_path / "runs" / "digits"])


@pytest.fixture
def space(monkeypatch):
    """Simulate a Space on which visitors can sign in."""
    monkeypatch.setattr(publish_api, "OAUTH", ())
    monkeypatch.setattr(gradio.routes, "attach_oauth", lambda app: None)
    monkeypatch.setenv("SPACE_ID", "alice/lab")
    monkeypatch.setenv("OAUTH_CLIENT_ID", "some-client")


def asked(key: str = owner.KEY, client: str = "127.0.0.1", **headers: str) -> SimpleNamespace:
    """Return a request as the tab sees it. key: of the owner's cookie."""
    cookies = {owner.COOKIE: key} if key else {}
    return SimpleNamespace(headers=headers, cookies=cookies, client=SimpleNamespace(host=client))


def press(registry: ModelRegistry):
    """Return what the button calls: (run, repository, private, request or token) -> lines of HTML."""
    return publish.handler(PublishApi(registry))


def test_a_run_is_published_from_the_browser(hub, registry, browser):
    with served(registry) as site:
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.goto(owner.link(site))
        page.locator("#tab-publish-button").click()
        page.get_by_label("Repository").fill("alice/digits")
        page.get_by_label("Private").check()
        page.locator("#ll-publish-button").click()
        link = page.locator("#ll-publish-result a")
        link.wait_for(timeout=30_000)
        assert link.get_attribute("href") == f"{hub.url}/alice/digits" and link.inner_text() == "alice/digits"
        assert "Published as images-64" in page.locator("#ll-publish-result").inner_text()
        assert ALICE not in page.content()
        page.context.close()
    repo = hub.model("alice/digits")
    assert repo.private and repo.tags == {"images-64": repo.head}


@pytest.mark.usefixtures("unhurried")
def test_a_run_of_the_train_tab_is_published_and_nobody_else_sees_its_name(hub, tiny_registry, browser):
    runs = Runs(1)
    chosen = "document.querySelector('#ll-publish input')?.value.startsWith('ring-')"
    with served(tiny_registry, lambda: runs) as site:
        page, other = (browser.new_context(viewport={"width": 1280, "height": 860}).new_page() for _ in range(2))
        page.goto(owner.link(site))
        other.goto(site)
        page.locator("#tab-train-button").click()
        page.locator("[data-train=begin]:not([disabled])").click()
        page.locator("[data-train=publish]:not([disabled])").click()
        page.wait_for_function(chosen)
        name = page.locator("#ll-publish input").first.input_value()
        page.get_by_label("Repository").fill("alice/ring")
        page.locator("#ll-publish-button").click()
        page.locator("#ll-publish-result a").wait_for(timeout=30_000)
        other.locator("#tab-publish-button").click()
        other.get_by_text("press Publish beside a run").wait_for()
        other.locator("#ll-publish input").first.click()
        assert name not in other.content() and other.locator("#ll-publish input").first.input_value() == ""
        page.context.close()
        other.context.close()
    runs.close()
    repo = hub.model("alice/ring")
    run, opened = name.split(", ")
    assert repo.tags == {f"images-{run.split('-')[1]}": repo.head} and opened == "opened"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_tab_without_scrolling_sideways(hub, registry, browser, scheme):
    with served(registry) as site:
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{site}?tab=publish")  # whose button is in the menu of tabs that do not fit
        page.locator("#ll-publish-button").wait_for()
        wide = "[...document.querySelectorAll('#ll-publish *')].filter(e => e.getBoundingClientRect().right > 391)"
        assert page.evaluate(f"{wide}.map(e => e.className)") == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        context.close()


def test_steps_are_told_one_by_one(hub, registry):
    lines = list(press(registry)("digits", " alice/digits ", False, asked()))
    assert [("busy" in line, "done" in line) for line in lines] == [(True, False)] * 3 + [(False, True)]
    assert "Sending 9 files, " in lines[2] and f'href="{hub.url}/alice/digits"' in lines[3]
    assert "Already published" in list(press(registry)("digits", "alice/digits", False, asked()))[-1]


@pytest.mark.parametrize(
    ("run", "repo", "private", "message"),
    [
        ("tiny", "alice/x", False, "model must be a finished run (digits) or one from the Train tab"),
        ("../../etc", "alice/x", False, "model must be a finished run (digits) or one from the Train tab"),
        (None, "alice/x", False, "choose a model first"),
        ("", "alice/x", False, "choose a model first"),
        (["digits"], "alice/x", False, "model must be a finished run"),
        ({"a": 1}, "alice/x", False, "model must be a finished run (digits) or one from the Train tab"),
        ("digits", "<b>/x", False, "a repository is USER/NAME"),
        ("digits", "../x", False, "a repository is USER/NAME"),
        ("digits", "", False, "a repository is USER/NAME"),
        ("digits", None, False, "a repository is USER/NAME"),
        ("digits", ["alice/x"], False, "a repository is USER/NAME"),
        ("digits", "alice/" + "x" * 10**6, False, "a repository is USER/NAME"),
        ("digits", "alice/x", "yes", "private must be true or false"),
        ("digits", "alice/x", None, "private must be true or false"),
    ],
)
def test_hostile_values_get_a_sentence(hub, registry, run, repo, private, message):
    (line,) = press(registry)(run, repo, private, asked())
    assert message in line and "ll-wrong" in line and "<b>" not in line and len(line) < 600
    assert hub.seen == []


def test_what_the_hub_refuses_is_told_without_token_or_folder(hub, registry, tmp_path):
    line = list(press(registry)("digits", "bob/x", False, asked()))[-1]
    assert "Sorry: this token may not write to bob/x" in line and ALICE not in line
    (tmp_path / "runs/digits/critic.safetensors").write_bytes(b"x")
    line = list(press(registry)("digits", "alice/x", False, asked()))[-1]
    assert "digits/critic.safetensors" in line and str(tmp_path) not in line


def test_a_fault_of_ours_is_not_shown(hub, registry, monkeypatch):
    monkeypatch.setattr("gan.hub.push.build", lambda *_: 1 / 0)
    line = list(press(registry)("digits", "alice/x", False, asked()))[-1]
    assert "Something went wrong" in line and "division" not in line


@pytest.mark.parametrize("request_", [
    asked(key=""),
    asked(key="x"),
    asked(key="", host="127.0.0.1:7860", origin="http://127.0.0.1:7860"),  # by a proxy that says of nobody else
    asked(key="", client="10.0.0.7"),
], ids=lambda r: f"{r.headers} {r.client.host}")  # fmt: skip
def test_the_machines_token_is_only_for_who_opened_the_printed_link(hub, registry, request_):
    (line,) = press(registry)("digits", "alice/x", False, request_)
    assert "open the link that the app printed" in line and hub.seen == []


def test_on_a_space_the_visitors_token_publishes(hub, registry, space):
    tell = press(registry)
    (line,) = tell("digits", "bob/x", False, None)
    assert "Sign in with Hugging Face first" in line and hub.seen == []
    token = gr.OAuthToken(token=BOB, scope="contribute-repos", expires_at=2**40)
    assert "Published as" in list(tell("digits", "bob/x", False, token))[-1]
    assert "may not write" in list(tell("digits", "alice/x", False, token))[-1]  # alice's own token lies in HF_TOKEN


def buttons(demo: gr.Blocks) -> dict[str, gr.Button]:
    return {block.elem_id: block for block in demo.blocks.values() if isinstance(block, gr.Button)}


def test_elsewhere_there_is_no_sign_in(hub, registry):
    assert "ll-publish-login" not in buttons(built(registry))


def test_on_a_space_there_is_a_sign_in(hub, registry, space):
    demo = built(registry)
    assert isinstance(buttons(demo)["ll-publish-login"], gr.LoginButton) and demo.expects_oauth
    assert buttons(demo)["ll-publish-button"].interactive


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"HF_TOKEN": ""}, "there is no token of the Hub on this machine"),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, "Other machines can open this app"),
        ({"SPACE_ID": "alice/lab"}, "hf_oauth: true"),
        ({"SPACE_ID": "alice/lab", "OAUTH_CLIENT_ID": "x"}, "hf_oauth: true"),  # but nothing to sign in with
    ],
)
def test_where_nothing_can_be_published_the_tab_says_why(hub, registry, monkeypatch, environment, message):
    monkeypatch.setattr(publish_api, "OAUTH", ("no_such_module",))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert message in publish_api.obstacle()
    assert not buttons(built(registry))["ll-publish-button"].interactive
    (line,) = PublishApi(registry).publish("digits", "alice/x", False, None)  # not by its button
    assert message in line.text and hub.seen == []


def test_without_a_run_there_is_nothing_to_publish(hub, tiny_registry):
    demo = built(tiny_registry)
    assert PublishApi(tiny_registry).trained() == [] and buttons(demo)["ll-publish-button"].interactive
    (status,) = [block.value for block in demo.blocks.values() if block.elem_id == "ll-publish-result"]
    assert "press Publish beside a run in the Train tab" in status
    (line,) = press(tiny_registry)(None, "alice/x", False, asked())
    assert "choose a model first" in line and hub.seen == []


def test_what_a_visitor_made_is_published_by_who_knows_its_name(hub, registry, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "made")
    name = registry.add_unlisted("ring-640", folder)
    tell = press(registry)
    assert "Published as images-64" in list(tell(name, "alice/ring", False, asked()))[-1]
    assert name not in PublishApi(registry).trained() and name not in str(built(registry).get_config_file())
    (line,) = tell("ring-640", "alice/x", False, asked())
    assert "model must be a finished run" in line and name not in line
    (folder / "critic.safetensors").write_bytes(b"x")
    line = list(tell(name, "alice/x", False, asked()))[-1]
    assert "critic.safetensors" in line and str(tmp_path) not in line


def test_building_the_tab_asks_nobody(hub, registry):
    built(registry)
    assert hub.seen == []


def test_a_run_is_known_by_where_it_lies(registry, tmp_path):
    assert PublishApi(registry).trained() == ["digits"]
    assert registry.folder("digits") == Path(tmp_path / "runs" / "digits")
