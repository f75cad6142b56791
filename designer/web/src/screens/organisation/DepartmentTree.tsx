// The tree itself, as the ARIA practices describe one: arrows walk, and Alt with an arrow moves a department.

import { CaretDownOutlined, CaretRightOutlined } from "@ant-design/icons";
import { type DragEvent, type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNarrow } from "../../theme/mode";
import type { Department } from "./organisation";
import { type Drop, type Place, placeAfter, placeFor, type Row, rowsOf, type Step } from "./tree";

interface TreeProps {
  departments: Department[];
  search: string;
  chosen: string | null;
  onChoose: (id: string) => void;
  /** Without it the tree cannot be rearranged. */
  onMove?: (id: string, place: Place) => void;
}

interface Hover {
  id: string;
  drop: Drop;
}

const STEPS: Record<string, Step> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowRight: "in",
  ArrowLeft: "out",
};

export function DepartmentTree({ departments, search, chosen, onChoose, onMove }: TreeProps) {
  const { t } = useTranslation("organisation");
  const narrow = useNarrow();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const rows = rowsOf(departments, folded, search);
  const stop = rows.some(({ node }) => node.id === focused) ? focused : rows[0]?.node.id;

  const fold = (id: string, closed: boolean) => {
    const next = new Set(folded);
    closed ? next.add(id) : next.delete(id);
    setFolded(next);
  };
  const focus = (id: string | undefined) => {
    if (id === undefined) return;
    setFocused(id);
    tree.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, row: Row<Department>) => {
    const { id } = row.node;
    const at = rows.findIndex(({ node }) => node.id === id);
    const step = STEPS[event.key];
    if (event.altKey && step !== undefined) {
      event.preventDefault();
      const place = onMove === undefined ? null : placeAfter(departments, id, step);
      if (place === null) return;
      if (place.parent_id !== null) fold(place.parent_id, false);
      onMove?.(id, place);
      requestAnimationFrame(() => focus(id));
      return;
    }
    const keys: Record<string, () => void> = {
      ArrowDown: () => focus(rows[at + 1]?.node.id),
      ArrowUp: () => focus(rows[at - 1]?.node.id),
      Home: () => focus(rows[0]?.node.id),
      End: () => focus(rows.at(-1)?.node.id),
      ArrowRight: () =>
        row.children > 0 && !row.open ? fold(id, false) : focus(rows[at + 1]?.node.id),
      ArrowLeft: () =>
        row.children > 0 && row.open ? fold(id, true) : focus(row.node.parent_id ?? undefined),
      Enter: () => onChoose(id),
      " ": () => onChoose(id),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const dropAt = (event: DragEvent<HTMLElement>): Drop => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientY - box.top) / box.height;
    return share < 0.28 ? "before" : share > 0.72 ? "after" : "inside";
  };
  if (rows.length === 0) return <p className="hr-muted">{t("departments.none_found")}</p>;
  return (
    <>
      <div
        className="hr-org-tree"
        role="tree"
        aria-label={t("departments.tree")}
        ref={tree}
        data-testid="department-tree"
      >
        {rows.map((row) => {
          const { node, level } = row;
          const place = hover?.id === node.id ? hover.drop : undefined;
          return (
            <div
              key={node.id}
              role="treeitem"
              className="hr-org-branch"
              aria-level={level + 1}
              aria-setsize={row.count}
              aria-posinset={row.index}
              aria-selected={node.id === chosen}
              aria-expanded={row.children > 0 ? row.open : undefined}
              tabIndex={node.id === stop ? 0 : -1}
              data-id={node.id}
              data-found={row.found || undefined}
              data-drop={place}
              data-dragged={dragged === node.id || undefined}
              data-testid={`department-${node.name}`}
              style={{ paddingInlineStart: 6 + level * (narrow ? 14 : 20) }}
              draggable={onMove !== undefined}
              onClick={() => onChoose(node.id)}
              onFocus={() => setFocused(node.id)}
              onKeyDown={(event) => onKeyDown(event, row)}
              onDragStart={(event) => {
                event.dataTransfer.effectAllowed = "move";
                event.dataTransfer.setData("text/plain", node.name);
                setDragged(node.id);
              }}
              onDragEnd={() => {
                setDragged(null);
                setHover(null);
              }}
              onDragOver={(event) => {
                if (dragged === null) return;
                const drop = dropAt(event);
                const fits = placeFor(departments, dragged, node.id, drop) !== null;
                if (fits) event.preventDefault();
                const next = fits ? { id: node.id, drop } : null;
                if (next?.id !== hover?.id || next?.drop !== hover?.drop) setHover(next);
              }}
              onDrop={(event) => {
                event.preventDefault();
                const drop = dropAt(event);
                const to = dragged === null ? null : placeFor(departments, dragged, node.id, drop);
                if (to !== null && dragged !== null) onMove?.(dragged, to);
                if (drop === "inside") fold(node.id, false);
                setDragged(null);
                setHover(null);
              }}
            >
              {row.children > 0 ? (
                <button
                  type="button"
                  className="hr-org-fold"
                  tabIndex={-1}
                  aria-label={t(row.open ? "departments.fold" : "departments.unfold", {
                    name: node.name,
                  })}
                  onClick={(event) => {
                    event.stopPropagation();
                    fold(node.id, row.open);
                  }}
                >
                  {row.open ? (
                    <CaretDownOutlined aria-hidden />
                  ) : (
                    <CaretRightOutlined aria-hidden />
                  )}
                </button>
              ) : (
                <span className="hr-org-fold" />
              )}
              <span className="hr-org-name">{node.name}</span>
              <span className="hr-org-heads">
                {node.heads.length > 0 ? node.heads.map(({ name }) => name).join(t("comma")) : ""}
              </span>
              <span
                className="hr-org-count"
                title={t("count_with_below", { count: node.people_all })}
              >
                {node.people_all}
              </span>
            </div>
          );
        })}
      </div>
      {onMove !== undefined && (
        <p className="hr-muted hr-small hr-org-keys">
          {t(narrow ? "departments.keys_short" : "departments.keys")}
        </p>
      )}
    </>
  );
}
