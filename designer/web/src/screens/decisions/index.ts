import { SafetyCertificateOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/decisions",
  nav: {
    order: 345,
    icon: SafetyCertificateOutlined,
    labelKey: "app:nav.decisions",
    permission: "audit:read",
  },
  component: lazy(() => import("./Decisions")),
};
