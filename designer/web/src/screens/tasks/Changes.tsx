// What has changed since the last approval, side by side.

import { useTranslation } from "react-i18next";
import { ChangesView } from "../../forms/ChangesView";
import "../../forms/forms.css";
import { Card } from "../../ui/page";
import { RelativeTime } from "../../ui/time";
import { changesOf, nameOf, type TaskDetail } from "./task";

export function Changes({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const told = task.changed && !Array.isArray(task.changed) ? task.changed : null;
  const by = nameOf(told?.by);
  return (
    <Card title={t("changed")} testId="changed">
      {told?.since && (
        <p className="hr-muted hr-small">
          {by ? t("changed_since_by", { name: by }) : t("changed_since")}{" "}
          <RelativeTime at={told.since} />
        </p>
      )}
      <ChangesView
        changes={changesOf(task).map((each) => ({ ...each, label: each.label ?? each.path }))}
      />
    </Card>
  );
}
