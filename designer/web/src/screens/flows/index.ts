import { PartitionOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/flows",
  nav: {
    order: 110,
    icon: PartitionOutlined,
    labelKey: "app:nav.flows",
    permission: ["flows:write", "instances:operate"],
  },
  component: lazy(() => import("./Flows")),
};
