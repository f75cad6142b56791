import { WarningOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/incidents",
  nav: {
    order: 220,
    icon: WarningOutlined,
    labelKey: "app:nav.incidents",
    permission: "instances:read",
  },
  component: lazy(() => import("./Incidents")),
};
