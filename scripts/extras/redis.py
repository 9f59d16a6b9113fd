"""Extra ``redis``: limits are asked of Redis; here none listens, which is a typed error."""

from freeproviders import Client, Limiter, Limits, Retry, errors
from freeproviders.limit_stores.redis import RedisStore

limiter = Limiter(Limits(per_second=5), store=RedisStore("redis://127.0.0.1:9/0", key="yqcloud"))
try:
    Client("yqcloud", limits=limiter, retry=Retry(attempts=1)).complete("Hello!")
except errors.ConnectionFailed as error:
    if "Redis" not in str(error):
        raise
else:
    raise SystemExit("nothing listens there, and something answered")
