import { PlayCircleOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/start/:key?",
  nav: {
    order: 30,
    icon: PlayCircleOutlined,
    labelKey: "app:nav.start",
    permission: "instances:start",
  },
  component: lazy(() => import("./Start")),
};
