// Everything else one can do with a task. What is not possible now stands below, with why: what is hidden is looked for.

import {
  CopyOutlined,
  FieldTimeOutlined,
  ForwardOutlined,
  NotificationOutlined,
  PauseCircleOutlined,
  PlayCircleOutlined,
  QuestionCircleOutlined,
  RollbackOutlined,
  SafetyCertificateOutlined,
  SendOutlined,
  StopOutlined,
  SwapOutlined,
  UndoOutlined,
  UsergroupAddOutlined,
  UsergroupDeleteOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import { type ComponentType, useState } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "../../../ui/Sheet";
import { useText } from "../../../ui/text";
import { exactTime } from "../../../ui/time";
import { Left } from "../Due";
import { endOf, type TaskAction, type TaskDetail } from "../task";
import ActionSheet from "./ActionSheet";
import { GROUPS } from "./spec";

const ICONS: Record<string, ComponentType> = {
  ask: QuestionCircleOutlined,
  transfer: SwapOutlined,
  delegate: ForwardOutlined,
  add_sign: UsergroupAddOutlined,
  reduce_sign: UsergroupDeleteOutlined,
  cc: CopyOutlined,
  return: RollbackOutlined,
  take_back: UndoOutlined,
  withdraw: StopOutlined,
  urge: NotificationOutlined,
  resend: SendOutlined,
  pause: PauseCircleOutlined,
  go_on: PlayCircleOutlined,
  exempt: SafetyCertificateOutlined,
  reassign: UserSwitchOutlined,
};

interface MoreSheetProps {
  task: TaskDetail;
  /** What stands in the comment: a return or question begins with it. */
  comment: string;
  onActed: () => void;
  onClose: () => void;
  nextAddress: string;
}

export default function MoreSheet(props: MoreSheetProps) {
  const { task, comment, onActed, onClose, nextAddress } = props;
  const { t } = useTranslation("tasks");
  const [chosen, setChosen] = useState<TaskAction | null>(null);
  const offered = (names: string[], allowed: boolean) =>
    names.flatMap(
      (name) =>
        task.actions?.filter((each) => each.action === name && each.allowed === allowed) ?? [],
    );
  const refused = offered(
    GROUPS.flatMap(([, names]) => names),
    false,
  );
  if (chosen !== null) {
    return (
      <ActionSheet
        task={task}
        action={chosen}
        words={comment}
        onActed={onActed}
        onClose={onClose}
        nextAddress={nextAddress}
      />
    );
  }
  return (
    <Sheet title={t("more")} onClose={onClose} light testId="more-sheet">
      {GROUPS.map(([group, names]) => {
        const rows = offered(names, true);
        if (rows.length === 0) return null;
        return (
          <ul key={group} className="hr-actions-list" aria-label={t(`group.${group}`)}>
            {rows.map((action) => (
              <li key={action.action}>
                <ActionRow action={action} onClick={() => setChosen(action)} />
              </li>
            ))}
          </ul>
        );
      })}
      {refused.length > 0 && (
        <details className="hr-not-now">
          <summary>{t("not_now", { count: refused.length })}</summary>
          <ul>
            {refused.map((action) => (
              <li key={action.action} data-testid={`refused-${action.action}`}>
                <strong>{t(`action.${action.action}.title`)}</strong> <Why action={action} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Sheet>
  );
}

function ActionRow({ action, onClick }: { action: TaskAction; onClick: () => void }) {
  const { t } = useTranslation("tasks");
  const Icon = ICONS[action.action] ?? FieldTimeOutlined;
  return (
    <button
      type="button"
      className="hr-action-row"
      onClick={onClick}
      data-testid={`action-${action.action}`}
    >
      <span className="hr-action-icon" aria-hidden>
        <Icon />
      </span>
      <span>
        {t(`action.${action.action}.title`)}
        <small>
          {endOf(action) !== null ? (
            <Left end={endOf(action) ?? ""} />
          ) : (
            t(`action.${action.action}.help`)
          )}
        </small>
      </span>
    </button>
  );
}

function Why({ action }: { action: TaskAction }) {
  const { t } = useTranslation(["tasks", "errors"]);
  const { language } = useText();
  const again = action.choices?.again_at;
  const code = action.why ?? "not_allowed";
  return (
    <span className="hr-muted">
      {t([`tasks:why.${code}`, `errors:${code}`], {
        at: again ? exactTime(again, language) : "",
        context: again ? "at" : undefined,
        defaultValue: t("why.not_allowed"),
      })}
    </span>
  );
}
