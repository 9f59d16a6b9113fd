"""A storm of calls against the sandbox, to show that no call ends in a wrong way: ``python -m soak``.

A call of the storm is a ``Plan`` (``plans``): a pure function of seed and number, so each can be repeated alone. It
meets good answers, odd ones and faults (``faults``), through every face of the packages (``faces``), and is judged by
what the documents say (``oracle``), never by the code of the client. What must not grow is counted in ``meters``.
"""
