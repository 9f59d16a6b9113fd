"""The demo: five free services, two frameworks, one table. Run it by ``make demo`` or ``python -m demo``."""
