import { NodeIndexOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/instances",
    nav: {
      order: 200,
      icon: NodeIndexOutlined,
      labelKey: "app:nav.instances",
      permission: "instances:read",
    },
    component: lazy(() => import("./Instances")),
  },
  { path: "/instances/:id", component: lazy(() => import("./Instance")) },
];
