import { ShoppingCartOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

export const screens: Screen[] = [
  {
    path: "/sources",
    nav: {
      order: 225,
      icon: ShoppingCartOutlined,
      labelKey: "app:nav.sources",
      permission: "records:read",
    },
    component: lazy(() => import("./Sources")),
  },
  { path: "/sources/exceptions", component: lazy(() => import("./Exceptions")) },
  { path: "/sources/interfaces", component: lazy(() => import("./Interfaces")) },
  { path: "/sources/log", component: lazy(() => import("./RawLog")) },
  { path: "/sources/at/:key", component: lazy(() => import("./SourcePage")) },
];
