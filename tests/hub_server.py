"""A Hub on loopback: enough of its protocol for the real huggingface_hub client to push, list, tag and fetch.

Repositories live in memory. `Hub.seen` has every request; `Hub.fault` may answer in place of the Hub, so that tests
can make it slow, broken, limited or gone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
import yaml
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

ALICE, READER, BOB, NOBODY = "hf_alice", "hf_alice_reads", "hf_bob", "hf_forged"  # NOBODY is a token of no one
CHATTER = "/api/agent-harnesses"  # what the client asks for itself, once a day
USERS = {ALICE: ("alice", True), READER: ("alice", False), BOB: ("bob", True)}  # token -> name, may write


@dataclass
class Repo:
    """One repository: commits in order, each with all its files; names of commits."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, "initial commit")

    def commit(self, files: dict[str, bytes], message: str, branch: str = "main") -> str:
        """Make these files the newest state of the branch; the commit."""
        parent = self.branches.get(branch, "")
        oid = hashlib.sha1(repr((parent, message, len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[oid], self.branches[branch] = dict(files), oid
        self.messages.append(message)
        return oid

    def find(self, revision: str) -> str | None:
        named = self.branches.get(revision) or self.tags.get(revision)
        return named or (revision if revision in self.commits else None)

    @property
    def head(self) -> str:
        return self.branches["main"]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.head]


class Refusal(Exception):
    """An answer that says no."""

    def __init__(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        self.reply = JSONResponse({"error": message or code}, status, headers)
        self.reply.headers["X-Error-Message"] = message or code
        if code:
            self.reply.headers["X-Error-Code"] = code


class Hub:
    """What the server knows.

    fault: given a request, an answer in place of the real one, or None; loses: whether it does what a request asks but
    answers with a failure.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}  # by kind and name, as in models/alice/digits
        self.seen: list[str] = []
        self.fault: Callable[[Request], Response | None] = lambda request: None
        self.loses: Callable[[Request], bool] = lambda request: False
        self.url = ""

    def add(self, name: str, files: dict[str, bytes], private: bool = False, gated: bool = False) -> Repo:
        """A model repository with these files, as if someone had pushed them."""
        repo = self.repos[f"models/{name}"] = Repo(private, gated)
        repo.commit(files, "by hand")
        return repo

    def model(self, name: str) -> Repo:
        return self.repos[f"models/{name}"]

    def who(self, request: Request) -> tuple[str, bool]:
        """(name, may write) of the token; ("", False) without one."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in USERS:
            raise Refusal(401, message="Invalid credentials in Authorization header")
        return USERS.get(token, ("", False))

    def read(self, request: Request, key: str) -> Repo:
        user, _ = self.who(request)
        repo = self.repos.get(key)
        if repo is None or (repo.private and key.split("/")[1] != user):
            raise Refusal(404 if user else 401, "RepoNotFound", "Repository not found")
        return repo

    def write(self, request: Request, key: str) -> Repo:
        repo, (user, may) = self.read(request, key), self.who(request)
        if not may or key.split("/")[1] != user:
            raise Refusal(403, message="You don't have the rights to write here")
        return repo


def blob(content: bytes) -> str:
    """The id that git, and so the Hub, gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def broken_off(request: Request) -> Response:
    """An answer that promises more than it sends before the connection closes."""

    def part() -> Iterator[bytes]:
        yield b"{"
        raise ConnectionResetError("as wanted")

    return StreamingResponse(part(), headers={"Content-Length": "1000"})


def application(hub: Hub) -> FastAPI:
    """The endpoints."""
    app = FastAPI()
    at = "/api/{kind}/{user}/{name}"

    @app.middleware("http")
    async def watch(request: Request, call_next):
        if request.url.path != CHATTER:
            hub.seen.append(f"{request.method} {request.url.path}")
        fault = await asyncio.to_thread(hub.fault, request)
        reply = fault or await call_next(request)
        return Response("", 504) if hub.loses(request) else reply

    @app.exception_handler(Refusal)
    async def refuse(request: Request, refusal: Refusal):
        return refusal.reply

    @app.get("/api/whoami-v2")
    def whoami(request: Request):
        user, may = hub.who(request)
        if not user:
            raise Refusal(401, message="Invalid username or password.")
        return {"type": "user", "name": user, "auth": {"accessToken": {"role": "write" if may else "read"}}}

    @app.post("/api/repos/create")
    async def create(request: Request):
        body = await request.json()
        user, may = hub.who(request)
        owner = body.get("organization") or user
        key = f"{body.get('type') or 'model'}s/{owner}/{body['name']}"
        answer = {"url": f"{hub.url}/{owner}/{body['name']}"}
        if not may or owner != user:
            raise Refusal(403 if user else 401, message=f"You don't have the rights to create under {owner}")
        if key in hub.repos:
            return JSONResponse(answer | {"error": "You already created this model repo"}, 409)
        hub.repos[key] = Repo(body.get("visibility") == "private" or bool(body.get("private")))
        return answer

    @app.post("/api/validate-yaml")
    async def validate(request: Request):
        text = (await request.json())["content"]
        matter = yaml.safe_load(text.split("---\n")[1])
        bad = [] if isinstance(matter, dict) and matter.get("license") else [{"message": "no license"}]
        return JSONResponse({"errors": bad, "warnings": []}, 400 if bad else 200)

    @app.get(at + "/auth-check/write")
    def auth(request: Request, kind: str, user: str, name: str):
        hub.write(request, f"{kind}/{user}/{name}")
        return {}

    @app.get(at)
    @app.get(at + "/revision/{revision:path}")
    def info(request: Request, kind: str, user: str, name: str, revision: str = "main"):
        repo = hub.read(request, f"{kind}/{user}/{name}")
        commit = repo.find(revision)
        if commit is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        files = [
            {"rfilename": path, "size": len(content), "blobId": blob(content)}
            for path, content in repo.commits[commit].items()
        ]
        return {"id": f"{user}/{name}", "sha": commit, "private": repo.private, "siblings": files}

    @app.get(at + "/commits/{revision:path}")
    def history(request: Request, kind: str, user: str, name: str, revision: str):
        repo = hub.read(request, f"{kind}/{user}/{name}")
        told = {"authors": [], "date": "2026-01-01T00:00:00.000Z", "message": ""}
        newest_first = reversed(list(zip(repo.commits, repo.messages, strict=True)))
        return [{"id": oid, "title": message, **told} for oid, message in newest_first]

    @app.post(at + "/preupload/{revision:path}")
    async def preupload(request: Request, kind: str, user: str, name: str, revision: str):
        repo, body = hub.write(request, f"{kind}/{user}/{name}"), await request.json()
        have = repo.commits[repo.find(revision)]
        return {
            "files": [
                {
                    "path": f["path"],
                    "uploadMode": "regular",
                    "shouldIgnore": False,
                    "oid": blob(have[f["path"]]) if f["path"] in have else None,
                }
                for f in body["files"]
            ]
        }

    @app.post(at + "/commit/{revision:path}")
    async def commit(request: Request, kind: str, user: str, name: str, revision: str):
        repo = hub.write(request, f"{kind}/{user}/{name}")
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        header, files = lines[0]["value"], dict(repo.commits[repo.branches[revision]])
        if header.get("parentCommit") not in (None, repo.branches[revision]):
            raise Refusal(412, message="A commit has happened since. Please refresh and try again.")
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "deletedFile":
                del files[value["path"]]
            else:
                files[value["path"]] = base64.b64decode(value["content"])
        oid = repo.commit(files, header["summary"], revision)
        return {"success": True, "commitOid": oid, "commitUrl": f"{hub.url}/{user}/{name}/commit/{oid}"}

    @app.post(at + "/{what}/{revision:path}")
    async def name_it(request: Request, kind: str, user: str, name: str, what: str, revision: str):
        repo, body = hub.write(request, f"{kind}/{user}/{name}"), await request.json()
        names = {"tag": repo.tags, "branch": repo.branches}[what]
        new = body["tag"] if what == "tag" else revision
        if new in names:
            raise Refusal(409, message=f"{what} {new} exists already")
        names[new] = repo.find(revision if what == "tag" else body.get("startingPoint", "main"))
        return {}

    @app.api_route("/{user}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
    def resolve(request: Request, user: str, name: str, revision: str, path: str):
        repo = hub.read(request, f"models/{user}/{name}")
        if repo.gated:
            raise Refusal(403, "GatedRepo", "Access to this model is restricted")
        commit = repo.find(revision)
        if commit is None:
            raise Refusal(404, "RevisionNotFound")
        if path not in repo.commits[commit]:
            raise Refusal(404, "EntryNotFound")
        content = repo.commits[commit][path]
        headers = {"X-Repo-Commit": commit, "ETag": f'"{blob(content)}"', "Content-Length": str(len(content))}
        return Response(b"" if request.method == "HEAD" else content, headers=headers)

    return app


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of loopback; `hub.url` says which."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    hub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(application(hub), timeout_keep_alive=600, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield hub
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
