// What operators look after. Each is a screen of its own below /operations, except those people look for elsewhere.

import {
  ApiOutlined,
  BarChartOutlined,
  BellOutlined,
  CalendarOutlined,
  FolderOpenOutlined,
  MessageOutlined,
  UnorderedListOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";

export interface Part {
  name: string;
  address: string;
  icon: ComponentType;
  permission: string;
}

export const PARTS: Part[] = [
  {
    name: "board",
    address: "/operations/board",
    icon: BarChartOutlined,
    permission: "instances:read",
  },
  {
    name: "batches",
    address: "/operations/batches",
    icon: UnorderedListOutlined,
    permission: "instances:read",
  },
  {
    name: "breakers",
    address: "/operations/breakers",
    icon: ApiOutlined,
    permission: "connections:read",
  },
  {
    name: "messages",
    address: "/operations/messages",
    icon: MessageOutlined,
    permission: "instances:read",
  },
  {
    name: "schedules",
    address: "/operations/schedules",
    icon: CalendarOutlined,
    permission: "flows:read",
  },
  {
    name: "channels",
    address: "/operations/channels",
    icon: BellOutlined,
    permission: "connections:read",
  },
  {
    name: "retention",
    address: "/operations/retention",
    icon: FolderOpenOutlined,
    permission: "instances:read",
  },
];
