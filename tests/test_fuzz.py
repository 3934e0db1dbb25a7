"""`benchmarks.fuzz` in its smallest form: nothing of ours fails, and its own eyes are open."""

from __future__ import annotations

import random

import pytest
from conftest import served
from editors import write_editor

from benchmarks import fuzz
from gan.live.runs import Runs
from gan.ui.server import train_api
from gan.ui.server.model_registry import ModelRegistry


@pytest.fixture(scope="module")
def site(tiny_folder, tmp_path_factory):
    runs = Runs(1)
    finds = write_editor(
        tiny_folder, tmp_path_factory.mktemp("models") / "mnist"
    )  # a name that requests are likely to use
    with served(ModelRegistry([finds]), lambda: runs) as url:
        yield fuzz.Site(url)
    runs.close()


def test_hostile_requests_find_no_fault_and_nobody_elses_work(site, capfd):
    work = fuzz.first_visitor(site)
    outcome = fuzz.attack(site, 150, seed=3, secrets=[work.run, work.model])
    assert outcome.faults == outcome.leaks == outcome.unanswered == []
    assert outcome.statuses.total() == 150 and {"200", "400"} <= outcome.statuses.keys()
    assert fuzz.what_is_lost(site, work) == ""
    assert fuzz.tracebacks(capfd.readouterr().err)[0] == []


def test_a_fault_and_a_leak_are_seen(site, monkeypatch, caplog):
    number = next(number for number, name in site.functions if name == "about")
    body = fuzz._bytes({"component_id": number, "fn_name": "about", "data": {}, "session_hash": "x"})
    sent = "POST", fuzz.FUNCTION, body, {"Content-Type": "application/json"}
    monkeypatch.setattr(fuzz, "request", lambda draw, site: sent)
    for answer, seen in ((lambda: {}["a fault"], "faults"), (lambda: {"run": "secret"}, "leaks")):
        monkeypatch.setattr(train_api.train_form, "menus", answer)
        assert len(getattr(fuzz.attack(site, 4, seed=0, secrets=["secret"]), seen)) == 4


def test_the_same_seed_sends_the_same_requests(site):
    one, other = ([fuzz.request(random.Random(f"0 {i}"), site) for i in range(50)] for _ in range(2))
    assert one == other and len({path for _, path, _, _ in one}) > 5


def test_tracebacks_through_our_code_are_told_from_others():
    log = """Traceback (most recent call last):
  File "/x/site-packages/gradio/queueing.py", line 1, in a
    b()
ValueError: not ours
something else
Traceback (most recent call last):
  File "ROOT/gan/ui/server/rpc.py", line 1, in a
    b()
KeyError: ours
""".replace("ROOT", str(fuzz.ROOT))
    ours, others = fuzz.tracebacks(log)
    assert others == 1 and len(ours) == 1 and ours[0].endswith("KeyError: ours")
