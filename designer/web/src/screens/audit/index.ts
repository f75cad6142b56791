import { AuditOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/audit",
  nav: { order: 350, icon: AuditOutlined, labelKey: "app:nav.audit", permission: "audit:read" },
  component: lazy(() => import("./Audit")),
};
