"""The runtime of Headrace: flows as data, run durably. Start reading at `README.md`, then `node.py` and `run/advance.py`."""
