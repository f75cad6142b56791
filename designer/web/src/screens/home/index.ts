import { HomeOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  { path: "/", component: lazy(() => import("./Landing")) },
  {
    path: "/home",
    nav: { order: 10, icon: HomeOutlined, labelKey: "app:nav.home", permission: "instances:read" },
    component: lazy(() => import("./Home")),
  },
];
