import { lazy } from "react";
import type { Screen } from "../screen";

export const screen: Screen = { path: "/account", component: lazy(() => import("./Account")) };
