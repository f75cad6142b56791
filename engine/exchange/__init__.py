"""Drawings of other kinds: BPMN 2.0, n8n, our own files. Pure: bytes and values in, documents and a report out.

`files.py` recognises a file and unpacks several; `bpmn_out.py` writes BPMN and `bpmn.py` reads it, ours and that of others;
`n8n.py` reads workflows of n8n. What cannot be carried becomes a `placeholder` node or a `todo("…")`, which stop a publish, and
every element of a file has its line in the `Report`. `docs/exchange.md` says what becomes of what.
"""
