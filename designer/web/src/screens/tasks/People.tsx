// Who decides beside me and what they said; and what has happened so far.

import { useTranslation } from "react-i18next";
import type { Task, TimelineEntry } from "../../api/types";
import { Card } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { nameOf } from "./names";

export function Deciders({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const people = task.assignees ?? [];
  if (people.length === 0) return null;
  return (
    <Card title={t("deciders")}>
      {people.length > 1 && <p className="hr-muted hr-small">{t(`mode.${task.mode ?? "any"}`)}</p>}
      <ul className="hr-deciders">
        {people.map((person) => (
          <li key={person.id}>
            <span>{person.name || person.id}</span>
            {person.decision ? (
              <StatusTag status={person.decision} />
            ) : (
              <span className="hr-muted">
                {t(task.status === "open" ? "undecided" : "not_asked")}
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  if (entries.length === 0) return null;
  return (
    <Card title={t("timeline")}>
      <ol className="hr-timeline">
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
          <li key={index}>
            <p>
              <strong>{nameOf(entry.who) || t("engine")}</strong> {text(entry.what)}
            </p>
            {entry.comment && <blockquote>{entry.comment}</blockquote>}
            <p className="hr-muted hr-small">
              <RelativeTime at={entry.at} />
            </p>
          </li>
        ))}
      </ol>
    </Card>
  );
}
