// What a screen is. `screens/<name>/index.ts` exports one `screen` (or several as `screens`); app.tsx finds it by being there.

import type { ComponentType, LazyExoticComponent } from "react";

export interface Screen {
  /** A react-router path: "/flows", "/tasks/:id?". */
  path: string;
  nav?: Nav;
  /** Load it with `lazy(() => import("./Flows"))`, so that each screen is a file of its own. */
  component: LazyExoticComponent<ComponentType> | ComponentType;
  /** Without side bar and header, for screens that need the whole window (the editor). */
  wholeWindow?: boolean;
}

export interface Nav {
  /** 1–99 work, 100–199 build, 200–299 run, 300 and more manage. */
  order: number;
  icon: ComponentType;
  /** i18n key with its namespace: "app:nav.tasks". */
  labelKey: string;
  /** Shown only to people who have it; several: any of them. */
  permission?: string | string[];
  /** Where the link leads when `path` has parameters. */
  to?: string;
}
