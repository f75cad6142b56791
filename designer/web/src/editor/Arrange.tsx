// For several selected things: on one line, with equal gaps.

import {
  AlignCenterOutlined,
  AlignLeftOutlined,
  AlignRightOutlined,
  ColumnWidthOutlined,
  LineHeightOutlined,
  VerticalAlignBottomOutlined,
  VerticalAlignMiddleOutlined,
  VerticalAlignTopOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { alignSelected, distributeSelected } from "./actions";
import type { Alignment } from "./commands/align";
import { useEditor } from "./store";

const ALIGNMENTS: [Alignment, ReactNode][] = [
  ["left", <AlignLeftOutlined key="left" />],
  ["center", <AlignCenterOutlined key="center" />],
  ["right", <AlignRightOutlined key="right" />],
  ["top", <VerticalAlignTopOutlined key="top" />],
  ["middle", <VerticalAlignMiddleOutlined key="middle" />],
  ["bottom", <VerticalAlignBottomOutlined key="bottom" />],
];

const ALONG: ["x" | "y", ReactNode][] = [
  ["x", <ColumnWidthOutlined key="x" />],
  ["y", <LineHeightOutlined key="y" />],
];

export function Arrange({ count }: { count: number }) {
  const { t } = useTranslation("canvas");
  const readOnly = useEditor((state) => state.readOnly);
  const button = (name: string, icon: ReactNode, run: () => void, disabled: boolean) => (
    <Button
      key={name}
      type="text"
      icon={icon}
      title={t(`action.${name}`)}
      aria-label={t(`action.${name}`)}
      disabled={disabled || readOnly}
      onClick={run}
      data-testid={`btn-${name}`}
    />
  );
  return (
    <div className="hr-arrange" role="toolbar" aria-label={t("commands.arrange")}>
      {ALIGNMENTS.map(([how, icon]) =>
        button(`align_${how}`, icon, () => alignSelected(how), false),
      )}
      <span className="hr-bar-line" />
      {ALONG.map(([along, icon]) =>
        button(`distribute_${along}`, icon, () => distributeSelected(along), count < 3),
      )}
    </div>
  );
}
