"""The keys under which objects name a tool, give its arguments, or wrap calls, most usual first."""

__all__ = ["ARGUMENT_KEYS", "NAME_KEYS", "WRAPPER_KEYS"]

NAME_KEYS = (
    "name", "function", "tool", "function_name", "tool_name", "action", "recipient_name", "func", "toolname", "api",
)  # fmt: skip
ARGUMENT_KEYS = (
    "arguments", "parameters", "args", "params", "input", "tool_input", "action_input", "kwargs", "tool_args",
    "function_args", "tool_parameters",
)  # fmt: skip
WRAPPER_KEYS = (
    "tool_calls", "tool_call", "function_calls", "function_call", "calls", "tool_uses", "functions", "tools",
    "function", "tool", "action", "actions", "tools_call", "tools_calls",
)  # fmt: skip
