import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = {
  path: "/flows/:key",
  wholeWindow: true,
  component: lazy(() => import("./EditorScreen")),
};
