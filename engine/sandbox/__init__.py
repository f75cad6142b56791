"""The sandbox: shops, payment services, a warehouse, chat robots and a mailbox that are not there, to try flows against.

It knows nothing of the connectors: signatures are checked by code of its own (`proofs`), written from the platforms' rules, so
that a mistake would have to be made twice. `world` holds what there is, by a seed and a clock; `shops`, `payments` and `others`
speak the platforms' languages; `troubles` are switched on by hand; `pushes` calls the engine as platforms do; `server` is the way
in, on the loopback address only.
"""
