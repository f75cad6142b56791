// Choose people: by a part of their name, from those chosen lately, or down the tree of departments. It stands in the page and
// opens no window of its own, so it works in a dialog, in a sheet and on a phone alike.
//
//     <PeoplePicker label={t("to")} value={ids} onChange={(ids, people) => …} max={1} exclude={[me]} testId="to" />

import { ApartmentOutlined, CheckOutlined, CloseOutlined, SearchOutlined } from "@ant-design/icons";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { useErrorText } from "../ui/errorText";
import { useDelayed } from "../ui/useDelayed";
import {
  below,
  type Colleague,
  keepRecent,
  type PersonRef,
  recentPeople,
  useColleagues,
  useDepartments,
  wayTo,
} from "./people";
import "../ui/form/SchemaForm.css";
import "../shell/UserMenu.css";
import "./people.css";

export interface PeoplePickerProps {
  /** Ids of users. */
  value: string[];
  onChange: (ids: string[], people: PersonRef[]) => void;
  label: string;
  /** At most so many; with one, choosing another takes its place. */
  max?: number | undefined;
  /** Not to be chosen: oneself, or who is there already. */
  exclude?: string[] | undefined;
  /** Names of people chosen before. */
  known?: PersonRef[] | undefined;
  /** Only these may be chosen; then there is nothing to search on the server. */
  among?: PersonRef[] | undefined;
  help?: string | undefined;
  problem?: string | undefined;
  disabled?: boolean | undefined;
  required?: boolean | undefined;
  testId?: string | undefined;
}

export function PeoplePicker(props: PeoplePickerProps) {
  const { value, onChange, label, max, exclude = [], known = [], among, disabled = false } = props;
  const { t } = useTranslation("people");
  const owner = useSession((state) => state.user?.id ?? "");
  const id = useId();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(value.length === 0);
  const [names, setNames] = useState<PersonRef[]>(known);
  const testId = props.testId ?? "people";
  const nameOf = (one: string) =>
    [...names, ...known, ...(among ?? [])].find((person) => person.id === one)?.name ?? one;
  const set = (ids: string[], added: PersonRef[] = []) => {
    const all = [...added, ...names];
    setNames(all);
    onChange(
      ids,
      ids.map((one) => all.find((person) => person.id === one) ?? { id: one, name: nameOf(one) }),
    );
  };
  const toggle = (person: PersonRef) => {
    if (value.includes(person.id)) return set(value.filter((one) => one !== person.id));
    keepRecent(owner, [person]);
    setTyped("");
    if (max === 1) setOpen(false);
    return set(max === 1 ? [person.id] : [...value, person.id], [person]);
  };
  const full = max !== undefined && max > 1 && value.length >= max;
  const described = [props.help ? `${id}-help` : "", props.problem ? `${id}-error` : ""].join(" ");
  return (
    <fieldset
      className={props.problem ? "hr-field hr-field-wrong hr-people" : "hr-field hr-people"}
      disabled={disabled}
      data-testid={testId}
    >
      <legend className="hr-field-label">
        {label}
        {props.required && <span className="hr-field-required"> *</span>}
      </legend>
      {props.help && (
        <p className="hr-field-help" id={`${id}-help`}>
          {props.help}
        </p>
      )}
      {value.length > 0 && (
        <ul className="hr-people-chosen" aria-label={t("chosen")}>
          {value.map((one) => (
            <li key={one}>
              <span className="hr-avatar hr-avatar-small" aria-hidden>
                {signOf(nameOf(one))}
              </span>
              <span>{nameOf(one)}</span>
              {!disabled && (
                <button
                  type="button"
                  className="hr-people-remove"
                  aria-label={t("remove", { name: nameOf(one) })}
                  onClick={() => set(value.filter((other) => other !== one))}
                  data-testid={`${testId}-remove-${one}`}
                >
                  <CloseOutlined aria-hidden />
                </button>
              )}
            </li>
          ))}
          {!open && !disabled && !full && (
            <li className="hr-people-again">
              <button type="button" onClick={() => setOpen(true)} data-testid={`${testId}-change`}>
                {t(max === 1 ? "change" : "add")}
              </button>
            </li>
          )}
        </ul>
      )}
      {(open || value.length === 0) && !full && !disabled && (
        <div className="hr-people-find">
          <label className="hr-search">
            <SearchOutlined aria-hidden />
            <span className="hr-hidden">{t("search")}</span>
            <input
              type="search"
              value={typed}
              placeholder={t("search")}
              autoComplete="off"
              aria-describedby={described.trim() || undefined}
              aria-controls={`${id}-list`}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={(event) => fromSearch(event, `${id}-list`)}
              data-testid={`${testId}-search`}
            />
          </label>
          <div className="hr-people-list" id={`${id}-list`}>
            <Found
              typed={typed}
              among={among}
              exclude={exclude}
              value={value}
              owner={owner}
              onToggle={toggle}
              testId={testId}
            />
          </div>
        </div>
      )}
      {props.problem && (
        <p className="hr-field-error" role="alert" id={`${id}-error`}>
          {props.problem}
        </p>
      )}
    </fieldset>
  );
}

interface FoundProps {
  typed: string;
  among: PersonRef[] | undefined;
  exclude: string[];
  value: string[];
  owner: string;
  onToggle: (person: PersonRef) => void;
  testId: string;
}

function Found(props: FoundProps) {
  const { typed, among, exclude } = props;
  const { t } = useTranslation("people");
  const textOf = useErrorText();
  const search = useDelayed(typed.trim());
  const [department, setDepartment] = useState<string | null>(null);
  const people = useColleagues(
    among ? "" : search,
    among || search !== "" ? null : department, // a word is looked for in the whole house
  );
  const departments = useDepartments(among === undefined);
  const allowed = (each: PersonRef[]) => each.filter((person) => !exclude.includes(person.id));
  if (among !== undefined) {
    const wanted = typed.trim().toLowerCase();
    const shown = allowed(among).filter((each) => each.name.toLowerCase().includes(wanted));
    return <Rows {...props} people={shown} empty={t("nobody")} />;
  }
  if (search !== "") {
    if (people.error) return <p className="hr-field-error">{textOf(people.error)}</p>;
    if (people.data === undefined) return <Waiting />;
    return (
      <Rows {...props} people={allowed(people.data.items)} empty={t("nobody_named", { search })} />
    );
  }
  const tree = departments.data?.items ?? [];
  const recent = allowed(recentPeople(props.owner));
  const here = below(tree, department);
  const way = wayTo(tree, department);
  return (
    <>
      {department === null && recent.length > 0 && (
        <>
          <p className="hr-people-group">{t("recent")}</p>
          <Rows {...props} people={recent} />
        </>
      )}
      {way.length > 0 && (
        <nav className="hr-people-way" aria-label={t("departments")}>
          <button type="button" onClick={() => setDepartment(null)}>
            {t("house")}
          </button>
          {way.map((each) => (
            <button
              key={each.id}
              type="button"
              aria-current={each.id === department ? "page" : undefined}
              onClick={() => setDepartment(each.id)}
            >
              {each.name}
            </button>
          ))}
        </nav>
      )}
      {department === null && here.length > 0 && (
        <p className="hr-people-group">{t("departments")}</p>
      )}
      <ul>
        {here.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              className="hr-people-row"
              onClick={() => setDepartment(each.id)}
              data-testid={`${props.testId}-department-${each.id}`}
            >
              <span className="hr-people-sign" aria-hidden>
                <ApartmentOutlined />
              </span>
              <span className="hr-people-name">{each.name}</span>
              <span className="hr-muted hr-small">{each.people_all ?? each.people ?? ""}</span>
            </button>
          </li>
        ))}
      </ul>
      {department !== null &&
        (people.data === undefined ? (
          <Waiting />
        ) : (
          <Rows
            {...props}
            people={allowed(people.data.items)}
            {...(here.length === 0 ? { empty: t("nobody_here") } : {})}
          />
        ))}
      {department === null && recent.length === 0 && here.length === 0 && (
        <p className="hr-people-hint">{t("type_a_name")}</p>
      )}
    </>
  );
}

function Waiting() {
  const { t } = useTranslation("app");
  return (
    <div className="hr-loading hr-people-waiting" role="status" aria-label={t("state.loading")}>
      <div className="hr-skeleton" />
      <div className="hr-skeleton" />
    </div>
  );
}

interface RowsProps extends FoundProps {
  people: Colleague[];
  empty?: ReactNode;
}

function Rows({ people, value, onToggle, testId, empty }: RowsProps) {
  const { t } = useTranslation("people");
  if (people.length === 0) {
    return empty === undefined ? null : <p className="hr-people-hint">{empty}</p>;
  }
  return (
    <ul>
      {people.map((person) => {
        const chosen = value.includes(person.id);
        const place = [
          person.departments?.find((each) => each.main)?.name ?? person.departments?.[0]?.name,
          person.posts?.[0]?.name,
        ].filter(Boolean);
        return (
          <li key={person.id}>
            <button
              type="button"
              className="hr-people-row"
              aria-pressed={chosen}
              onClick={() => onToggle({ id: person.id, name: person.name })}
              onKeyDown={alongRows}
              data-testid={`${testId}-person-${person.login ?? person.id}`}
            >
              <span className="hr-avatar hr-avatar-small" aria-hidden>
                {signOf(person.name)}
              </span>
              <span className="hr-people-name">
                {person.name}
                {place.length > 0 && <small>{place.join(" · ")}</small>}
                {person.away && (
                  <small className="hr-tone-warn">
                    {person.away.substitute
                      ? t("away_with", { name: person.away.substitute.name })
                      : t("away")}
                  </small>
                )}
              </span>
              {chosen && <CheckOutlined aria-hidden />}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Down from the search is the first found; Enter takes it. */
function fromSearch(event: KeyboardEvent<HTMLInputElement>, list: string): void {
  if (event.nativeEvent.isComposing) return;
  const first = document.getElementById(list)?.querySelector<HTMLElement>(".hr-people-row");
  if (event.key === "ArrowDown" && first) first.focus();
  else if (event.key === "Enter" && event.currentTarget.value.trim() !== "") first?.click();
  else return;
  event.preventDefault();
}

function alongRows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const list = event.currentTarget.closest(".hr-people-list");
  const rows = [...(list?.querySelectorAll<HTMLElement>(".hr-people-row") ?? [])];
  const next =
    rows[rows.indexOf(event.currentTarget as HTMLElement) + (event.key === "ArrowDown" ? 1 : -1)];
  const search = list?.parentElement?.querySelector<HTMLElement>("input");
  (next ?? (event.key === "ArrowUp" ? search : undefined))?.focus();
  event.preventDefault();
}

/** The last two characters of a Chinese name, else the first letter. */
export function signOf(name: string): string {
  return /[a-z]/i.exec(name)?.[0].toUpperCase() ?? name.trim().slice(-2);
}
