"""Why somebody decides, step by step: a code, what fills it in, and its words in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXTS: Mapping[str, Mapping[str, str]] = {
    # found
    "user": {"zh": "指定了{name}", "en": "{name} is named"},
    "role": {"zh": "角色「{role}」的主责人", "en": "Primary member of the role “{role}”"},
    "role_backup": {"zh": "角色「{role}」的备份人", "en": "Backup of the role “{role}”"},
    "node_backup": {"zh": "此节点设定的备份人", "en": "Backup set at this node"},
    "department_head": {"zh": "部门「{department}」的负责人", "en": "Head of the department “{department}”"},
    "department": {"zh": "部门「{department}」的成员", "en": "Member of the department “{department}”"},
    "post": {"zh": "岗位「{post}」的任职者", "en": "Holds the post “{post}”"},
    "supervisor": {"zh": "{of}的第 {level} 级上级", "en": "Superior of {of}, level {level}"},
    "supervisor_post": {"zh": "{of}的上级中任「{post}」者", "en": "The superior of {of} who holds the post “{post}”"},
    "initiator": {"zh": "发起人", "en": "Who started it"},
    "chosen": {"zh": "发起人在发起时选择", "en": "Chosen by who started it"},
    "field": {"zh": "由数据「{path}」指定", "en": "Named by the data “{path}”"},
    "expression": {"zh": "由表达式得出", "en": "Worked out by the expression"},
    "rota": {"zh": "排班「{rota}」当前值班：{shift}", "en": "On duty by the rota “{rota}”: {shift}"},
    "superior": {"zh": "{of}的上级，代为处理", "en": "Superior of {of}, in their place"},
    "fallback": {"zh": "兜底处理人", "en": "Fallback"},
    "fallback_workspace": {"zh": "工作区设定的兜底处理人", "en": "Fallback of the workspace"},
    # changed on the way
    "substitute": {"zh": "{of}不在，由{name}代理", "en": "{of} is away, {name} acts for them"},
    "also_for": {"zh": "同时代{of}办理", "en": "Acts for {of} as well"},
    "same_initiator_skip": {"zh": "处理人即发起人，按规则自动同意", "en": "Started it himself: approved by rule"},
    "same_initiator_replaced": {"zh": "{of}是发起人，改由他人处理", "en": "{of} started it, so somebody else decides"},
    "chain_ended": {"zh": "{of}只有 {found} 级上级，取最高一级", "en": "{of} has only {found} levels above, the highest is taken"},
    "head_of_parent": {"zh": "「{department}」没有负责人，问上级部门", "en": "“{department}” has no head, the one above is asked"},
    "post_above": {"zh": "「{department}」没有此岗位的人，问上级部门", "en": "Nobody in “{department}” holds it, looked for above"},
    # not found
    "inactive": {"zh": "{name}已停用或离职，跳过", "en": "{name} is inactive or has left: passed over"},
    "away": {"zh": "{name}不在，且没有人代理", "en": "{name} is away and nobody acts for them"},
    "substitute_inactive": {"zh": "{of}的代理人{name}已停用或离职", "en": "{name}, who acts for {of}, is inactive or has left"},
    "substitution_circle": {"zh": "代理关系成环：{names}", "en": "Substitutes in a circle: {names}"},
    "user_unknown": {"zh": "没有「{name}」这个人", "en": "There is nobody called “{name}”"},
    "role_empty": {"zh": "角色「{role}」没有在职的主责人", "en": "The role “{role}” has no active primary member"},
    "department_unknown": {"zh": "没有部门「{department}」", "en": "There is no department “{department}”"},
    "department_empty": {"zh": "部门「{department}」没有在职成员", "en": "The department “{department}” has no active member"},
    "no_department": {"zh": "{of}不属于任何部门", "en": "{of} is in no department"},
    "no_head": {"zh": "「{department}」及其上级部门都没有负责人", "en": "Neither “{department}” nor those above have a head"},
    "no_superior": {"zh": "{of}没有上级", "en": "{of} has no superior"},
    "post_not_above": {"zh": "{of}的上级中没有人任「{post}」", "en": "No superior of {of} holds the post “{post}”"},
    "post_empty": {"zh": "没有在职的人任「{post}」", "en": "Nobody active holds the post “{post}”"},
    "nobody_chosen": {"zh": "发起人没有选择「{name}」", "en": "Nobody was chosen for “{name}”"},
    "not_among": {"zh": "{name}不在可选范围内", "en": "{name} is not among those who may be chosen"},
    "value_empty": {"zh": "「{source}」没有值", "en": "“{source}” has no value"},
    "value_wrong": {"zh": "「{source}」算不出来：{message}", "en": "“{source}” cannot be worked out: {message}"},
    "rota_unknown": {"zh": "没有排班「{rota}」", "en": "There is no rota “{rota}”"},
    "rota_gap": {"zh": "排班「{rota}」此刻无人值班", "en": "Nobody is on duty by the rota “{rota}” now"},
    "no_person_meant": {"zh": "不知道从谁开始找（{of}）", "en": "It is not known from whom to look ({of})"},
    "kind_unknown": {"zh": "不认识的指定方式 {kind}", "en": "An unknown kind of assignee: {kind}"},
    # policy
    "ask_backup": {"zh": "主责人都不在，找备份人", "en": "No primary is there: the backups are asked"},
    "ask_superior": {"zh": "没有备份人，找上级", "en": "There is no backup: the superior is asked"},
    "ask_fallback": {"zh": "没有上级，找兜底处理人", "en": "There is no superior: the fallback is asked"},
    "nobody_to_ask": {"zh": "「{wanted}」背后没有在职的人，转为异常", "en": "Nobody active behind {wanted}: an incident"},
    "too_many_to_ask": {"zh": "找到 {found} 人，最多 {limit} 人", "en": "{found} people were found, {limit} at most can be asked"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """One step. `params` are plain texts and numbers; a title in two languages is a mapping."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """In words."""
        filled = {name: _in(language, value) for name, value in self.params.items()}
        return TEXTS[self.code][language].format_map(filled)

    @property
    def texts(self) -> dict[str, str]:
        """In both languages."""
        return {language: self.text(language) for language in ("zh", "en")}

    def as_json(self) -> dict[str, Any]:
        """As screens get it."""
        return {"code": self.code, "params": dict(self.params), "text": self.texts}


def reason(code: str, **params: Any) -> Reason:
    """A step."""
    return Reason(code, params)


def _in(language: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(language) or next(iter(value.values()), "")
    return value
