"""What `make` needs done before it can run anything: environment, packages, designer, browser.

These are Python and not shell because each step answers the same question, "are its inputs still the
ones it was made from?", by content and not by file times (a fresh clone has random times), and because
a step must print its progress and its failure in words. Only the standard library is used: the first
step makes the environment that everything else lives in.

    python3 -m tools run | test | check | web | python | packages | browser | lock
"""
