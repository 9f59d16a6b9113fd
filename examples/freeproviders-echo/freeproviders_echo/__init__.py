"""The service at echo.example as a provider of freeproviders, and a simulation of it for the sandbox."""
