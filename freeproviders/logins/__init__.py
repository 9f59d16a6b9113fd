"""Logins that come from a browser: files of cookies, the login stored on this machine, the window to sign in with.

- ``formats``: bytes of a file into a ``Login``. No I/O.
- ``given``: what the setting ``cookies`` may be.
- ``store``: the login of a service in the user's configuration folder.
- ``browser``: opens a visible browser and takes over what a person has signed in to.

Nothing is read or written unless ``cookies`` names a file or ``"stored"``, or the login command runs.
"""

__all__ = []
