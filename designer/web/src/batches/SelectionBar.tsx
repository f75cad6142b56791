// What can be done to the rows that are ticked.

import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import "./batches.css";

interface SelectionBarProps {
  count: number;
  /** The first few are buttons, the rest a menu. */
  kinds: string[];
  onPick: (kind: string) => void;
  onClear: () => void;
}

const BUTTONS = 2;

export function SelectionBar({ count, kinds, onPick, onClear }: SelectionBarProps) {
  const { t } = useTranslation("batches");
  if (count === 0) return null;
  const rest = kinds.slice(BUTTONS);
  return (
    <section className="hr-selection" aria-label={t("chosen", { count })} data-testid="selection">
      <strong role="status">{t("chosen", { count })}</strong>
      {kinds.slice(0, BUTTONS).map((kind, index) => (
        <Button
          key={kind}
          type={index === 0 ? "primary" : "default"}
          onClick={() => onPick(kind)}
          data-testid={`bulk-${kind}`}
        >
          {t(`kind.${kind}`)}
        </Button>
      ))}
      {rest.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: rest.map((kind) => ({
              key: kind,
              label: <span data-testid={`bulk-${kind}`}>{t(`kind.${kind}`)}</span>,
              danger: kind === "cancel",
            })),
            onClick: ({ key }) => onPick(key),
          }}
        >
          <Button data-testid="bulk-more">{t("more")}</Button>
        </Dropdown>
      )}
      <Button type="text" onClick={onClear} data-testid="bulk-clear">
        {t("clear")}
      </Button>
    </section>
  );
}
