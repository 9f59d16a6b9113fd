"""Stores that count the turns of a ``freeproviders.limits.Limiter`` for several processes or machines."""

from freeproviders.limit_stores.redis import RedisStore
from freeproviders.limit_stores.sqlite import SqliteStore

__all__ = ["RedisStore", "SqliteStore"]
