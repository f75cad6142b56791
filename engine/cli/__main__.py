"""`python -m headrace.engine.cli`: how processes of a pool are started."""

from headrace.engine.cli import main

main()
