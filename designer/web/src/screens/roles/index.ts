import { TeamOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/roles",
  nav: { order: 330, icon: TeamOutlined, labelKey: "app:nav.roles", permission: "users:read" },
  component: lazy(() => import("./Roles")),
};
