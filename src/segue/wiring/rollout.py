"""The part that moves a rollout, put together: history, followers, evidence, controller, and people's verbs."""

from __future__ import annotations

import os
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from segue.api.control.routes import RolloutControl
from segue.api.control.stream import RolloutFeed
from segue.config.catalogue_file import read_catalogue
from segue.config.load import load_settings
from segue.config.plan_file import parse_plan
from segue.controller.announcing import Announcer, Archive
from segue.controller.boot import boot
from segue.controller.follower import Follower
from segue.controller.joining import Joining
from segue.controller.ledger import Ledger
from segue.controller.loop import Acting, Controller
from segue.controller.observer import Observer
from segue.controller.overview import Overlook
from segue.controller.plans import PlanShelf
from segue.controller.presence import Presence
from segue.controller.reload import Reloader
from segue.controller.reporting import Reporter
from segue.controller.steering import Steering
from segue.core.assign import Routing
from segue.core.units import ppm_from_percent
from segue.store.open import open_store
from segue.system.clock import SystemEntropy
from segue.system.stopping import told_of_stop
from segue.telemetry.gather import StoredSignals
from segue.telemetry.meter import Pace
from segue.telemetry.promql import PrometheusSignals
from segue.telemetry.publish import Publisher
from segue.wiring.notices import notice_targets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.config.schema import Settings
    from segue.controller.ledger import Snapshot
    from segue.core.plan import Plan
    from segue.ports.clock import Clock
    from segue.ports.signals import Signals
    from segue.service.current import Current
    from segue.telemetry.meter import Meter
    from segue.telemetry.standing import RolloutExporter

    Told = Callable[[Current], None]
    """Hears of every routing that this replica takes."""


class Rollout:
    """One rollout as this replica takes part in it: follows, reports, and, when its turn comes, decides."""

    def __init__(
        self,
        settings: Settings,
        current: Current,
        meter: Meter,
        clock: Clock,
        told: Told,
        exporter: RolloutExporter,
    ) -> None:
        self._current = current
        self._meter = meter
        self._told = told
        self._routing = routing_at_boot(settings)
        self._store = store = open_store(_store_url(settings))
        self._ledger = Ledger(store.events, settings.rollout_id, clock, exporter.moved)
        self._shelf = PlanShelf(store.events, clock)
        self._follower = Follower(self._ledger, store.events, self._take, clock)
        name = _replica_name()
        self._joining = Joining(self._join, clock)
        self._presence = Presence(store.replicas, self._ledger.stream, name, clock)
        series = f"{settings.rollout_id}/units"
        self._publisher = Publisher(meter, store.rows, series, name, clock)
        self._http = httpx.AsyncClient()
        observer = Observer(self._signals(settings, series), store.rows, self._ledger, settings.rollout_id)
        targets = notice_targets(settings, self._http, clock)
        archive = Archive(
            self._ledger, settings.rollout_id, store.leases, store.notes, clock, SystemEntropy().token()
        )
        self._announcer = Announcer(targets, archive, exporter.notified)
        self._controller = Controller(
            Acting(name, settings.controller_lease_s),
            self._ledger,
            self._shelf,
            observer,
            leases=store.leases,
            notes=store.notes,
            clock=clock,
            onlookers=(exporter, self._announcer),
        )
        self._reloader = Reloader(settings.rollout_file, _reread, self._ledger, clock)
        self._overlook = Overlook(self._ledger, self._shelf, store.notes, store.replicas, clock)
        self._steering = Steering(self._ledger, self._shelf, self._follower, store.replicas, clock)
        self.feed = RolloutFeed(self._ledger, self._overlook, clock)
        self.reporter = Reporter(
            settings.rollout_id, self._ledger, self._shelf, store.rows, store.replicas, clock=clock
        )
        self.control = self._control(settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """History first, the controller last; closed in the opposite order."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._store.close)
            stack.push_async_callback(self._http.aclose)
            stack.push_async_callback(self._presence.close)
            stack.push_async_callback(self._follower.close)
            stack.push_async_callback(self._joining.close)
            await self._joining.start()
            self._follower.start()
            self._presence.start()
            stack.push_async_callback(self._publisher.close)
            self._publisher.start()
            stack.push_async_callback(self._reloader.close)
            self._reloader.start()
            stack.push_async_callback(self._announcer.close)
            self._announcer.start()
            stack.push_async_callback(self._controller.close)
            self._controller.start()
            stack.enter_context(told_of_stop(self.feed.stop))
            yield

    def _signals(self, settings: Settings, series: str) -> Signals:
        if settings.prometheus_url:
            url = settings.prometheus_url.get_secret_value()
            return PrometheusSignals(self._http, url, settings.prometheus_selector)
        return StoredSignals(self._store.rows, series)

    def _control(self, settings: Settings) -> RolloutControl:
        catalogue, _ = read_catalogue(settings.profile)
        known = frozenset(catalogue.characters)

        def read_plan(text: str) -> Plan:
            return parse_plan(text, known)

        return RolloutControl(
            self._current, self._ledger, self._steering, self._overlook, catalogue, read_plan, settings.rollout_id
        )

    async def _join(self) -> None:
        await self._store.start()
        await boot(self._ledger, self._routing, actor="environment")
        await self._follower.catch_up()

    async def _take(self, snapshot: Snapshot) -> None:
        """The routing at once; then what the plan says of how to count."""
        self._current.take(snapshot.state.routing, snapshot.revision)
        self._presence.took(snapshot.revision)
        self._told(self._current)
        if snapshot.state.plan is not None:
            statistics = (await self._shelf.get(snapshot.state.plan)).statistics
            self._meter.set_pace(Pace(statistics.slot_s, statistics.unit_window_s))


def _reread() -> Routing:
    return routing_at_boot(load_settings(os.environ).settings)


def _replica_name() -> str:
    """Another for every start: containers on one host may share its name, and each have a process 1,
    and who shares a name shares the lease, and writes over the other's evidence.
    """
    return f"{socket.gethostname()}-{os.getpid()}-{SystemEntropy().token()[:6]}"


def check_store(settings: Settings) -> None:
    """Raises ConfigurationError where no store is understood by its URL, or its driver is missing."""
    open_store(_store_url(settings))


def _store_url(settings: Settings) -> str:
    if settings.store_url:
        return settings.store_url.get_secret_value()
    return f"sqlite:///{settings.data_dir}/segue.db"


def routing_at_boot(settings: Settings) -> Routing:
    return Routing(
        enabled=settings.chirp3_enabled,
        share_ppm=ppm_from_percent(settings.chirp3_rollout_percentage),
        characters=frozenset(settings.chirp3_enabled_characters),
        fallback=settings.chirp3_fallback_to_wavenet,
        salt=settings.rollout_id,
    )
