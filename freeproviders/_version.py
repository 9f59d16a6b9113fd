"""The version of the distribution, read by its build and by the framework packages."""

__version__ = "0.1.0"
