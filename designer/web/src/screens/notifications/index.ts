import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/notifications",
  component: lazy(() => import("./Notifications")),
};
