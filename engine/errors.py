"""Every error a caller can be told: its class, code, HTTP status, and its message as docstring.

`params` fill the message and the translations in `designer/locales/<lang>/errors.json`; nothing secret goes into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document or a form: where (JSON pointer), what (code), and the values that tell it.

    `node` and `edge` let the designer jump there; a `warning` does not stop a publish.
    """

    path: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    node: str | None = None
    edge: str | None = None
    severity: Literal["error", "warning"] = "error"

    def as_json(self) -> dict[str, Any]:
        """The shape of `problems[]` in the API's error."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class HeadraceError(Exception):
    """Something went wrong: {reason}"""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, *, problems: Sequence[Problem] = (), **params: Any) -> None:
        self.params = params
        self.problems = list(problems)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The docstring with the params filled in."""
        text = (type(self).__doc__ or "").strip()
        return text.format_map(_Params(self.params))


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


class NotSignedIn(HeadraceError):
    """Expected a signed-in user, but found none: sign in first."""

    code = "not_signed_in"
    status = 401


class WrongPassword(HeadraceError):
    """Expected a known sign-in name and its password, but they do not fit together."""

    code = "wrong_password"
    status = 401


class Forbidden(HeadraceError):
    """Expected the permission {permission}, which this sign-in or token does not have."""

    code = "forbidden"
    status = 403


class CsrfFailed(HeadraceError):
    """Expected the header X-CSRF-Token of this session, but it is missing or another one."""

    code = "csrf_failed"
    status = 403


class NotFound(HeadraceError):
    """Expected {kind} {id} to exist, but found nothing by that name."""

    code = "not_found"
    status = 404


class Conflict(HeadraceError):
    """Expected {expected}, but found {found}."""

    code = "conflict"
    status = 409


class VersionDamaged(HeadraceError):
    """Expected version {version} of flow {key} as it was published (sha256 {expected}), but its document has sha256 {found}."""

    code = "version_damaged"


class Suspended(HeadraceError):
    """Expected an instance that goes on, but {id} has been suspended by an operator: decide again when it is resumed."""

    code = "suspended"
    status = 409


class BadNonce(HeadraceError):
    """Expected {expected}, but found {found}: open the task again."""

    code = "bad_nonce"
    status = 403


class FormChanged(HeadraceError):
    """Expected the form as it is now ({expected}), but what came was filled in on an earlier one ({found}): look at it again."""

    code = "form_changed"
    status = 409


class Refused(HeadraceError):
    """Expected something that may be done with this task now, but {action} may not: {why}."""

    code = "refused"
    status = 409


class QuotaUsedUp(HeadraceError):
    """Expected at most {quota} exemptions in {period}, but {used} have been used."""

    code = "quota_used_up"
    status = 409


class DraftStale(HeadraceError):
    """Expected the draft as you last saw it ({expected}), but {updated_by} has saved a newer one."""

    code = "draft_stale"
    status = 412


class CasesFailed(HeadraceError):
    """Expected every test case of the flow to pass, but {count} of {total} do not: {named}."""

    code = "cases_failed"
    status = 409


class CalendarStale(HeadraceError):
    """Expected version {expected} of calendar {key}, but {updated_by} has saved version {found} meanwhile: look at it first."""

    code = "calendar_stale"
    status = 412


class RotaStale(HeadraceError):
    """Expected rota {key} as you last saw it ({expected}), but {updated_by} has saved another plan ({found}): look at it first."""

    code = "rota_stale"
    status = 412


class NoCalendar(HeadraceError):
    """Expected a business calendar to count {length} by, but there is none here: keep timers as they are, or count every day."""

    code = "no_calendar"
    status = 422


class BodyTooLarge(HeadraceError):
    """Expected a body of at most {limit} bytes, but found {found}."""

    code = "body_too_large"
    status = 413


class WrongContentType(HeadraceError):
    """Expected the content type {expected}, but found {found}."""

    code = "wrong_content_type"
    status = 415


class NotJson(HeadraceError):
    """Expected JSON, but found: {reason}"""

    code = "not_json"
    status = 400


class TooDeep(HeadraceError):
    """Expected JSON nested at most {limit} deep, but it is nested deeper."""

    code = "too_deep"
    status = 400


class ValidationFailed(HeadraceError):
    """Expected a valid {what}, but found {count} problem(s)."""

    code = "validation_failed"
    status = 422


class SignatureWrong(HeadraceError):
    """Expected a request signed with this webhook's secret, but the signature does not fit."""

    code = "signature_wrong"
    status = 401


class TooManyRequests(HeadraceError):
    """Expected at most {limit} tries in {window_s} s; try again in {retry_after_s} s."""

    code = "too_many_requests"
    status = 429


class Busy(HeadraceError):
    """Expected room for more work, but {what} is full; try again in {retry_after_s} s."""

    code = "busy"
    status = 503


class DiskLow(HeadraceError):
    """Expected {expected} on the disk of the database, but found {found}: nothing new is started until there is room again."""

    code = "disk_low"
    status = 507


class ExpressionError(HeadraceError):
    """{reason}"""

    code = "expression_failed"
    status = 422


class TemplateError(HeadraceError):
    """{reason}"""

    code = "template_failed"
    status = 422


class AddressRefused(HeadraceError):
    """Expected a public address, but {host} leads to {address}, which is private; an administrator can allow it in the settings."""

    code = "address_refused"
    status = 422


class StoreLocked(HeadraceError):
    """Expected to be the only engine on {path}, but process {found} has it open."""

    code = "store_locked"
    status = 503


class StoreNotEmpty(HeadraceError):
    """Expected {store} to be empty, but its table {found} has rows."""

    code = "store_not_empty"
    status = 409


class StoreNotReady(HeadraceError):
    """Expected {store} at revision {expected}, but found {found}: bring the older of the two up to date (`headrace migrate`)."""

    code = "store_not_ready"
    status = 409


class DepartmentInUse(HeadraceError):
    """Expected an empty department, but {name} has people or departments below it: move them first."""

    code = "department_in_use"
    status = 409


class PostInUse(HeadraceError):
    """Expected a post that nobody holds, but somebody is {name}."""

    code = "post_in_use"
    status = 409


class ImportStale(HeadraceError):
    """Expected the organisation as it was when the file was compared with it, but it has changed since: preview it again."""

    code = "import_stale"
    status = 409


class FileRefused(HeadraceError):
    """Expected {expected}, but found {found}."""

    code = "file_refused"
    status = 422


class FileTooLarge(HeadraceError):
    """Expected a file of at most {limit_mb} MB, but found {found} bytes."""

    code = "file_too_large"
    status = 413


class FileTypeRefused(HeadraceError):
    """Expected a file of a kind that may be handed in ({known}), but found {found}."""

    code = "file_type_refused"
    status = 415


class FileEmpty(HeadraceError):
    """Expected a file with something in it, but {name} is empty."""

    code = "file_empty"
    status = 422


class FileQuota(HeadraceError):
    """Expected at most {limit} files waiting to be handed in with a form ({limit_mb} MB together), but found {found}."""

    code = "file_quota"
    status = 409
