import { CheckSquareOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/tasks/:box?/:id?",
  nav: { order: 20, icon: CheckSquareOutlined, labelKey: "app:nav.tasks" },
  component: lazy(() => import("./Tasks")),
};
