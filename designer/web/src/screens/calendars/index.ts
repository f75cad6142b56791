import { CalendarOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/calendars",
  nav: {
    order: 335,
    icon: CalendarOutlined,
    labelKey: "app:nav.calendars",
    permission: "calendars:write",
  },
  component: lazy(() => import("./Calendars")),
};
