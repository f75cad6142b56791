import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  { path: "/flows/:key/versions/:tab?", component: lazy(() => import("./Versions")) },
  { path: "/flows/:key/migrations/:id", component: lazy(() => import("./Migration")) },
];
