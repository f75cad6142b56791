// One department: its place, its heads, the people in it.

import {
  CloseOutlined,
  CrownOutlined,
  DeleteOutlined,
  EditOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../../api/list";
import { useRemove } from "../../api/useRemove";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { Card, ErrorState, Loading } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import type { Department, Member } from "./organisation";
import { wayTo } from "./tree";

const SHOWN = 20;

interface ViewProps {
  department: Department;
  departments: Department[];
  write: boolean;
  onEdit: () => void;
  onAddBelow: () => void;
  onGone: () => void;
  onClose: () => void;
}

export function DepartmentView(props: ViewProps) {
  const { department, departments, write } = props;
  const { t } = useTranslation(["organisation", "app"]);
  const people = useList<Member>("/api/people", { department: department.id, limit: SHOWN });
  const above = wayTo(departments, department.id).slice(0, -1);
  const heads = new Set(department.heads.map(({ id }) => id));
  return (
    <Card className="hr-org-side" testId="department-view">
      <div className="hr-org-side-head">
        <div>
          {above.length > 0 && (
            <p className="hr-muted hr-small">{above.map(({ name }) => name).join(" / ")}</p>
          )}
          <h2>{department.name}</h2>
        </div>
        <Button
          type="text"
          icon={<CloseOutlined />}
          aria-label={t("app:action.close")}
          onClick={props.onClose}
        />
      </div>
      {write && (
        <div className="hr-row">
          <Button icon={<EditOutlined />} onClick={props.onEdit} data-testid="btn-edit-department">
            {t("app:action.edit")}
          </Button>
          <Button icon={<PlusOutlined />} onClick={props.onAddBelow} data-testid="btn-add-below">
            {t("departments.new_below")}
          </Button>
          <Remove department={department} onGone={props.onGone} />
        </div>
      )}
      <h3 className="hr-section-title">{t("departments.heads")}</h3>
      <div className="hr-row">
        {department.heads.length === 0 ? (
          <Tag tone="warn">{t("departments.no_head")}</Tag>
        ) : (
          department.heads.map((head) => (
            <Tag key={head.id} tone="accent" icon={<CrownOutlined />}>
              {head.name}
            </Tag>
          ))
        )}
      </div>
      <h3 className="hr-section-title">
        {t("departments.people")} <span className="hr-muted">{department.people}</span>
        {department.people_all > department.people && (
          <small className="hr-muted">
            {" "}
            {t("count_with_below", { count: department.people_all })}
          </small>
        )}
      </h3>
      {people.rows === undefined ? (
        people.error ? (
          <ErrorState error={people.error} onRetry={people.onRetry} />
        ) : (
          <Loading rows={3} />
        )
      ) : people.rows.length === 0 ? (
        <p className="hr-muted">{t("departments.nobody")}</p>
      ) : (
        <ul className="hr-org-members">
          {people.rows.map((person) => (
            <li key={person.id}>
              <span className="hr-org-face" aria-hidden>
                {[...person.name][0] ?? "?"}
              </span>
              <span className="hr-org-member-name">
                {person.name}
                <small>{person.posts.map(({ name }) => name).join(t("comma"))}</small>
              </span>
              {heads.has(person.id) && <Tag tone="accent">{t("departments.heads")}</Tag>}
              {person.away && <Tag tone="warn">{t("people.away")}</Tag>}
              {!person.active && <Tag>{t("people.left")}</Tag>}
            </li>
          ))}
        </ul>
      )}
      <Link to={`/organisation/people?department=${encodeURIComponent(department.id)}`}>
        {t("departments.all_people")}
      </Link>
    </Card>
  );
}

function Remove({ department, onGone }: { department: Department; onGone: () => void }) {
  const { t } = useTranslation(["organisation", "app"]);
  const remove = useRemove("/api/departments", t("departments.in_use"));
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("departments.delete", { name: department.name })}
      title={t("departments.delete_title", { name: department.name })}
      text={t("departments.delete_text")}
      confirmLabel={t("app:action.delete")}
      onConfirm={async () => {
        if (await remove(department.id)) onGone();
      }}
      data-testid="btn-delete-department"
    />
  );
}
