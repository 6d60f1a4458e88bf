"""Every call that the relay answers, with its path and its name in journal and faults."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from bots.sandbox.batches import Batches
from bots.sandbox.call import Desk, Endpoint, Handler
from bots.sandbox.chat import Chat
from bots.sandbox.completions import Completions
from bots.sandbox.edits import Edits
from bots.sandbox.embeddings import Embeddings
from bots.sandbox.files import Files
from bots.sandbox.filestore import FileStore
from bots.sandbox.hearing import Hearing
from bots.sandbox.images import Images
from bots.sandbox.machine import Machine
from bots.sandbox.models import Catalog
from bots.sandbox.own import Own
from bots.sandbox.progress import Pace
from bots.sandbox.quota import Quota
from bots.sandbox.speech import Speech
from bots.sandbox.tuning import Tuning


class Calls:
    """Makes what the calls share; `jobs` is how fast batches and fine-tuning go."""

    def __init__(self, desk: Desk, machine: Machine, pace_s: float, jobs: Pace) -> None:
        self._desk = desk
        self._machine = machine
        self._jobs = jobs
        self._catalog = Catalog()
        self._store = FileStore(desk.now)
        self._chat = Chat(desk, self._catalog, pace_s)
        self._completions = Completions(desk, self._catalog, pace_s)
        self._embeddings = Embeddings(self._catalog)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            *self._of_text(),
            *self._of_media(),
            *self._of_files(),
            *self._of_batches(),
            *self._of_tuning(),
            *self._of_itself(),
            *self._of_quota(),
        ]

    def _of_text(self) -> Sequence[BaseRoute]:
        return [
            self._post("/v1/chat/completions", "chat", self._chat),
            self._post("/v1/completions", "completion", self._completions),
            self._post("/v1/edits", "edit", Edits(self._catalog)),
            self._post("/v1/embeddings", "embedding", self._embeddings),
        ]

    def _of_media(self) -> Sequence[BaseRoute]:
        images, hearing = Images(self._catalog), Hearing(self._machine, self._catalog)
        return [
            self._post("/v1/images/generations", "images", images.generate),
            self._free("/sandbox/images/{name}.png", "picture", images.fetch),
            self._post("/v1/audio/speech", "speech", Speech(self._machine, self._catalog)),
            self._post("/v1/audio/transcriptions", "transcription", hearing.transcribe),
            self._post("/v1/audio/translations", "translation", hearing.translate),
        ]

    def _of_files(self) -> Sequence[BaseRoute]:
        files = Files(self._store)
        return [
            self._post("/v1/files", "file_upload", files.upload),
            self._free("/v1/files", "file_list", files.listing),
            self._free("/v1/files/{id}", "file_status", files.status),
            self._free("/v1/files/{id}", "file_delete", files.delete, "DELETE"),
            self._free("/v1/files/{id}/content", "file_content", files.content),
        ]

    def _of_batches(self) -> Sequence[BaseRoute]:
        answerers = {
            "/v1/chat/completions": self._chat.answer,
            "/v1/completions": self._completions.answer,
            "/v1/embeddings": self._embeddings.answer,
        }
        batches = Batches(self._desk, self._store, answerers, self._jobs)
        return [
            self._post("/v1/batches", "batch_create", batches.create),
            self._free("/v1/batches", "batch_list", batches.listing),
            self._free("/v1/batches/{id}", "batch_status", batches.status),
            self._free("/v1/batches/{id}/cancel", "batch_cancel", batches.cancel, "POST"),
        ]

    def _of_tuning(self) -> Sequence[BaseRoute]:
        tuning = Tuning(self._desk, self._store, self._catalog, self._jobs)
        path = "/v1/fine_tuning/jobs"
        return [
            self._post(path, "fine_tune_create", tuning.create),
            self._free(path, "fine_tune_list", tuning.listing),
            self._free(f"{path}/{{id}}", "fine_tune_status", tuning.status),
            self._free(f"{path}/{{id}}/cancel", "fine_tune_cancel", tuning.cancel, "POST"),
        ]

    def _of_itself(self) -> Sequence[BaseRoute]:
        own = Own(self._desk, self._catalog)
        return [
            self._free("/v1/models", "models", own.models),
            self._free("/api/user/stat", "stat", own.stat),
        ]

    def _of_quota(self) -> Sequence[BaseRoute]:
        quota = Quota(self._desk.accounts)
        billing = "/v1/dashboard/billing"
        return [
            self._free("/api/usage/token/", "token_usage", quota.token),
            self._free(f"{billing}/subscription", "subscription", quota.subscription),
            self._free(f"{billing}/usage", "billing_usage", quota.usage),
            self._free("/api/status", "status", quota.status),
        ]

    def _post(self, path: str, name: str, handler: Handler) -> Route:
        """A call that needs quota and is counted."""
        return Route(path, Endpoint(name, handler, self._desk), methods=["POST"])

    def _free(self, path: str, name: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, Endpoint(name, handler, self._desk, priced=False), methods=[method])
