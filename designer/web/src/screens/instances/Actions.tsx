// The buttons at the head of an instance: the usual ones to be seen, the rest under "More".

import { CaretRightOutlined, DownOutlined, PauseOutlined, ReloadOutlined } from "@ant-design/icons";
import { Button, Dropdown, type MenuProps } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/session";
import type { NodeTypes } from "../../editor/document";
import { type InstanceDetail, isOpen } from "./instance";
import { Operate, type Wish } from "./operate";

interface ActionsProps {
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
}

export function Actions({ instance, types, onDone }: ActionsProps) {
  const { t } = useTranslation(["instances", "app"]);
  const may = useMay();
  const [wish, setWish] = useState<Wish | null>(null);
  const open = isOpen(instance.status);
  const operates = open && may("instances:operate");
  const going = operates && instance.status !== "suspended" && instance.status !== "compensating";
  const items: NonNullable<MenuProps["items"]> = [
    ...(operates
      ? [
          { key: "inject", label: t("operate.inject") },
          { key: "priority", label: t("operate.priority_button", { n: instance.priority ?? 0 }) },
        ]
      : []),
    ...(may("retention:write")
      ? [{ key: "hold", label: t(instance.hold ? "operate.release" : "operate.hold") }]
      : []),
    ...(operates
      ? [{ type: "divider" as const }, { key: "cancel", danger: true, label: t("operate.cancel") }]
      : []),
  ];
  return (
    <>
      <Button
        icon={<ReloadOutlined />}
        onClick={onDone}
        aria-label={t("app:action.refresh")}
        title={t("app:action.refresh")}
        data-testid="btn-refresh"
      />
      {operates && instance.status === "suspended" && (
        <Button
          type="primary"
          icon={<CaretRightOutlined />}
          onClick={() => setWish({ kind: "resume" })}
          data-testid="btn-resume"
        >
          {t("operate.resume")}
        </Button>
      )}
      {going && (
        <Button
          icon={<PauseOutlined />}
          onClick={() => setWish({ kind: "suspend" })}
          data-testid="btn-suspend"
        >
          {t("operate.suspend")}
        </Button>
      )}
      {items.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{ items, onClick: ({ key }) => setWish({ kind: key } as Wish) }}
        >
          <Button data-testid="btn-more-actions">
            {t("operate.more")} <DownOutlined />
          </Button>
        </Dropdown>
      )}
      {wish !== null && (
        <Operate
          wish={wish}
          instance={instance}
          types={types}
          onDone={onDone}
          onClose={() => setWish(null)}
        />
      )}
    </>
  );
}
