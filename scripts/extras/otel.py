"""Extra ``otel``: a call is told to OpenTelemetry, which here records nothing."""

from freeproviders import Client
from freeproviders.sandbox import Sandbox
from freeproviders.telemetry import instrument

end = instrument()
with Sandbox() as sandbox:
    answer = Client("yqcloud", base_url=sandbox.url("yqcloud")).complete("What is 6*7?")
end()
if answer.text != "42":
    raise SystemExit(f"answered {answer}")
