import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screen: Screen = { path: "/account", component: lazy(() => import("./Account")) };
