"""`headrace template check`: each template in an empty workspace beside the sandbox, with a clock that jumps (R205).

One module a template, named by its code (`t07.py`), makes its sample from a seed number, so that the truth is known, sends it
through the real engine, and measures. `expect.json` in the template's folder says what must come out, in the numbers of the
requirements. Nothing leaves the process: the sandbox is asked without a wire.
"""
