"""Measures this project beside what a user would pick instead, as ratios to a bare aiohttp client on the same wire.

``python -m benchmarks`` runs it; README.md says what is measured and how. Nothing here is part of the distribution, and
nothing here judges: a table shows a case that is lost as well as one that is won.
"""
