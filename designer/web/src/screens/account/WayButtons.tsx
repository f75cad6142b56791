// Put a way of reaching people before or behind its neighbour.

import { ArrowDownOutlined, ArrowUpOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";

interface WayButtonsProps {
  name: string;
  index: number;
  count: number;
  onMove: (by: 1 | -1) => void;
  testId: string;
}

export function WayButtons({ name, index, count, onMove, testId }: WayButtonsProps) {
  const { t } = useTranslation("account");
  return (
    <span className="hr-way-buttons">
      <button
        type="button"
        className="hr-icon-link"
        disabled={index === 0}
        aria-label={t("channels.up", { name })}
        onClick={() => onMove(-1)}
        data-testid={`${testId}-up`}
      >
        <ArrowUpOutlined aria-hidden />
      </button>
      <button
        type="button"
        className="hr-icon-link"
        disabled={index === count - 1}
        aria-label={t("channels.down", { name })}
        onClick={() => onMove(1)}
      >
        <ArrowDownOutlined aria-hidden />
      </button>
    </span>
  );
}
