"""What ``image`` and ``chat`` share: having an image drawn, and saving it where the person says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from freeproviders import images, registry
from freeproviders.candidates import Candidate
from freeproviders.commands.services import Services
from freeproviders.errors import InvalidSetting
from freeproviders.reports import Listen
from freeproviders.wire import Image, Prompt

__all__ = ["Drawn", "draw", "drawing_services", "painters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An image that was drawn.

    Attributes:
        image: The image.
        place: Its URL, or the file it was saved as; empty where it has none.
        by: Who drew it.
    """

    image: Image
    place: str
    by: str


def painters() -> tuple[str, ...]:
    """The services that draw, each with its model: ``aichats:dalle``."""
    return tuple(f"{card.name}:{model}" for card in registry.cards() for model in card.image_models)


def drawing_services(names: Sequence[str], *, timeout: float | None = None) -> Services:
    """The services of these names, all of which draw; those that do where there is no name.

    Args:
        names: As ``aichats``, or ``aichats:dalle``.
        timeout: As in ``Services.of``.

    Raises:
        InvalidSetting: If one of them does not draw.
    """
    return Services.of([_painter(name) for name in names] or painters(), timeout=timeout)


def _painter(given: str) -> str:
    name, _, model = given.partition(":")
    card = registry.get(name).card
    if model or card.open_models:
        model = card.aliases.get(model, model)
        if card.open_models or model in card.image_models:
            return given
    elif card.image_models:
        return f"{name}:{card.image_models[0]}"
    raise InvalidSetting(f"{given} does not draw. What draws: {', '.join(painters())}")


def draw(
    services: Services, words: str, file: str | None, *, overwrite: bool = False, listen: Listen | None = None
) -> Drawn:
    """Has an image drawn, and saves it where a file is named.

    Args:
        services: Who is asked.
        words: What the image shows.
        file: Where it goes; the extension of its type is added where there is none. None leaves it where it is.
        overwrite: Replace a file that is there.
        listen: Hears what happens on the way.

    Raises:
        ProviderError: If nobody draws it, or it cannot be fetched.
        InvalidSetting: If it cannot be saved, or is nowhere but in the answer and no file is named.
    """
    if file is not None:
        _check_target(Path(file), overwrite=overwrite)
    answer = services.face.complete(Prompt(turns=Prompt.of(words).turns, model=services.model), listen=listen)
    if not answer.images:
        raise InvalidSetting(f"there came text in place of an image: {answer.text[:200]!r}")
    image = answer.images[0]
    one = _who(services, image)
    if file is None:
        if not image.url:
            raise InvalidSetting("the image is in the answer itself: name a file for it by -o")
        return Drawn(image=image, place=image.url, by=one.name)
    fetched = _fetched(image, one)
    return Drawn(image=fetched, place=str(images.save(fetched, file, overwrite=overwrite)), by=one.name)


def _check_target(path: Path, *, overwrite: bool) -> None:
    """Tells what would fail before anybody has drawn for it."""
    if not path.parent.is_dir():
        raise InvalidSetting(f"there is no folder {str(path.parent)!r} for the image")
    if path.is_dir():
        raise InvalidSetting(f"{str(path)!r} is a folder: name a file in it")
    if path.exists() and not overwrite:
        raise InvalidSetting(f"{path} is there already: name another file, or add --overwrite")


def _who(services: Services, image: Image) -> Candidate:
    return next((one for one in services.candidates if one.name == image.candidate), services.candidates[0])


def _fetched(image: Image, one: Candidate) -> Image:
    from freeproviders.blocking import portal

    return portal.call(lambda: images.fetch(image, provider=one.provider))
