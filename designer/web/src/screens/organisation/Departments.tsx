// Departments: a tree to look at, to search and to rearrange; beside it the chosen one with its heads and people.

import { ApartmentOutlined, PlusOutlined, UploadOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import { useErrorText } from "../../ui/errorText";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { DepartmentDialog } from "./DepartmentDialog";
import { DepartmentTree } from "./DepartmentTree";
import { DepartmentView } from "./DepartmentView";
import { Frame } from "./Frame";
import { type Department, useDepartments } from "./organisation";
import { moved, type Place, placeOf } from "./tree";

type Open = { kind: "new"; parent: string | null } | { kind: "edit"; department: Department };

export default function Departments() {
  const { t } = useTranslation(["organisation", "app"]);
  const write = useMay()("users:write");
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState<Open | null>(null);
  const { data, error, refetch } = useDepartments();
  const move = useMove();
  const departments = data?.items;
  const chosen = departments?.find(({ id }) => id === params.get("id"));
  const choose = (id: string | null) =>
    setParams(id === null ? {} : { id }, { replace: true, preventScrollReset: true });
  return (
    <Frame
      part="departments"
      {...(write && departments !== undefined && departments.length > 0
        ? {
            actions: (
              <Button
                type="primary"
                icon={<PlusOutlined />}
                onClick={() => setOpen({ kind: "new", parent: null })}
                data-testid="btn-new-department"
              >
                {t("departments.new")}
              </Button>
            ),
          }
        : {})}
    >
      {departments === undefined ? (
        error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading rows={8} />
        )
      ) : departments.length === 0 ? (
        <Card>
          <EmptyState
            icon={<ApartmentOutlined />}
            title={t("departments.empty")}
            text={t("departments.empty_text")}
            {...(write
              ? {
                  action: (
                    <div className="hr-row">
                      <Button
                        type="primary"
                        icon={<PlusOutlined />}
                        onClick={() => setOpen({ kind: "new", parent: null })}
                        data-testid="btn-new-department"
                      >
                        {t("departments.new")}
                      </Button>
                      <Link to="/organisation/import">
                        <Button icon={<UploadOutlined />} tabIndex={-1}>
                          {t("departments.import")}
                        </Button>
                      </Link>
                    </div>
                  ),
                }
              : {})}
          />
        </Card>
      ) : (
        <div className="hr-org-columns">
          <Card className="hr-org-tree-card">
            <div className="hr-org-tree-head">
              <SearchField label={t("departments.search")} value={typed} onChange={setTyped} />
            </div>
            <DepartmentTree
              departments={departments}
              search={typed}
              chosen={chosen?.id ?? null}
              onChoose={choose}
              {...(write ? { onMove: (id, place) => move(departments, id, place) } : {})}
            />
          </Card>
          {chosen === undefined ? (
            <Card className="hr-org-side">
              <EmptyState
                icon={<ApartmentOutlined />}
                title={t("departments.choose")}
                text={t("departments.choose_text")}
              />
            </Card>
          ) : (
            <DepartmentView
              key={chosen.id}
              department={chosen}
              departments={departments}
              write={write}
              onEdit={() => setOpen({ kind: "edit", department: chosen })}
              onAddBelow={() => setOpen({ kind: "new", parent: chosen.id })}
              onGone={() => choose(null)}
              onClose={() => choose(null)}
            />
          )}
        </div>
      )}
      {open !== null && (
        <DepartmentDialog
          department={open.kind === "edit" ? open.department : null}
          parent={open.kind === "new" ? open.parent : open.department.parent_id}
          departments={departments ?? []}
          onClose={() => setOpen(null)}
          onSaved={(id) => choose(id)}
        />
      )}
    </Frame>
  );
}

/** Moves at once, tells the server, offers the way back, and goes back by itself when the server says no. */
function useMove() {
  const { t } = useTranslation("organisation");
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const key = ["/api/departments", "tree"];
  const show = (items: Department[]) =>
    queries.setQueryData<Page<Department>>(key, (page) => ({ ...page, items }));
  const move = async (before: Department[], id: string, place: Place, undo = false) => {
    const back = placeOf(before, id);
    const after = moved(before, id, place);
    show(after);
    try {
      await api.patch(`/api/departments/${id}`, place);
      await queries.invalidateQueries({ queryKey: ["/api/departments"] });
    } catch (error) {
      show(before);
      message.error(errorText(error));
      return;
    }
    const onto = before.find((each) => each.id === place.parent_id);
    message.open({
      key: "moved",
      type: "success",
      content: (
        <span>
          {onto ? t("departments.moved", { name: onto.name }) : t("departments.moved_top")}{" "}
          {back !== null && !undo && (
            <Button
              type="link"
              size="small"
              onClick={() => void move(after, id, back, true)}
              data-testid="btn-undo-move"
            >
              {t("departments.undo")}
            </Button>
          )}
        </span>
      ),
    });
  };
  return move;
}
