// What was done, newest first; a click goes back (or forward) to right after it.

import { useTranslation } from "react-i18next";
import { useEditor } from "./store";

export function HistoryPanel() {
  const { t } = useTranslation("editor");
  const { past, future } = useEditor((state) => state.history);
  const { stepTo } = useEditor.getState();
  const entries = [...past, ...future];
  return (
    <ol className="hr-history" data-testid="history">
      {entries
        .map((entry, index) => ({ entry, count: index + 1 }))
        .reverse()
        .map(({ entry, count }) => (
          <li key={`${entry.at} ${count}`}>
            <button
              type="button"
              aria-current={count === past.length}
              data-undone={count > past.length || undefined}
              onClick={() => stepTo(count)}
            >
              {t(`command.${entry.label}`)}
              <time>{new Date(entry.at).toLocaleTimeString()}</time>
            </button>
          </li>
        ))}
      <li>
        <button type="button" aria-current={past.length === 0} onClick={() => stepTo(0)}>
          {t("history.opened")}
        </button>
      </li>
    </ol>
  );
}
