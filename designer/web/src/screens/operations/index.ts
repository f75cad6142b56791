import { ToolOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/operations",
    nav: {
      order: 260,
      icon: ToolOutlined,
      labelKey: "app:nav.operations",
      permission: "instances:operate",
    },
    component: lazy(() => import("./Operations")),
  },
  { path: "/operations/board", component: lazy(() => import("./Board")) },
  { path: "/operations/channels", component: lazy(() => import("./Channels")) },
  { path: "/operations/batches", component: lazy(() => import("./Batches")) },
  { path: "/operations/batches/:id", component: lazy(() => import("./BatchPage")) },
  { path: "/operations/breakers", component: lazy(() => import("./Breakers")) },
  { path: "/operations/retention", component: lazy(() => import("./Retention")) },
  { path: "/operations/schedules", component: lazy(() => import("./Schedules")) },
  { path: "/operations/messages", component: lazy(() => import("./Messages")) },
];
