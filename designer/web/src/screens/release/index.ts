import { CarryOutOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/release",
  nav: {
    order: 245,
    icon: CarryOutOutlined,
    labelKey: "app:nav.release",
    permission: "tasks:release",
  },
  component: lazy(() => import("./Release")),
};
