// The boxes with their counters, and what of a box is shown: a search, one flow, only what is late, and the order.

import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { SearchField } from "../../ui/SearchField";
import { useText } from "../../ui/text";
import { BOXES, type Box, type Filters, type Sort } from "./boxes";
import { useCounts } from "./queries";
import type { TaskItem } from "./task";
import { useTaskFlows } from "./useTaskFlows";

const MOST = 99;

export function BoxTabs({ box }: { box: Box }) {
  const { t } = useTranslation("tasks");
  const counts = useCounts();
  const countOf = (name: Box) => (name === "todo" || name === "cc" ? (counts?.[name] ?? 0) : 0);
  return (
    <nav className="hr-boxes" aria-label={t("boxes")}>
      {BOXES.map((name) => (
        <NavLink
          key={name}
          to={`/tasks/${name}`}
          className={name === box ? "active" : ""}
          aria-current={name === box ? "page" : undefined}
          data-testid={`box-${name}`}
        >
          {t(`box.${name}`)}
          {countOf(name) > 0 && (
            <span className="hr-box-count" data-testid={`count-${name}`}>
              {countOf(name) > MOST ? `${MOST}+` : countOf(name)}
            </span>
          )}
        </NavLink>
      ))}
    </nav>
  );
}

interface FilterBarProps {
  box: Box;
  filters: Filters;
  tasks: TaskItem[] | undefined;
  onChange: (filters: Filters) => void;
}

export function FilterBar({ box, filters, tasks, onChange }: FilterBarProps) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const late = useCounts()?.late ?? 0;
  const flows = useTaskFlows(box, tasks, filters.flow);
  const sorts: Sort[] = ["due", "new"];
  return (
    <div className="hr-inbox-filters">
      <SearchField
        label={t("search")}
        value={filters.search}
        onChange={(search) => onChange({ ...filters, search })}
      />
      <div className="hr-inbox-chips">
        {(flows.length > 1 || filters.flow !== "") && (
          <label className="hr-chip">
            <span className="hr-hidden">{t("filter.flow")}</span>
            <select
              value={filters.flow}
              onChange={(event) => onChange({ ...filters, flow: event.target.value })}
              data-testid="filter-flow"
            >
              <option value="">{t("filter.all_flows")}</option>
              {flows.map((flow) => (
                <option key={flow.key} value={flow.key}>
                  {text(flow.name) || flow.key}
                  {flow.count === undefined ? "" : ` (${flow.count})`}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="hr-chip">
          <span className="hr-hidden">{t("filter.sort")}</span>
          <select
            value={filters.sort}
            onChange={(event) => onChange({ ...filters, sort: event.target.value as Sort })}
            data-testid="filter-sort"
          >
            {sorts.map((sort) => (
              <option key={sort} value={sort}>
                {t(`filter.sort_${sort}`)}
              </option>
            ))}
          </select>
        </label>
        {box === "todo" && (
          <button
            type="button"
            className="hr-chip"
            aria-pressed={filters.late}
            onClick={() => onChange({ ...filters, late: !filters.late })}
            data-testid="filter-late"
          >
            {t("filter.late")}
            {late > 0 && <span className="hr-box-count hr-box-count-late">{late}</span>}
          </button>
        )}
      </div>
    </div>
  );
}
