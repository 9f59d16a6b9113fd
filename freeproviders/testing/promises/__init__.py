"""Every promise, one kind a file; ``base`` says what a provider under test declares."""

from freeproviders.testing.promises.answers import SameAnswer
from freeproviders.testing.promises.crowds import ManyAtOnce
from freeproviders.testing.promises.cuts import Cuts
from freeproviders.testing.promises.exits import CleanExit
from freeproviders.testing.promises.faults import Faults
from freeproviders.testing.promises.leaving import LeavingEarly
from freeproviders.testing.promises.noise import AnyBytes
from freeproviders.testing.promises.proxies import Proxies
from freeproviders.testing.promises.requests import Requests
from freeproviders.testing.promises.retries import Retries
from freeproviders.testing.promises.secrets import Secrets
from freeproviders.testing.promises.settings import OwnSettings
from freeproviders.testing.promises.stops import StopSequences
from freeproviders.testing.promises.time_limits import TimeLimits

__all__ = ["ProviderContract"]


class ProviderContract(
    SameAnswer,
    AnyBytes,
    Cuts,
    Faults,
    Retries,
    LeavingEarly,
    ManyAtOnce,
    CleanExit,
    Requests,
    OwnSettings,
    Secrets,
    StopSequences,
    TimeLimits,
    Proxies,
):
    """All that a provider promises; a subclass names the provider.

    See ``Contract`` in ``freeproviders.testing.promises.base`` for what it may declare besides::

        class TestEcho(ProviderContract):
            provider = "echo"
    """
