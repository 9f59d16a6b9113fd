"""Builds the documentation site: stages the pages of `docs/`, writes those that come from the code, runs Zensical.

``python -m scripts.docs_site`` builds into ``.docs-site/site``. Nothing in here knows a service: cards, settings,
presets and public names are asked for.
"""
