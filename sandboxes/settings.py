"""From settings to sandboxes: which kind, in which room, of which image."""

from dataclasses import dataclass, field

from sandboxes.base import Kind, NoSandbox
from sandboxes.docker import Containers, Engine
from sandboxes.images.build import Recipe, Tell, build, say_nothing
from sandboxes.limits import Room
from sandboxes.pool import Pool, Source
from sandboxes.process import Bubblewrap, Unconfined
from sandboxes.proxy import Proxy
from sandboxes.services import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What sandboxes are to be.

    kind: see `sandboxes.base.Confinement`. engine: the URL of the engine; see `Engine`.
    recipe: of the image. hosts: those that `networked` lets code reach.
    allow_unconfined: whether `unconfined` may run anything at all.
    """

    kind: Kind = "strict"
    engine: str = ""
    recipe: Recipe = field(default_factory=Recipe)
    room: Room = field(default_factory=Room)
    hosts: tuple[str, ...] = ()
    allow_unconfined: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            ValueError: hosts without a way to them, or the other way round.
        """
        if bool(self.hosts) != (self.kind == "networked"):
            raise ValueError("kind networked and a list of hosts belong together")


def source(settings: Settings, *, run: str = "", tell: Tell = say_nothing) -> Source:
    """Where sandboxes come from. Makes their image where it is not there yet.

    run: whose they are, as their labels say it. tell: hears how the image comes on.

    Raises:
        NoSandbox: there can be none.
        SandboxBroke: the engine fails.
    """
    if settings.kind == "unconfined":
        if not settings.allow_unconfined:
            raise NoSandbox(
                "an unconfined process keeps code from nothing: it reads what you may read and has "
                "the network; if you want that, say --allow-unconfined, or allow_unconfined = true "
                "in [sandbox]"
            )
        return Unconfined(settings.room)
    if settings.kind == "bubblewrap":
        return Bubblewrap(settings.room)
    engine = Engine(settings.engine)
    if engine.lacks:
        raise NoSandbox(f"the engine at {engine.url} cannot limit {', '.join(engine.lacks)}")
    services: tuple[Service, ...] = (Proxy(settings.hosts),) if settings.hosts else ()
    return Containers(
        engine=engine,
        image=build(engine, settings.recipe, tell=tell).name,
        room=settings.room,
        profile=settings.kind,
        run=run,
        services=services,
    )


def pool(settings: Settings, *, size: int, run: str = "", tell: Tell = say_nothing) -> Pool:
    """Warm sandboxes, at most so many at a time; see `source`.

    Raises:
        NoSandbox: there can be none.
        SandboxBroke: the engine fails.
    """
    return Pool(source(settings, run=run, tell=tell), size=size)
