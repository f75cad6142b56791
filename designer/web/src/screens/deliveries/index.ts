import { MailOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/deliveries",
  nav: {
    order: 240,
    icon: MailOutlined,
    labelKey: "app:nav.deliveries",
    permission: "instances:read",
  },
  component: lazy(() => import("./Deliveries")),
};
