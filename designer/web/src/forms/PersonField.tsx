// A person or a department as the value of a field: found by typing a part of the name.

import { CloseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, query } from "../api/client";
import type { Page } from "../api/types";
import { type Colleague, type Department, wayTo } from "../people/people";
import { type ControlProps, inputProps } from "../ui/form/Control";
import { useFormContext } from "./context";

const FOUND_MAX = 8;

interface Found {
  id: string;
  name: string;
  hint: string;
}

export function PersonField(props: ControlProps) {
  return (
    <Finder
      {...props}
      source="people"
      find={async (search, signal) => {
        const filter = query({ search, state: "active", limit: FOUND_MAX });
        const page = await api.get<Page<Colleague>>(`/api/people${filter}`, { signal });
        return page.items.map(({ id, name, departments }) => ({
          id,
          name,
          hint: departments?.[0]?.name ?? "",
        }));
      }}
    />
  );
}

export function DepartmentField(props: ControlProps) {
  return (
    <Finder
      {...props}
      source="departments"
      find={async (search, signal) => {
        const page = await api.get<Page<Department>>("/api/departments?limit=200", { signal });
        return page.items
          .filter(({ name }) => name.includes(search))
          .slice(0, FOUND_MAX)
          .map((each) => {
            const above = wayTo(page.items, each.parent_id).map(({ name }) => name);
            return { id: each.id, name: each.name, hint: above.join(" / ") };
          });
      }}
    />
  );
}

interface FinderProps extends ControlProps {
  source: string;
  find: (search: string, signal: AbortSignal) => Promise<Found[]>;
}

function Finder(props: FinderProps) {
  const { name, value, onChange, disabled, source, find } = props;
  const { t } = useTranslation("forms");
  const { form } = useFormContext();
  const list = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Found | null>(null);
  const [active, setActive] = useState(0);
  const { data: found = [], isFetching } = useQuery({
    queryKey: ["forms", source, typed],
    queryFn: ({ signal }) => find(typed ?? "", signal),
    enabled: typed !== null,
    staleTime: 30_000,
  });
  const known = typeof value === "string" ? value : "";
  const shown = chosen?.id === known ? chosen.name : (form.names?.[known] ?? known);
  const choose = (one: Found | undefined) => {
    if (!one) return;
    setChosen(one);
    setTyped(null);
    onChange(one.id);
  };
  const open = typed !== null;
  return (
    <div className="hr-finder">
      <input
        {...inputProps(props)}
        type="text"
        role="combobox"
        autoComplete="off"
        aria-expanded={open}
        aria-controls={list}
        aria-activedescendant={open && found[active] ? `${list}-${active}` : undefined}
        placeholder={t(`find.${source}`)}
        value={typed ?? shown}
        onChange={(event) => {
          setTyped(event.target.value);
          setActive(0);
        }}
        onFocus={() => !known && setTyped("")}
        onBlur={() => setTyped(null)}
        onKeyDown={(event) => {
          if (!open) return;
          if (event.key === "ArrowDown") setActive(Math.min(active + 1, found.length - 1));
          else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
          else if (event.key === "Enter") choose(found[active]);
          else if (event.key === "Escape") setTyped(null);
          else return;
          event.preventDefault();
        }}
      />
      {known !== "" && !disabled && (
        <button
          type="button"
          className="hr-icon-link"
          aria-label={t("find.clear")}
          onClick={() => {
            setTyped(null);
            onChange(undefined);
          }}
        >
          <CloseOutlined aria-hidden />
        </button>
      )}
      {open && (
        <div id={list} role="listbox" className="hr-finder-list" aria-label={t(`find.${source}`)}>
          {found.map((one, index) => (
            <div
              key={one.id}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(one);
              }}
              data-testid={`option-${name}-${one.id}`}
            >
              {one.name} <span className="hr-muted">{one.hint}</span>
            </div>
          ))}
          {found.length === 0 && (
            <p className="hr-muted">{t(isFetching ? "find.searching" : "find.nothing")}</p>
          )}
        </div>
      )}
    </div>
  );
}
