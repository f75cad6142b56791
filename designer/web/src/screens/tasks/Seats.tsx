// Who decides beside me: every seat with its state, on whose behalf, and how it came in; and the rule that counts, in words.

import { useTranslation } from "react-i18next";
import { Avatar } from "../../shell/UserMenu";
import { Card } from "../../ui/page";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { nameOf, type Seat, seatsOf, type TaskDetail } from "./task";

/** Of whom something else is expected than a decision. */
const OTHERS = ["answer", "confirm", "resubmit"] as const;

/** Where it goes without saying, nothing is said. */
const PLAIN_ORIGINS = new Set(["assigned", "initiator", "", "chosen"]);

export function Seats({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const seats = seatsOf(task).filter((seat) => (seat.kind ?? "decide") !== "cc");
  const copies = seatsOf(task).filter((seat) => seat.kind === "cc");
  if (seats.length === 0) return null;
  const stages = [...new Set(seats.map((seat) => seat.stage ?? 0))].sort((a, b) => a - b);
  return (
    <Card title={t("deciders")} testId="seats">
      <RuleText task={task} many={seats.length > 1} />
      {stages.map((stage, index) => (
        <div key={stage}>
          {stages.length > 1 && (
            <p className="hr-seat-stage">{t("stage", { number: index + 1 })}</p>
          )}
          <ul className="hr-seats">
            {seats
              .filter((seat) => (seat.stage ?? 0) === stage)
              .map((seat) => (
                <SeatRow key={seat.seat} seat={seat} open={task.status === "open"} />
              ))}
          </ul>
        </div>
      ))}
      {copies.length > 0 && (
        <p className="hr-muted hr-small hr-copies">
          {t("copies", { names: copies.map((seat) => seat.name).join(t("comma")) })}
        </p>
      )}
    </Card>
  );
}

function RuleText({ task, many }: { task: TaskDetail; many: boolean }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const { rule } = task;
  const words = text(rule?.text);
  const needed = rule?.needed ?? null;
  if (!many && !words) return null;
  return (
    <div className="hr-rule" data-testid="rule">
      <p>
        {words || t(`mode.${rule?.mode ?? task.mode}`, { defaultValue: t("mode.any") })}
        {task.status === "open" && !words && needed !== null && (
          <> {t("rule_have", { needed, have: rule?.have ?? 0 })}</>
        )}
      </p>
      {needed !== null && needed > 1 && (
        <div
          className="hr-rule-bar"
          role="img"
          aria-label={t("rule_have", { needed, have: rule?.have ?? 0 })}
        >
          <span style={{ width: `${Math.min(100, ((rule?.have ?? 0) / needed) * 100)}%` }} />
        </div>
      )}
    </div>
  );
}

function SeatRow({ seat, open }: { seat: Seat; open: boolean }) {
  const { t } = useTranslation("tasks");
  const behalf = nameOf(seat.on_behalf_of);
  const by = nameOf(seat.added_by);
  const origin = seat.origin ?? "";
  return (
    <li data-testid={`seat-${seat.seat}`} data-status={seat.status}>
      <Avatar name={seat.name || seat.user_id} />
      <span className="hr-seat-who">
        <span>
          {behalf ? t("seat_behalf", { name: seat.name, of: behalf }) : seat.name || seat.user_id}
        </span>
        {!PLAIN_ORIGINS.has(origin) && (
          <small>
            {t(by ? `origin_by.${origin}` : `origin.${origin}`, {
              name: by,
              defaultValue: t(`origin.${origin}`, { defaultValue: "" }),
            })}
          </small>
        )}
        {(seat.weight ?? 1) !== 1 && seat.weight !== null && (
          <small>{t("weight", { count: seat.weight })}</small>
        )}
        {seat.veto && <small>{t("veto")}</small>}
        {seat.reason && (
          <small>{t(`reason_code.${seat.reason}`, { defaultValue: t("closed_by_rule") })}</small>
        )}
        {seat.comment && seat.kind !== "answer" && <q>{seat.comment}</q>}
      </span>
      <span className="hr-seat-state">
        <SeatState seat={seat} open={open} />
        {seat.at && seat.decision && (
          <small className="hr-muted">
            <RelativeTime at={seat.at} />
          </small>
        )}
      </span>
    </li>
  );
}

function SeatState({ seat, open }: { seat: Seat; open: boolean }) {
  const { t } = useTranslation("tasks");
  if (seat.decision) return <StatusTag status={seat.decision} />;
  const kind = OTHERS.find((each) => each === seat.kind);
  if (kind && (seat.status === "done" || (open && seat.status === "open"))) {
    const done = seat.status === "done";
    return <Tag tone={done ? "ok" : "accent"}>{t(`seat.${kind}_${done ? "done" : "open"}`)}</Tag>;
  }
  const status = !open && seat.status === "open" ? "closed" : seat.status;
  const tone = status === "open" ? "info" : "neutral";
  return <Tag tone={tone}>{t(`seat.${status}`, { defaultValue: t("seat.open") })}</Tag>;
}
