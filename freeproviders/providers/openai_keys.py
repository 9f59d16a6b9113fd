"""Keys of OpenAI-compatible servers: which address one is for, where it is found, and that no error quotes it."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from freeproviders.errors import ProviderError
from freeproviders.wire import Decoder, Event, Reply

__all__ = ["Discreet", "advice", "filled", "found", "hidden", "missing_name", "place_of"]

_BRACES = re.compile(r"\{([A-Z0-9_]+)\}")
_PORTS = {"http": 80, "https": 443}
_HIDDEN = "..."


def filled(address: str) -> str:
    """An address with its names in braces filled in from the environment, as far as they are there."""
    return _BRACES.sub(lambda found: os.environ.get(found[1]) or found[0], address)


def missing_name(address: str) -> str:
    """The first name in braces that is left in an address; empty for none."""
    left = _BRACES.search(address)
    return left[1] if left else ""


def place_of(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address: what a key is given for. A key for https is not sent in the clear."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def found(names: Sequence[str]) -> str:
    """The key in the first of these environment variables that holds one."""
    return next(filter(None, (os.environ.get(name, "").strip() for name in names)), "")


def advice(names: Sequence[str], url: str) -> str:
    """What to do about a key that is missing or wrong."""
    where = f" There is one at {url}." if url else ""
    return f"Its key comes from api_key= or the environment variable {' or '.join(names)}.{where}"


def hidden(reply: Reply, key: str) -> Reply:
    """The reply without the key: some servers quote the one they refuse."""
    return replace(reply, body=reply.body.replace(key.encode(), _HIDDEN.encode())) if key else reply


class Discreet:
    """A decoder whose errors do not quote the key, in whatever a server wrote it.

    Args:
        decoder: The decoder.
        key: The key; empty for none.
    """

    def __init__(self, decoder: Decoder, key: str) -> None:
        self._decoder = decoder
        self._key = key

    def feed(self, data: bytes) -> Sequence[Event]:
        """As the decoder's."""
        with self._discreet():
            return self._decoder.feed(data)

    def finish(self) -> Sequence[Event]:
        """As the decoder's."""
        with self._discreet():
            return self._decoder.finish()

    @contextmanager
    def _discreet(self) -> Iterator[None]:
        try:
            yield
        except ProviderError as error:
            if self._key and self._key in error.message:
                error.message = error.message.replace(self._key, _HIDDEN)
                error.args = (error.message,)
                error.__cause__ = error.__context__ = None  # what could not be read is whole in there
            raise
