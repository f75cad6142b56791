// A state as an icon and a word; the colour only helps.

import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  EditOutlined,
  ExclamationCircleOutlined,
  MinusCircleOutlined,
  PauseCircleOutlined,
  RollbackOutlined,
  SyncOutlined,
} from "@ant-design/icons";
import type { ComponentType, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import "./StatusTag.css";

export type Tone = "ok" | "warn" | "error" | "info" | "accent" | "neutral";

const LOOK: Record<string, [Tone, ComponentType]> = {
  running: ["info", SyncOutlined],
  waiting: ["accent", ClockCircleOutlined],
  open: ["info", ClockCircleOutlined],
  queued: ["info", ClockCircleOutlined],
  suspended: ["warn", PauseCircleOutlined],
  compensating: ["warn", RollbackOutlined],
  gathering: ["info", SyncOutlined],
  incident: ["error", ExclamationCircleOutlined],
  failed: ["error", CloseCircleOutlined],
  completed: ["ok", CheckCircleOutlined],
  done: ["ok", CheckCircleOutlined],
  sent: ["ok", CheckCircleOutlined],
  approved: ["ok", CheckCircleOutlined],
  published: ["ok", CheckCircleOutlined],
  installed: ["ok", CheckCircleOutlined],
  active: ["ok", CheckCircleOutlined],
  resolved: ["ok", CheckCircleOutlined],
  rejected: ["error", CloseCircleOutlined],
  returned: ["warn", RollbackOutlined],
  overdue: ["error", ClockCircleOutlined],
  due_soon: ["warn", ClockCircleOutlined],
  draft: ["neutral", EditOutlined],
  changed: ["warn", EditOutlined],
  cancelled: ["neutral", MinusCircleOutlined],
  skipped: ["neutral", MinusCircleOutlined],
  inactive: ["neutral", MinusCircleOutlined],
};

/** `<StatusTag status="waiting" />`; the word is `app:status.waiting`, unless children say it. */
export function StatusTag({ status, children }: { status: string; children?: ReactNode }) {
  const { t } = useTranslation("app");
  const [tone, Icon] = LOOK[status] ?? ["neutral", MinusCircleOutlined];
  return (
    <Tag tone={tone} icon={<Icon />}>
      {children ?? t(`status.${status}`, { defaultValue: status })}
    </Tag>
  );
}

export function Tag({
  tone = "neutral",
  icon,
  children,
}: {
  tone?: Tone;
  icon?: ReactNode;
  children: ReactNode;
}) {
  return (
    <span className={`hr-tag hr-tag-${tone}`}>
      {icon !== undefined && <span aria-hidden>{icon}</span>}
      <span>{children}</span>
    </span>
  );
}
