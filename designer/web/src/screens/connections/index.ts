import { ApiOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/connections",
  nav: {
    order: 310,
    icon: ApiOutlined,
    labelKey: "app:nav.connections",
    permission: "connections:read",
  },
  component: lazy(() => import("./Connections")),
};
