"""What ``ask`` and ``chat`` share: images from files, what a call tells of itself, and who answered it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freeproviders.commands.services import Services
from freeproviders.errors import InvalidSetting, ProviderError
from freeproviders.image_headers import read_header
from freeproviders.reports import AskedAgain, AttemptFailed, FailedOver, Report, Waited
from freeproviders.wire import Image

__all__ = ["answerer", "check_sight", "image_from", "news", "plain_error", "warning"]

_MAX_BYTES = 32 * 1024 * 1024


def image_from(path: str) -> Image:
    """An image to show to a model.

    Raises:
        InvalidSetting: If the file cannot be read, or holds no image.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidSetting(f"{path!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > _MAX_BYTES:
        raise InvalidSetting(f"{path!r} has more than {_MAX_BYTES} bytes")
    header = read_header(data)
    if header is None:
        raise InvalidSetting(f"{path!r} holds no image of a known kind (PNG, JPEG, GIF, WebP, BMP, AVIF, HEIC)")
    return Image(data=data, mime_type=header.mime_type)


def check_sight(services: Services) -> None:
    """Checks that images can be shown to any of the services.

    Raises:
        InvalidSetting: If not; the message names some that see.
    """
    from freeproviders.presets import presets

    if not services.sees:
        seeing = [one.name for one in presets().values() if one.images and one.status != "retired"]
        raise InvalidSetting(f"{services.label}: no model there sees images. Some that do: {', '.join(seeing)}")


def warning(services: Services, temperature: float | None) -> str:
    """What to tell of words that no service has a field for; empty for nothing."""
    if temperature is None or services.takes_temperature:
        return ""
    return f"{services.titles}: there is no field for temperature, so it is without effect"


def news(report: Report) -> str:
    """What happened on the way, for a person who waits; empty for what does not matter to them."""
    match report:
        case FailedOver(error=None):
            return f"{report.provider} is slow, asking {report.to} too"
        case FailedOver():
            return f"{report.provider}: {type(report.error).__name__}, asking {report.to}"
        case AttemptFailed():
            who = report.candidate or report.provider
            return f"{who}: {type(report.error).__name__}, trying again in {report.wait:.1f} s"
        case Waited() if report.seconds >= 1:
            return f"waited {report.seconds:.0f} s for a turn"
        case AskedAgain():
            return f"{report.candidate or report.provider}: the reply could not be used, asking again"
        case _:
            return ""


def answerer(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """Who answered, by name, and the model."""
    model = metadata.get("served_model") or metadata.get("model") or ""
    return str(metadata.get("provider") or ""), str(model)


def plain_error(error: ProviderError) -> dict[str, Any]:
    """What a call has raised, for a program that reads JSON."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "provider": error.provider,
        "status": error.status,
        "retry_after": error.retry_after,
    }
