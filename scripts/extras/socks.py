"""Extra ``socks``: a SOCKS proxy is asked; here none listens, which is a typed error."""

from freeproviders import Client, Retry, errors

try:
    Client("yqcloud", proxy="socks5://127.0.0.1:9", retry=Retry(attempts=1)).complete("Hello!")
except errors.ConnectionFailed:
    pass
else:
    raise SystemExit("nothing listens there, and something answered")
