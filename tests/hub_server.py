"""A Hub on loopback: enough of its protocol for the real huggingface_hub client to push, list, tag and download.

Repositories live in memory. `Hub.seen` has every request; `Hub.fault` may answer in place of the Hub, so that tests
can make it slow, broken, limited or gone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import yaml
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

ALICE, READER, BOB, NOBODY = "hf_alice", "hf_alice_reads", "hf_bob", "hf_forged"  # NOBODY is a token of no one
STATISTICS = "/api/agent-harnesses"  # the client asks this for its own purposes, once a day
USERS = {ALICE: ("alice", True), READER: ("alice", False), BOB: ("bob", True)}  # token -> name, may write


@dataclass
class Repo:
    """One repository: commits in order, each with all its files; branches and tags that name commits."""

    private: bool = False
    gated: bool = False
    sdk: str | None = None  # of a Space
    hardware: str | None = None
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, "initial commit")

    def commit(self, files: dict[str, bytes], message: str, branch: str = "main") -> str:
        """Make these files the newest state of the branch; return the commit."""
        parent = self.branches.get(branch, "")
        oid = hashlib.sha1(repr((parent, message, len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[oid], self.branches[branch] = dict(files), oid
        self.messages.append(message)
        return oid

    def find(self, revision: str) -> str:
        """Return the commit of a branch, a tag or a commit; Refusal if there is none."""
        commit = self.branches.get(revision) or self.tags.get(revision) or revision
        if commit not in self.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    @property
    def head(self) -> str:
        return self.branches["main"]

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[self.head]


class Refusal(Exception):
    """An answer that refuses a request."""

    def __init__(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        self.reply = JSONResponse({"error": message or code}, status, headers)
        self.reply.headers["X-Error-Message"] = message or code
        if code:
            self.reply.headers["X-Error-Code"] = code


class Hub:
    """The state of the server.

    fault: given a request, an answer in place of the real one, or None. loses: whether the server does what a request
    asks but answers with a failure.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}  # by kind and name, as in models/alice/digits
        self.seen: list[str] = []
        self.fault: Callable[[Request], Response | None] = lambda request: None
        self.loses: Callable[[Request], bool] = lambda request: False
        self.url = ""

    def add(self, name: str, files: dict[str, bytes], private: bool = False, gated: bool = False) -> Repo:
        """Create a model repository with these files."""
        repo = self.repos[f"models/{name}"] = Repo(private, gated)
        repo.commit(files, "by hand")
        return repo

    def add_dataset(self, name: str, files: dict[str, bytes]) -> Repo:
        """Create a repository of a data set with these files."""
        repo = self.repos[f"datasets/{name}"] = Repo()
        repo.commit(files, "by hand")
        return repo

    def model(self, name: str) -> Repo:
        return self.repos[f"models/{name}"]

    def who(self, request: Request) -> tuple[str, bool]:
        """Return (name, may write) of the token; ("", False) without one."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in USERS:
            raise Refusal(401, message="Invalid credentials in Authorization header")
        return USERS.get(token, ("", False))

    def read(self, request: Request, key: str) -> Repo:
        """Return the repository; Refusal for someone who may not read it."""
        user, _ = self.who(request)
        repo = self.repos.get(key)
        if repo is None or (repo.private and key.split("/")[1] != user):
            raise Refusal(404 if user else 401, "RepoNotFound", "Repository not found")
        return repo

    def write(self, request: Request, key: str) -> Repo:
        """Return the repository; Refusal for someone who may not write to it."""
        repo, (user, may) = self.read(request, key), self.who(request)
        if not may or key.split("/")[1] != user:
            raise Refusal(403, message="You don't have the rights to write here")
        return repo


def blob(content: bytes) -> str:
    """Return the id that git, and so the Hub, gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def broken_off(request: Request) -> Response:
    """Answer with less than is promised before the connection closes."""

    def part() -> Iterator[bytes]:
        yield b"{"
        raise ConnectionResetError("as wanted")

    return StreamingResponse(part(), headers={"Content-Length": "1000"})


# The endpoints. Each is a function of its own; the state is that of the application.

routes = APIRouter()
REPO = "/api/{kind}/{user}/{name}"


def hub_of(request: Request) -> Hub:
    return request.app.state.hub


def key_of(request: Request) -> str:
    """Return the key in `Hub.repos` of the repository that the address names."""
    return "{kind}/{user}/{name}".format(**request.path_params)


@routes.get("/api/whoami-v2")
def whoami(request: Request) -> dict[str, Any]:
    user, may = hub_of(request).who(request)
    if not user:
        raise Refusal(401, message="Invalid username or password.")
    return {"type": "user", "name": user, "auth": {"accessToken": {"role": "write" if may else "read"}}}


@routes.post("/api/repos/create")
async def create(request: Request) -> JSONResponse:
    hub, body = hub_of(request), await request.json()
    user, may = hub.who(request)
    owner = body.get("organization") or user
    key = f"{body.get('type') or 'model'}s/{owner}/{body['name']}"
    answer = {"url": f"{hub.url}/{owner}/{body['name']}"}
    if not may or owner != user:
        raise Refusal(403 if user else 401, message=f"You don't have the rights to create under {owner}")
    if key in hub.repos:
        return JSONResponse(answer | {"error": "You already created this model repo"}, 409)
    private = body.get("visibility") == "private" or bool(body.get("private"))
    hub.repos[key] = Repo(private, sdk=body.get("sdk"), hardware=body.get("hardware"))
    return JSONResponse(answer)


@routes.post("/api/{kind}/{user}/{name}/hardware")
async def hardware(request: Request) -> dict[str, Any]:
    repo, body = hub_of(request).write(request, key_of(request)), await request.json()
    repo.hardware = body["flavor"]
    chosen = {"current": None, "requested": repo.hardware}
    return {"stage": "BUILDING", "hardware": chosen, "storage": None, "gcTimeout": None, "replicas": {}}


@routes.post("/api/validate-yaml")
async def validate(request: Request) -> JSONResponse:
    text = (await request.json())["content"]
    matter = yaml.safe_load(text.split("---\n")[1])
    bad = [] if isinstance(matter, dict) and matter.get("license") else [{"message": "no license"}]
    return JSONResponse({"errors": bad, "warnings": []}, 400 if bad else 200)


@routes.get(REPO + "/auth-check/write")
def auth_check(request: Request) -> dict[str, Any]:
    hub_of(request).write(request, key_of(request))
    return {}


@routes.get(REPO)
@routes.get(REPO + "/revision/{revision:path}")
def info(request: Request, user: str, name: str, revision: str = "main") -> dict[str, Any]:
    repo = hub_of(request).read(request, key_of(request))
    commit = repo.find(revision)
    files = [
        {"rfilename": path, "size": len(content), "blobId": blob(content)}
        for path, content in repo.commits[commit].items()
    ]
    return {"id": f"{user}/{name}", "sha": commit, "private": repo.private, "siblings": files}


@routes.get(REPO + "/commits/{revision:path}")
def history(request: Request, revision: str) -> list[dict[str, Any]]:
    repo = hub_of(request).read(request, key_of(request))
    rest: dict[str, Any] = {"authors": [], "date": "2026-01-01T00:00:00.000Z", "message": ""}
    newest_first = reversed(list(zip(repo.commits, repo.messages, strict=True)))
    return [{"id": oid, "title": message, **rest} for oid, message in newest_first]


@routes.post(REPO + "/preupload/{revision:path}")
async def preupload(request: Request, revision: str) -> dict[str, Any]:
    repo, body = hub_of(request).write(request, key_of(request)), await request.json()
    have = repo.commits[repo.find(revision)]

    def upload(path: str) -> dict[str, Any]:
        oid = blob(have[path]) if path in have else None
        return {"path": path, "uploadMode": "regular", "shouldIgnore": False, "oid": oid}

    return {"files": [upload(f["path"]) for f in body["files"]]}


@routes.post(REPO + "/commit/{revision:path}")
async def commit(request: Request, user: str, name: str, revision: str) -> dict[str, Any]:
    hub = hub_of(request)
    repo = hub.write(request, key_of(request))
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


@routes.post(REPO + "/tag/{revision:path}")
async def tag(request: Request, revision: str) -> dict[str, Any]:
    repo, body = hub_of(request).write(request, key_of(request)), await request.json()
    return name_commit(repo.tags, body["tag"], repo.find(revision))


@routes.post(REPO + "/branch/{new:path}")
async def branch(request: Request, new: str) -> dict[str, Any]:
    repo, body = hub_of(request).write(request, key_of(request)), await request.json()
    return name_commit(repo.branches, new, repo.find(body.get("startingPoint", "main")))


def name_commit(names: dict[str, str], new: str, commit: str) -> dict[str, Any]:
    if new in names:
        raise Refusal(409, message=f"{new} exists already")
    names[new] = commit
    return {}


@routes.get(REPO + "/tree/{revision}")
@routes.get(REPO + "/tree/{revision}/{folder:path}")
def tree(request: Request, revision: str, folder: str = "") -> list[dict[str, Any]]:
    repo = hub_of(request).read(request, key_of(request))
    files, start = repo.commits[repo.find(revision)], f"{folder}/" if folder else ""
    inside = {path: content for path, content in files.items() if path.startswith(start)}
    if folder and not inside:
        raise Refusal(404, "EntryNotFound")
    if request.query_params.get("recursive", "").lower() == "true":
        return [entry(path, content) for path, content in inside.items()]
    return list({e["path"]: e for e in (entry(path, c, len(start)) for path, c in inside.items())}.values())


@routes.post(REPO + "/paths-info/{revision}")
async def paths_info(request: Request, revision: str) -> list[dict[str, Any]]:
    repo = hub_of(request).read(request, key_of(request))
    files = repo.commits[repo.find(revision)]
    body = await request.json() if "json" in request.headers.get("content-type", "") else await request.form()
    wanted = body["paths"] if isinstance(body, dict) else body.getlist("paths")
    folders = [f for f in wanted if any(path.startswith(f"{f}/") for path in files)]
    return [entry(path, files[path]) for path in wanted if path in files] + [
        {"type": "directory", "path": f, "oid": blob(f.encode())} for f in folders
    ]


def entry(path: str, content: bytes, after: int | None = None) -> dict[str, Any]:
    """Return what a listing tells of a file; of the folder that holds it below `after` characters, if there is one."""
    if after is not None and (slash := path.find("/", after)) >= 0:
        return {"type": "directory", "path": path[:slash], "oid": blob(path[:slash].encode())}
    return {"type": "file", "path": path, "size": len(content), "oid": blob(content)}


@routes.api_route("/{kind}/{user}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
def resolve_of_kind(request: Request, kind: str, user: str, name: str, revision: str, path: str) -> Response:
    repo = hub_of(request).read(request, f"{kind}/{user}/{name}")
    reply = file_reply(request, repo, revision, path)
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if asked and request.method == "GET":
        whole = repo.commits[repo.find(revision)][path]
        end = min(int(asked[2] or len(whole)), len(whole) - 1)
        part = whole[int(asked[1]) : end + 1]
        return Response(part, 206, {"Content-Range": f"bytes {asked[1]}-{end}/{len(whole)}", "Accept-Ranges": "bytes"})
    return reply


@routes.api_route("/{user}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
def resolve(request: Request, user: str, name: str, revision: str, path: str) -> Response:
    return file_reply(request, hub_of(request).read(request, f"models/{user}/{name}"), revision, path)


def file_reply(request: Request, repo: Repo, revision: str, path: str) -> Response:
    if repo.gated:
        raise Refusal(403, "GatedRepo", "Access to this model is restricted")
    commit = repo.find(revision)
    if path not in repo.commits[commit]:
        raise Refusal(404, "EntryNotFound")
    content = repo.commits[commit][path]
    headers = {"X-Repo-Commit": commit, "ETag": f'"{blob(content)}"', "Content-Length": str(len(content))}
    return Response(b"" if request.method == "HEAD" else content, headers=headers)


async def watch(request: Request, call_next: Callable[[Request], Any]) -> Response:
    """Note a request, and answer as `Hub.fault` and `Hub.loses` say."""
    hub = hub_of(request)
    if request.url.path != STATISTICS:
        hub.seen.append(f"{request.method} {request.url.path}")
    fault = await asyncio.to_thread(hub.fault, request)
    reply = fault or await call_next(request)
    return Response("", 504) if hub.loses(request) else reply


async def refuse(request: Request, refusal: Any) -> Response:
    return refusal.reply


def application(hub: Hub) -> FastAPI:
    """Return the server of a Hub."""
    app = FastAPI()
    app.state.hub = hub
    app.include_router(routes)
    app.middleware("http")(watch)
    app.add_exception_handler(Refusal, refuse)
    return app


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of loopback; `hub.url` is the address."""
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
