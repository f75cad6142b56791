import { DatabaseOutlined } from "@ant-design/icons";
import { lazy } from "react";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/records",
  nav: {
    order: 230,
    icon: DatabaseOutlined,
    labelKey: "app:nav.records",
    permission: "records:read",
  },
  component: lazy(() => import("./Records")),
};
