import { KeyOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/tokens",
  nav: { order: 340, icon: KeyOutlined, labelKey: "app:nav.tokens", permission: "tokens:write" },
  component: lazy(() => import("./Tokens")),
};
