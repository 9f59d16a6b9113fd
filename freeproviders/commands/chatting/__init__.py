"""What the terminal chat consists of: the conversation and its file, what is typed, what is shown, and its commands."""

__all__ = []
