// The pictures of node types. The server names them; a name nobody knows gets a plain box.

import {
  ApartmentOutlined,
  ApiOutlined,
  AppstoreOutlined,
  BellOutlined,
  BranchesOutlined,
  CalendarOutlined,
  CheckCircleOutlined,
  CheckSquareOutlined,
  ClockCircleOutlined,
  CloudOutlined,
  CloudSyncOutlined,
  DatabaseOutlined,
  EditOutlined,
  FieldTimeOutlined,
  FlagOutlined,
  ForkOutlined,
  FunctionOutlined,
  LinkOutlined,
  MailOutlined,
  MergeCellsOutlined,
  MessageOutlined,
  NodeIndexOutlined,
  NotificationOutlined,
  PartitionOutlined,
  PlayCircleOutlined,
  PullRequestOutlined,
  ScheduleOutlined,
  SendOutlined,
  ShareAltOutlined,
  StopOutlined,
  TableOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";

const ICONS: Record<string, ComponentType> = {
  apartment: ApartmentOutlined,
  api: ApiOutlined,
  bell: BellOutlined,
  branches: BranchesOutlined,
  calendar: CalendarOutlined,
  "check-circle": CheckCircleOutlined,
  "check-square": CheckSquareOutlined,
  clock: ClockCircleOutlined,
  "clock-circle": ClockCircleOutlined,
  cloud: CloudOutlined,
  "cloud-sync": CloudSyncOutlined,
  database: DatabaseOutlined,
  edit: EditOutlined,
  "field-time": FieldTimeOutlined,
  flag: FlagOutlined,
  fork: ForkOutlined,
  function: FunctionOutlined,
  link: LinkOutlined,
  mail: MailOutlined,
  merge: MergeCellsOutlined,
  "merge-cells": MergeCellsOutlined,
  message: MessageOutlined,
  notification: NotificationOutlined,
  "node-index": NodeIndexOutlined,
  partition: PartitionOutlined,
  play: PlayCircleOutlined,
  "play-circle": PlayCircleOutlined,
  "pull-request": PullRequestOutlined,
  schedule: ScheduleOutlined,
  send: SendOutlined,
  "share-alt": ShareAltOutlined,
  stop: StopOutlined,
  table: TableOutlined,
  team: TeamOutlined,
  user: UserOutlined,
};

/** For types whose icon name we do not know, by the type itself. */
const BY_TYPE: Record<string, ComponentType> = {
  start: PlayCircleOutlined,
  webhook: ApiOutlined,
  schedule: ScheduleOutlined,
  condition: BranchesOutlined,
  split: ForkOutlined,
  join: MergeCellsOutlined,
  subflow: PartitionOutlined,
  end: StopOutlined,
  connector: LinkOutlined,
  record: DatabaseOutlined,
  approval: CheckSquareOutlined,
  timer: ClockCircleOutlined,
  notification: BellOutlined,
  set_values: EditOutlined,
};

export function NodeIcon({ icon, type }: { icon: string | undefined; type: string }) {
  const Icon = ICONS[icon ?? ""] ?? BY_TYPE[type] ?? AppstoreOutlined;
  return (
    <span aria-hidden className="hr-node-icon-glyph">
      <Icon />
    </span>
  );
}
