import { ApartmentOutlined } from "@ant-design/icons";
import { lazy } from "../../ui/lazy";
import type { Screen } from "../screen";

const departments = lazy(() => import("./Departments"));

export const screens: Screen[] = [
  {
    path: "/organisation",
    nav: {
      order: 325,
      icon: ApartmentOutlined,
      labelKey: "app:nav.organisation",
      permission: "users:read",
    },
    component: departments,
  },
  { path: "/organisation/people", component: lazy(() => import("./People")) },
  { path: "/organisation/posts", component: lazy(() => import("./Posts")) },
  { path: "/organisation/substitutions", component: lazy(() => import("./Substitutions")) },
  { path: "/organisation/rotas", component: lazy(() => import("./Rotas")) },
  { path: "/organisation/rotas/:id", component: lazy(() => import("./Rota")) },
  { path: "/organisation/import", component: lazy(() => import("./Import")) },
  { path: "/organisation/who", component: lazy(() => import("./Who")) },
];
