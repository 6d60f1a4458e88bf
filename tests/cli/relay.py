"""A small OpenAI-style server, with one key that it takes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

STAT = Path(__file__).parents[1] / "relays/payloads/burnhair/user_stat.json"
KEY = "sk-good-k3y"
MODELS = ("text-embedding-3-small", "tiny-chat", "whisper-1")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]}
        self.answer(json.loads(STAT.read_bytes()) if self.path == "/api/user/stat" else listed)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": f"hello from {asked['model']}"}
        self.answer({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def answer(self, body: dict[str, object]) -> None:
        wanted: str = self.server.key  # type: ignore[attr-defined]
        good = not wanted or self.headers.get("Authorization") == f"Bearer {wanted}"
        content = json.dumps(body if good else {"error": {"message": "bad key"}}).encode()
        self.send_response(200 if good else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def relay(key: str = "") -> Iterator[str]:
    """Its address. With a `key`, every other one gets a 401."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.key = key  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
