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
  CloseCircleOutlined,
  CloudOutlined,
  CloudSyncOutlined,
  DatabaseOutlined,
  EditOutlined,
  FieldTimeOutlined,
  FlagOutlined,
  ForkOutlined,
  FunctionOutlined,
  HourglassOutlined,
  InboxOutlined,
  LinkOutlined,
  LockOutlined,
  MailOutlined,
  MergeCellsOutlined,
  MessageOutlined,
  NodeIndexOutlined,
  NotificationOutlined,
  PartitionOutlined,
  PlayCircleOutlined,
  PullRequestOutlined,
  RollbackOutlined,
  ScheduleOutlined,
  SendOutlined,
  ShareAltOutlined,
  ShopOutlined,
  SoundOutlined,
  StopOutlined,
  TableOutlined,
  TeamOutlined,
  ThunderboltOutlined,
  UndoOutlined,
  UnlockOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { EventKind } from "./document";

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
  "close-circle": CloseCircleOutlined,
  cloud: CloudOutlined,
  "cloud-sync": CloudSyncOutlined,
  database: DatabaseOutlined,
  edit: EditOutlined,
  "field-time": FieldTimeOutlined,
  flag: FlagOutlined,
  fork: ForkOutlined,
  function: FunctionOutlined,
  hourglass: HourglassOutlined,
  inbox: InboxOutlined,
  link: LinkOutlined,
  lock: LockOutlined,
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
  rollback: RollbackOutlined,
  schedule: ScheduleOutlined,
  send: SendOutlined,
  "share-alt": ShareAltOutlined,
  shop: ShopOutlined,
  sound: SoundOutlined,
  stop: StopOutlined,
  table: TableOutlined,
  team: TeamOutlined,
  thunderbolt: ThunderboltOutlined,
  undo: UndoOutlined,
  unlock: UnlockOutlined,
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
  receive: InboxOutlined,
  publish: SendOutlined,
  message_start: MessageOutlined,
  milestone: FlagOutlined,
  lock: LockOutlined,
  unlock: UnlockOutlined,
  cancel: CloseCircleOutlined,
  compensate: UndoOutlined,
};

const EVENTS: Record<EventKind, ComponentType> = {
  timer: ClockCircleOutlined,
  message: MailOutlined,
  signal: SoundOutlined,
  error: ThunderboltOutlined,
  compensation: RollbackOutlined,
};

export function EventIcon({ kind }: { kind: EventKind }) {
  const Icon = EVENTS[kind];
  return (
    <span aria-hidden className="hr-event-icon">
      <Icon />
    </span>
  );
}

export function NodeIcon({ icon, type }: { icon: string | undefined; type: string }) {
  const Icon = ICONS[icon ?? ""] ?? BY_TYPE[type] ?? AppstoreOutlined;
  return (
    <span aria-hidden className="hr-node-icon-glyph">
      <Icon />
    </span>
  );
}
