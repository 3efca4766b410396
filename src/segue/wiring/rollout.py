"""Builds the rollout half: history, followers, evidence, controller and operator commands."""

from __future__ import annotations

import os
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

from segue.api.control.routes import RolloutControl
from segue.api.control.stream import RolloutFeed
from segue.config.load import load_settings
from segue.config.plan_file import parse_plan
from segue.kernel.assign import Routing
from segue.kernel.shadow_budget import ShadowBudget
from segue.kernel.units import ppm_from_percent
from segue.rollout.controller.announcing import Announcer, Archive
from segue.rollout.controller.boot import boot
from segue.rollout.controller.follower import Follower
from segue.rollout.controller.joining import Joining
from segue.rollout.controller.ledger import Ledger
from segue.rollout.controller.loop import Acting, Controller
from segue.rollout.controller.observer import Judged, Observer
from segue.rollout.controller.overview import StatusReader
from segue.rollout.controller.plans import PlanStore
from segue.rollout.controller.presence import Presence
from segue.rollout.controller.reload import Reloader
from segue.rollout.controller.reporting import Reporter
from segue.rollout.controller.steering import Steering
from segue.rollout.controller.traffic import TrafficLog
from segue.rollout.evidence.gather import StoredSignals
from segue.rollout.evidence.meter import MeterPeriods
from segue.rollout.evidence.promql import PrometheusSignals
from segue.rollout.evidence.publish import Publisher
from segue.rollout.store.open import open_store
from segue.system.clock import SystemEntropy
from segue.system.stopping import told_of_stop
from segue.wiring.notices import notice_client, notice_targets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.access.follower import KeyFollower
    from segue.config.schema import Settings
    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Snapshot
    from segue.rollout.core.plan import Plan
    from segue.rollout.evidence.meter import Meter
    from segue.rollout.evidence.standing import RolloutExporter
    from segue.rollout.ports.signals import Signals
    from segue.rollout.ports.store import Store
    from segue.speech.core.catalogue import Catalogue
    from segue.speech.service.current import Current
    from segue.speech.service.shadow import Shadow
    from segue.wiring.secrets import Secrets

    Told = Callable[[Current], None]
    """Called with every routing that this replica applies."""


class ReplicaFollowers(NamedTuple):
    """What is updated from the store on this replica: routing, the meter, the shadow budget, secrets, keys."""

    current: Current
    meter: Meter
    shadow: Shadow
    told: Told
    secrets: Secrets
    keys: KeyFollower


class Voices(NamedTuple):
    """What the rollout compares: the catalogue, and the fingerprint of its voices and engines."""

    catalogue: Catalogue
    fingerprint: str


class Rollout:
    """This replica's part in a rollout: follows the history, reports, and decides while it holds the lease."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        following: ReplicaFollowers,
        clock: Clock,
        exporter: RolloutExporter,
        *,
        voices: Voices,
    ) -> None:
        self._following = following
        self._store = store
        self._ledger = Ledger(store.events, settings.rollout_id, clock, exporter.moved)
        self._plan_store = PlanStore(store.events, clock)
        self._follower = Follower(self._ledger, store.events, self._take, clock, following.keys.store_changed)
        name = _replica_name()
        self._joining = Joining(self._join, clock)
        self._presence = Presence(store.replicas, self._ledger.stream, name, clock)
        series = f"{settings.rollout_id}/units"
        self._publisher = Publisher(following.meter, store.rows, series, name, clock)
        self._clients: list[httpx.AsyncClient] = []
        judged = Judged(settings.rollout_id, voices.fingerprint)
        observer = Observer(self._signals(settings, series), store.rows, self._ledger, judged, clock)
        notices = notice_client(settings)
        self._clients += [] if notices is None else [notices]
        targets = notice_targets(settings, notices, clock)
        archive = Archive(
            self._ledger, settings.rollout_id, store.leases, store.notes, clock, SystemEntropy().token()
        )
        self._announcer = Announcer(targets, archive, exporter.notified)
        self._controller = Controller(
            Acting(name, settings.controller_lease_s),
            self._ledger,
            self._plan_store,
            observer,
            leases=store.leases,
            notes=store.notes,
            clock=clock,
            status_listeners=(exporter, self._announcer),
        )
        self._reloader = Reloader(
            settings.rollout_file, _reread, self._ledger, clock, self._hold_off, routing_at_boot(settings)
        )
        self._status_reader = StatusReader(self._ledger, self._plan_store, store.notes, store.replicas, clock)
        self._steering = Steering(
            self._ledger,
            self._plan_store,
            self._follower,
            store.replicas,
            clock,
            request_timeout_s=settings.request_timeout_s,
        )
        self.feed = RolloutFeed(self._ledger, self._status_reader, clock)
        self.reporter = Reporter(
            settings.rollout_id, self._ledger, self._plan_store, store.rows, store.replicas, clock=clock
        )
        self.traffic = TrafficLog(store.rows, settings.rollout_id, clock)
        self.control = self._control(settings.rollout_id, voices.catalogue)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the history first and the controller last, and closes them in the opposite order."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._store.close)
            for client in self._clients:
                stack.push_async_callback(client.aclose)
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
            client = httpx.AsyncClient()
            self._clients.append(client)
            return PrometheusSignals(client, url, settings.prometheus_selector)
        return StoredSignals(self._store.rows, series)

    def _control(self, rollout_id: str, catalogue: Catalogue) -> RolloutControl:
        known = frozenset(catalogue.characters)

        def read_plan(text: str) -> Plan:
            return parse_plan(text, known)

        return RolloutControl(
            self._following.current,
            self._ledger,
            self._steering,
            self._status_reader,
            catalogue,
            read_plan,
            rollout_id,
        )

    async def _join(self) -> None:
        await self._store.start()
        await self._following.secrets.find()
        await boot(self._ledger, self._reloader.latest, actor="environment")
        await self._follower.catch_up()

    def _hold_off(self, held: bool) -> None:  # noqa: FBT001 - the reloader calls it with one value
        self._following.current.hold_off(held=held)
        self._following.told(self._following.current)

    async def _take(self, snapshot: Snapshot) -> None:
        """Applies the routing immediately, then the plan's periods for counting and its shadow budget."""
        current, meter, shadow, told, *_ = self._following
        current.take(snapshot.state.routing, snapshot.revision)
        self._presence.took(snapshot.revision)
        told(current)
        if snapshot.state.plan is None:
            shadow.set_budget(ShadowBudget())
            return
        plan = await self._plan_store.get(snapshot.state.plan)
        meter.set_pace(MeterPeriods(plan.statistics.slot_s, plan.statistics.unit_window_s))
        shadow.set_budget(plan.shadow)


def _reread() -> Routing:
    return routing_at_boot(load_settings(os.environ).settings)


def _replica_name() -> str:
    """A name that is new for every start.

    Containers on one host may have the same host name, and a process 1 each. Two replicas with the same name would
    share the lease and overwrite each other's evidence.
    """
    return f"{socket.gethostname()}-{os.getpid()}-{SystemEntropy().token()[:6]}"


def store_of(settings: Settings) -> Store:
    """The store from the settings, not yet started."""
    return open_store(store_url(settings))


def check_store(settings: Settings) -> None:
    """Raises ConfigurationError if the store's URL is not supported or its driver is missing."""
    store_of(settings)


def store_url(settings: Settings) -> str:
    """The store's URL, which may contain a password."""
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
