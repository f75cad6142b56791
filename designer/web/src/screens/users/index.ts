import { UserOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/users",
  nav: { order: 320, icon: UserOutlined, labelKey: "app:nav.users", permission: "users:read" },
  component: lazy(() => import("./Users")),
};
