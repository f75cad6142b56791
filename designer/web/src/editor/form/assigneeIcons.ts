// A sign for each way to say who.

import {
  ApartmentOutlined,
  ClockCircleOutlined,
  CrownOutlined,
  FormOutlined,
  FunctionOutlined,
  IdcardOutlined,
  RiseOutlined,
  SelectOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { AssigneeKind } from "../approval/assignee";

export const ASSIGNEE_ICONS: Record<AssigneeKind, ComponentType> = {
  user: UserOutlined,
  role: TeamOutlined,
  initiator: UserOutlined,
  supervisor: RiseOutlined,
  department_head: CrownOutlined,
  post: IdcardOutlined,
  department: ApartmentOutlined,
  chosen: SelectOutlined,
  rota: ClockCircleOutlined,
  field: FormOutlined,
  expression: FunctionOutlined,
};
