import { DatabaseOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/tables",
    nav: {
      order: 230,
      icon: DatabaseOutlined,
      labelKey: "app:nav.tables",
      permission: "records:read",
    },
    component: lazy(() => import("./Tables")),
  },
  { path: "/tables/:key", component: lazy(() => import("./Grid")) },
  { path: "/tables/:key/design", component: lazy(() => import("./Design")) },
  { path: "/tables/:key/records/:id", component: lazy(() => import("./RecordPage")) },
];
