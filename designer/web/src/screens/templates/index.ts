import { AppstoreOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/templates/:key?",
  nav: {
    order: 120,
    icon: AppstoreOutlined,
    labelKey: "app:nav.templates",
    permission: "templates:install",
  },
  component: lazy(() => import("./Templates")),
};
