"""What versions need from time to time: canaries that do worse are taken back, migrations that were begun go on."""

from __future__ import annotations

from headrace.engine.service.canary import check_canaries
from headrace.engine.service.migrating_work import work
from headrace.engine.service.workspace import Workspace


def look(workspace: Workspace) -> int:
    """Do what is to be done now; answers how much there was."""
    return check_canaries(workspace) + work(workspace)
