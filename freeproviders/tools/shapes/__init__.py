"""The shapes in which replies state calls: each module turns one family of them into ``RawCall`` values."""

__all__ = ()
