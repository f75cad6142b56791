import { BuildOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/own-connectors",
    nav: {
      order: 312,
      icon: BuildOutlined,
      labelKey: "app:nav.own_connectors",
      permission: "connections:read",
    },
    component: lazy(() => import("./List")),
  },
  { path: "/own-connectors/new", component: lazy(() => import("./New")) },
  { path: "/own-connectors/:key", component: lazy(() => import("./Editor")) },
];
