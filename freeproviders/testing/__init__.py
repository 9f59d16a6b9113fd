"""The contract of a provider as tests that come with this package; for pytest alone, nothing else imports it.

A subclass of `ProviderContract` names a provider of the registry, and pytest collects every promise for it. It needs
the extra ``testing``, and an operating system with ``fork``.
"""

import pytest

# asserts of modules that are no test files explain themselves only if pytest is told before they are imported
pytest.register_assert_rewrite("freeproviders.testing.promises")

from freeproviders.testing.promises import ProviderContract  # noqa: E402

__all__ = ["ProviderContract"]
