// The picture of a kind of field.

import {
  ApartmentOutlined,
  CalendarOutlined,
  CheckSquareOutlined,
  ClockCircleOutlined,
  DownCircleOutlined,
  EditOutlined,
  FieldNumberOutlined,
  FileTextOutlined,
  FunctionOutlined,
  IdcardOutlined,
  MailOutlined,
  MoneyCollectOutlined,
  PaperClipOutlined,
  PhoneOutlined,
  QuestionOutlined,
  SwitcherOutlined,
  TableOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { FormKind } from "./kinds";

const ICONS: Record<FormKind | "other", ComponentType> = {
  text: EditOutlined,
  long: FileTextOutlined,
  number: FieldNumberOutlined,
  amount: MoneyCollectOutlined,
  choice: DownCircleOutlined,
  choices: CheckSquareOutlined,
  yes_no: SwitcherOutlined,
  date: CalendarOutlined,
  time: ClockCircleOutlined,
  person: UserOutlined,
  department: ApartmentOutlined,
  phone: PhoneOutlined,
  id_card: IdcardOutlined,
  email: MailOutlined,
  attachments: PaperClipOutlined,
  lines: TableOutlined,
  computed: FunctionOutlined,
  other: QuestionOutlined,
};

export function KindIcon({ kind }: { kind: FormKind | "other" }) {
  const Icon = ICONS[kind];
  return (
    <span className="hr-fe-icon" aria-hidden>
      <Icon />
    </span>
  );
}
