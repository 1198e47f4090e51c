"""The class server: standalone Voilà, with our own doors.

Of Voilà it keeps the renderer, the kernel manager that lets widget traffic through and nothing
else, and the scripts of its page. Its trees, files, contents and its shutdown on leaving a page
are not offered. Catalogue, benches and the record are ours.
"""

import asyncio
import contextlib
import logging
import logging.handlers
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import tornado.web
from jinja2 import Environment, FileSystemLoader
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from tornado.httpserver import HTTPServer
from tornado.log import access_log
from traitlets import Type
from traitlets.config import Config
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.utils import get_page_config, get_voila_labextensions_path

from engine.errors import Refusal
from voila_apps.admission import FORKED_BYTES, LAUNCHED_BYTES, usual_limit
from voila_apps.backups import Backups
from voila_apps.benches import (
    BENCHES_PER_SEAT,
    IDLE_SECONDS,
    Bench,
    Benches,
    BenchRenderer,
    kernel_command,
    kernel_environment,
)
from voila_apps.catalogue import Catalogue, code_stamp
from voila_apps.classroom.ahead import Ahead
from voila_apps.classroom.doors import doors as classroom_doors
from voila_apps.classroom.limits import DoorLimits
from voila_apps.classroom.room import Classroom
from voila_apps.deployment.doors import Beside, Doors, leaflets
from voila_apps.deployment.leaflets import certificate_names
from voila_apps.deployment.logs import keep_small, open_log
from voila_apps.gate import KERNEL_ID, PASSING, EndBench, OwnChannels, OwnKernel, SeatIdentity, close_strangers
from voila_apps.home import DataFolder, shipped_scenarios
from voila_apps.listening import reachable, shown
from voila_apps.nursery.lifeline import supported
from voila_apps.nursery.nursery import Nursery, stamp_once_in
from voila_apps.nursery.provisioner import NAME as PROVISIONER
from voila_apps.nursery.provisioner import register as register_provisioner
from voila_apps.occupancy import occupied
from voila_apps.pages import CataloguePage, LabPage, NotFound, QueueState, StartAgain
from voila_apps.record import DocumentsRequest, Health, RunRequest, SnapshotRequest
from voila_apps.shelves import Shelf, ShelfHandler
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore, draw_key
from voila_apps.teacher.doors import doors as teacher_doors
from voila_apps.teacher.doors import furnish
from voila_apps.upkeep import Upkeep

TEMPLATES = Path(__file__).resolve().parent / "template"
BODY_BYTES = 18 * 1024 * 1024  # of a post; a snapshot is the largest
SOCKET_MESSAGE_BYTES = 1024 * 1024  # from a browser: clicks and numbers
SOCKET_SETTINGS = {
    "websocket_max_message_size": SOCKET_MESSAGE_BYTES,
    "ws_ping_interval": 20_000,
    "ws_ping_timeout": 60_000,  # more than one interval: the first look comes before the first ping
}
EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
    "jupyter-threejs",
    "jupyterlab-datawidgets",
]


@dataclass(frozen=True)
class Serving:
    """How to serve: where to listen, where to keep things, how many benches."""

    folder: DataFolder
    host: str = "127.0.0.1"
    benches: int = 0  # 0: as many as the machine's memory allows
    shipped: Path | None = None
    idle_minutes: float = IDLE_SECONDS / 60  # a bench that nobody looks at for so long is cleared
    backups: int = 30  # days of which one is kept; 0 makes none
    retention: int = 0  # days after which a run that is over is erased; 0 keeps all
    classroom: bool = False  # seats, lessons and a teacher's login instead of guests
    doors: Doors = field(default_factory=Doors)


class OneKernelSpec(KernelSpecManager):
    """This Python and nothing else, whatever kernels are installed on the machine."""

    nursery: Nursery | None = None  # where its kernels come from

    def find_kernel_specs(self) -> dict[str, str]:
        """The only kernel."""
        return {"python3": tempfile.gettempdir()}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """How to start it."""
        if kernel_name != "python3":
            raise NoSuchKernel(kernel_name)
        spec = KernelSpec(argv=kernel_command(), display_name="Python 3", language="python")
        if self.nursery is not None:
            spec.metadata = {
                "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": {"nursery": self.nursery}}
            }
        return spec


class ClassServer(Voila):
    """Voilà's application with our handlers, our seats and our template."""

    identity_provider_class = Type(default_value=SeatIdentity, klass=SeatIdentity)

    def __init__(self, serving: Serving, **traits: Any) -> None:
        super().__init__(config=_config(), log_level=logging.WARNING, open_browser=False, **traits)
        self.serving = serving
        self.folder = serving.folder
        self.closing: asyncio.Event | None = None
        self.ahead: Ahead | None = None

    def initialize(self, argv: list[str] | None = None) -> None:
        """Settings are ours alone: no configuration file of the machine is read."""
        self._init_asyncio_patch()
        self.voila_configuration = VoilaConfiguration(parent=self)
        self.template_paths = [str(TEMPLATES / "bench")]
        self.root_dir = str(self.folder.root)

    def init_settings(self) -> dict[str, Any]:
        """Voilà's settings, with the store, the catalogue and the benches among them."""
        secret = self.folder.secret()
        self.cookie_secret = draw_key(secret, "cookies", "", 0)
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.allowed_message_types = PASSING
        self.kernel_manager.start_watching_activity = self._watch_no_activity
        self.store = RecordStore(self.folder.record, secret)
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="record")
        self.spool = SpoolFolder(self.folder.spool, secret)
        serving = self.serving
        kept = Backups(self.folder, serving.backups) if serving.backups else None
        self.upkeep = Upkeep(self.store, self.spool, self.in_writer, kept, serving.retention)
        self.benches = Benches(self.kernel_manager, self.store, self.renderer, self.in_writer,
                               limit=serving.benches or _cap(), spool=self.spool, complaints=self.complaints,
                               per_seat=1 if serving.classroom else BENCHES_PER_SEAT,
                               idle_seconds=serving.idle_minutes * 60.0)  # fmt: skip
        self.sockets: set[OwnChannels] = set()
        settings |= {"sockets": self.sockets, "limits": DoorLimits()}
        settings |= {"store": self.store, "writer": self.writer, "benches": self.benches, "version": wanxiang_version()}
        self.nursery = self._nursery()
        settings |= {"spool": self.spool, "upkeep": self.upkeep, "nursery": self.nursery}
        settings |= self._catalogue_settings() | SOCKET_SETTINGS | self._classroom_settings()
        if settings["classroom"] is not None:
            settings |= furnish(settings, settings["classroom"], self.serving.host)
        settings |= self._leaflet_settings()
        settings |= {"default_handler_class": NotFound, "log_function": _log_request}
        self._stock_shelves(settings)
        return settings

    def _watch_no_activity(self, kernel_id: str) -> None:
        """Jupyter would take every frame apart once more, to cull idle kernels; benches have their own way."""
        kernel = self.kernel_manager.get_kernel(kernel_id)
        kernel.execution_state, kernel.last_activity = "idle", datetime.now(UTC)

    def _leaflet_settings(self) -> dict[str, Any]:
        """What tablets are told about the certificate."""
        opened = self.serving.doors
        return {"authority": opened.authority, "certificate_names": certificate_names(opened.certificate),
                "certificate_state": opened.state}

    def _nursery(self) -> Nursery:
        """Where kernels are forked; opened once the server listens."""
        shipped, environment = self.serving.shipped or shipped_scenarios(), kernel_environment(self.connection_dir)
        stamp = stamp_once_in(1.0, code_stamp)
        nursery = Nursery(Path(self.connection_dir), environment, shipped, self.complaints, stamp)
        register_provisioner()
        self.kernel_spec_manager.nursery = nursery
        return nursery

    def _catalogue_settings(self) -> dict[str, Any]:
        """The catalogue of both folders, and the templates that show it."""
        kept, environment = self.folder.root / "cards.json", kernel_environment(str(self.folder.root))
        shelf = Catalogue(self.serving.shipped or shipped_scenarios(), self.folder.scenarios, kept, environment)
        loader = FileSystemLoader(TEMPLATES)
        templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self.catalogue = shelf
        return {"catalogue": shelf, "templates": templates}

    def _classroom_settings(self) -> dict[str, Any]:
        """Seats and lessons, where there are such."""
        if not self.serving.classroom:
            return {"classroom": None, "lessons": None}
        room = Classroom(self.folder, self.store, asyncio.get_running_loop().call_soon_threadsafe)
        room.seating.on_change(lambda seat: close_strangers(self.sockets))
        self.ahead = Ahead(self.benches, room, self.catalogue)
        return {"classroom": room, "lessons": room.lessons}

    def _stock_shelves(self, settings: dict[str, Any]) -> None:
        """What browsers may fetch, and the page configuration that tells Voilà's script where it lies."""
        extensions = [Path(path) for path in get_voila_labextensions_path()]
        found = {
            name: next((path / name for path in extensions if (path / name / "package.json").is_file()), None)
            for name in EXTENSIONS
        }
        missing = [name for name, path in found.items() if path is None]
        if missing:
            raise Refusal(
                "A part of the student's page is missing: {parts}. Install Wanxiang again.", parts=", ".join(missing)
            )
        self.shelves = {
            "own_shelf": Shelf("/static/own", [TEMPLATES / "static"]),
            "picture_shelf": Shelf("/static/pictures", [_pictures()]),
            "script_shelf": Shelf("/static/voila", [_voila_scripts()]),
            "extension_shelf": Shelf(
                "/static/extensions",
                sorted({path.parents[len(Path(name).parts) - 1] for name, path in found.items() if path}),
                names=EXTENSIONS,
            ),
        }
        settings |= self.shelves
        config = get_page_config(
            base_url="/", settings=settings, log=self.log, voila_configuration=self.voila_configuration
        )
        self.page_config = config | {
            "fullStaticUrl": self.shelves["script_shelf"].address,
            "fullLabextensionsUrl": self.shelves["extension_shelf"].address,
            "fullMathjaxUrl": self.shelves["own_shelf"].url("no-mathjax.js"),
            "mathjaxConfig": "none",
        }

    def init_handlers(self) -> list[Any]:
        """Every door there is."""
        return [
            (r"/", CataloguePage),
            (r"/lab/([^/]+)", LabPage),
            (r"/lab/([^/]+)/again", StartAgain),
            (r"/queue/state", QueueState),
            *leaflets(),
            (r"/health", Health),
            (r"/api/run", RunRequest),
            (r"/api/documents", DocumentsRequest),
            (r"/api/snapshot", SnapshotRequest),
            (rf"/api/kernels/{KERNEL_ID}", OwnKernel),
            (rf"/api/kernels/{KERNEL_ID}/channels", OwnChannels),
            (rf"/voila/api/shutdown/{KERNEL_ID}", EndBench),
            *classroom_doors(),
            *teacher_doors(),
            *[(shelf.route, ShelfHandler, {"shelf": shelf}) for shelf in self.shelves.values()],
        ]

    def renderer(self, bench: Bench) -> BenchRenderer:
        """Voilà's renderer for one bench."""
        return BenchRenderer(
            voila_configuration=self.voila_configuration,
            traitlet_config=self.config,
            template_paths=self.template_paths,
            notebook_path=str(bench.scenario.path),
            base_url="/",
            contents_manager=self.contents_manager,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config=self.page_config,
        )

    async def in_writer(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something in the one thread that writes to the record."""
        return await asyncio.get_running_loop().run_in_executor(self.writer, work, *arguments)

    def run(self, sockets: list[socket.socket], announce: Callable[[str], None]) -> None:
        """Serve until told to stop. `announce` is called with the address once it can be opened."""
        self.initialize()
        with (
            contextlib.suppress(KeyboardInterrupt),
            occupied(self.folder.root),
            _log_file(self.folder.log, self.log),
            open_log(self.folder.kernel_log) as self.complaints,
        ):
            asyncio.run(self._serve(sockets, announce))

    async def _serve(self, sockets: list[socket.socket], announce: Callable[[str], None]) -> None:
        self.closing = asyncio.Event()
        with tempfile.TemporaryDirectory(prefix="wanxiang-") as connections:
            self.connection_dir = connections
            self.app = tornado.web.Application(**self.init_settings())
            self.app.add_handlers(".*$", self.init_handlers())
            opened = self.serving.doors
            server = HTTPServer(self.app, max_body_size=BODY_BYTES, max_header_size=32 * 1024,
                                ssl_options=opened.context())
            server.add_sockets(sockets)
            self.port = sockets[0].getsockname()[1]
            beside = opened.open_beside(self.init_handlers(), self.app.settings, self.port)
            self.benches.address = beside.kernels or f"http://{reachable(self.serving.host)}:{self.port}"
            self.nursery.open()
            await self.upkeep.begin()
            tasks = [asyncio.create_task(work) for work in (
                self.benches.sweep_forever(), self.upkeep.go_on(), keep_small(self.folder.kernel_log))]
            if "walls" in self.app.settings:
                tasks.append(asyncio.create_task(self.app.settings["walls"].run_forever()))
            _on_signals(self.closing.set)
            if self.ahead is not None:
                self.ahead.take_up()
            announce(f"{opened.scheme}://{shown(self.serving.host)}:{self.port}/")
            try:
                await self.closing.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await self._close(server, beside)

    async def _close(self, server: HTTPServer, beside: Beside) -> None:
        """Kernels first, while they can still deliver what they recorded; then the doors, then the record."""
        if self.ahead is not None:
            self.ahead.close()
        await self.benches.clear_all()
        await self.nursery.close()
        if "clerk" in self.app.settings:
            await self.app.settings["clerk"].close()
        server.stop()
        beside.close()
        await self.in_writer(self.spool.take_up, self.store)
        self.writer.shutdown()
        self.store.close()


def _cap() -> int:
    """How many benches there are when nobody says: forked ones are light."""
    return usual_limit(FORKED_BYTES if supported() else LAUNCHED_BYTES)


def wanxiang_version() -> str:
    """The installed version, or "checkout"."""
    try:
        return version("wanxiang")
    except PackageNotFoundError:
        return "checkout"


def _config() -> Config:
    """What standalone Voilà is told: one template, no override from an address, quiet kernels that stay dead."""
    return Config(
        {
            "VoilaConfiguration": {
                "template": "bench",
                "theme": "light",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "show_tracebacks": False,
                "strip_sources": True,
                "extension_allowlist": EXTENSIONS,
                "file_allowlist": [],
                "kernel_spec_manager_class": OneKernelSpec,
                "http_keep_alive_timeout": 3600,
            },
            "KernelRestarter": {"restart_limit": 0, "time_to_dead": 1.0},
            "ZMQChannelsWebsocketConnection": {"limit_rate": False},
            "MappingKernelManager": {"buffer_offline_messages": False},
            # Sockets in a folder of this user alone, where there are such: others on the machine cannot listen in.
            "KernelManager": {"shutdown_wait_time": 2.0} | ({"transport": "ipc"} if sys.platform != "win32" else {}),
            "VoilaExecutor": {"timeout": 120},
        }
    )


def _on_signals(close: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, close)
        except NotImplementedError:  # Windows: its loop has none
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(close))


@contextlib.contextmanager
def _log_file(path: Path, application: logging.Logger) -> Iterator[None]:
    """Everything worth keeping goes to a file that is rotated; the terminal keeps the address alone."""
    logging.raiseExceptions = False  # a full disk must not make every line of the log a traceback on the terminal
    keeper = logging.handlers.RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    keeper.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    keeper.setLevel(logging.INFO)
    root, jupyter = logging.getLogger(), logging.getLogger("tornado")
    root.handlers[:] = [keeper]
    application.handlers[:] = []
    application.propagate = True
    jupyter.setLevel(logging.WARNING)
    try:
        yield
    finally:
        keeper.close()


def _log_request(handler: tornado.web.RequestHandler) -> None:
    """Requests that failed on our side; the rest would only fill the disk."""
    if handler.get_status() >= 500 and handler.get_status() != 503:
        access_log.warning(
            "%d %s %s (%.0f ms)",
            handler.get_status(),
            handler.request.method,
            handler.request.path,
            1e3 * handler.request.request_time(),
        )


def _voila_scripts() -> Path:
    """The folder with Voilà's page script and its chunks."""
    for root in [Path(sys.prefix) / "share" / "jupyter", *_jupyter_roots()]:
        folder = root / "voila" / "templates" / "base" / "static"
        if (folder / "voila.js").is_file():
            return folder
    raise Refusal("A part of the student's page is missing: {parts}. Install Wanxiang again.", parts="voila.js")


def _jupyter_roots() -> list[Path]:
    from jupyter_core.paths import jupyter_path

    return [Path(path) for path in jupyter_path()]


def _pictures() -> Path:
    import labs

    return Path(next(iter(labs.__path__))) / "pictures"
