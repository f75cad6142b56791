import { TableOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/decision-tables",
    nav: {
      order: 120,
      icon: TableOutlined,
      labelKey: "app:nav.decision_tables",
      permission: "flows:write",
    },
    component: lazy(() => import("./Tables")),
  },
  { path: "/decision-tables/:key", component: lazy(() => import("./Editor")) },
];
