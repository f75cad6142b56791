// What the time limits will still do by themselves: warn, remind, hand on.

import { useTranslation } from "react-i18next";
import { Card } from "../../ui/page";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import type { TaskDetail } from "./task";

export function Deadlines({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const rows = task.deadlines ?? [];
  if (rows.length === 0 || task.status !== "open") return null;
  return (
    <Card title={t("deadlines")} testId="deadlines">
      <ol className="hr-deadlines">
        {rows.map((row) => (
          <li key={`${row.kind} ${row.at} ${row.do ?? ""}`} data-kind={row.kind}>
            <span>{text(row.text) || t(`deadline.${row.kind}`, { defaultValue: row.kind })}</span>
            <span className="hr-muted hr-small">
              <ExactTime at={row.at} /> · <RelativeTime at={row.at} />
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
