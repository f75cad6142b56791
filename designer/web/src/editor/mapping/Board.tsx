// The mapping editor: what is available at the left, the form at the right, and a line for every value that goes across.
//
// Draws and dispatches; what a line means is decided in connect.ts, what is written in entry.ts.

import {
  ClearOutlined,
  PlusOutlined,
  RedoOutlined,
  SearchOutlined,
  ThunderboltOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Input } from "antd";
import {
  type KeyboardEvent,
  type PointerEvent as ReactPointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import type { Variable } from "../variables";
import { Alike } from "./Alike";
import { type Suggestion, suggestions } from "./alike";
import { joined } from "./connect";
import { Detail } from "./Detail";
import { type Entry, textOf } from "./entry";
import { at, counted, type Fields, put } from "./mapping";
import { type Fitting, Rows, useEntryWords, useWhyWords } from "./Rows";
import { flat as allSources, indexOf, matching, originOf, readBy, type Source } from "./sources";
import { Tree } from "./Tree";
import {
  flat as allTargets,
  keyOf,
  namesOfExample,
  partsOf,
  type Target,
  withNames,
  withOwn,
} from "./targets";
import { curve, type Line, useLines } from "./useLines";
import { usePreview } from "./usePreview";
import "./mapping.css";

/** What a change is called in the history. */
export type Deed =
  | "mapField"
  | "unmapField"
  | "mapAutomatically"
  | "clearMapping"
  | "changeTransform";

export interface BoardProps {
  sources: readonly Source[];
  targets: readonly Target[];
  fields: Fields;
  onFields: (fields: Fields, deed: Deed) => void;
  variables: readonly Variable[];
  sample: Readonly<Record<string, unknown>>;
  /** A later field may use an earlier one by its name. */
  inTurn: boolean;
  /** Fields of one's own may be added: what their names must be. */
  own?: RegExp | undefined;
  disabled: boolean;
  onUndo?: (() => void) | undefined;
  onRedo?: (() => void) | undefined;
  /** While the form is still being fetched. */
  loading?: boolean;
}

type View = "all" | "open";

const NARROW = "(max-width: 819px)";
/** A press that moved less is a click. */
const DRAG_FROM = 5;

export function Board(props: BoardProps) {
  const { sources, fields, onFields, disabled, variables, sample, own } = props;
  const { t } = useTranslation("mapping");
  const narrow = useNarrow();
  const board = useRef<HTMLDivElement>(null);
  const [search, setSearch] = useState("");
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => foldedAtFirst(sources));
  const [focused, setFocused] = useState<string | null>(null);
  const [armed, setArmed] = useState<string | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const [view, setView] = useState<View>("all");
  const [added, setAdded] = useState<readonly string[]>([]);
  const [alike, setAlike] = useState<readonly Suggestion[] | null>(null);
  const [said, setSaid] = useState("");

  const form = useMemo(
    () => withOwn(withNames(props.targets, added), fields),
    [props.targets, fields, added],
  );
  const targets = useMemo(() => allTargets(form), [form]);
  const above = useMemo(() => parentsOf(form), [form]);
  const known = useMemo(() => indexOf(sources), [sources]);
  const parents = useMemo(() => keysAbove(sources), [sources]);
  const preview = usePreview(fields, sample, props.inTurn);
  const found = useMemo(() => matching(sources, search), [sources, search]);
  const count = useMemo(() => counted(fields, form), [fields, form]);
  const lines = useMemo(() => linesOf(fields, targets, known), [fields, targets, known]);
  const used = useMemo(() => new Set(lines.map((line) => line.source)), [lines]);
  const whyWords = useWhyWords();
  const entryWords = useEntryWords(known);

  const tryJoin = (target: Target, source: Source) =>
    joined(fields, target, above.get(target.key), source);
  useEffect(() => {
    // A keyboard begins where one looks for something.
    const first = board.current?.querySelector<HTMLElement>(".hr-map-search input, .hr-map-row");
    const timer = setTimeout(() => {
      const elsewhere = !board.current?.contains(window.document.activeElement);
      if (elsewhere) first?.focus({ preventScroll: true });
    }, 60);
    return () => clearTimeout(timer);
  }, []);
  const active = armed === null ? undefined : known.get(armed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `joined` is pure over what stands here
  const fitting = useMemo(
    () =>
      active === undefined
        ? null
        : new Map(
            targets.map((target): [string, Fitting] => [target.key, tryJoin(target, active)]),
          ),
    [active, targets, fields],
  );
  const shown = view === "open" ? onlyOpen(form, fields) : form;

  const connect = (target: Target, source: Source) => {
    const done = tryJoin(target, source);
    if (!done.ok) {
      setSaid(whyWords(done.why));
      return;
    }
    onFields(done.fields, "mapField");
    setArmed(null);
    setSaid(t("connected", { source: source.title, target: target.title }));
    focusTarget(board.current, target.key);
  };
  const clear = (target: Target) => {
    onFields(put(fields, target.path, undefined), "unmapField");
    // What has no place of its own in the form stays in sight until one leaves.
    if (target.own) setAdded([...added, ...namesUnder(target, above)]);
    setSaid(t("unmapped", { name: target.title }));
    focusTarget(board.current, target.key);
  };
  const arm = (key: string, by: "key" | "press") => {
    const next = armed === key ? null : key;
    setArmed(next);
    const source = known.get(key);
    if (next === null || source === undefined) return;
    setSaid(t("armed", { name: source.title }));
    if (by === "key") {
      const fit = targets.filter((target) => tryJoin(target, source).ok);
      const goal = fit.find((target) => at(fields, target.path).entry === undefined) ?? fit[0];
      focusTarget(board.current, (goal ?? targets[0])?.key ?? "");
    }
  };
  const press = (target: Target) => {
    if (active !== undefined) return connect(target, active);
    setOpened(opened === target.key ? null : target.key);
    if (opened !== target.key) showDetail(board.current, target.key);
  };
  const add = (names: readonly string[]) => {
    setAdded([...new Set([...added, ...names])]);
    const first = partsOf(names[0] ?? "").map((part) => part.name);
    focusTarget(board.current, keyOf(first));
  };
  const addFor = (source: Source) => {
    const name = freeName(String(source.from.at(-1) ?? ""), targets, own);
    const done = put(
      fields,
      [name],
      textOf({ kind: "link", from: source.from, steps: source.steps }),
    );
    setAdded([...added, name]);
    onFields(done, "mapField");
    setArmed(null);
    focusTarget(board.current, name);
  };
  const take = (taken: readonly Suggestion[]) => {
    const next = taken.reduce<Fields>((all, { target, source }) => {
      const done = joined(all, target, above.get(target.key), source);
      return done.ok ? done.fields : all;
    }, fields);
    onFields(next, "mapAutomatically");
    setAlike(null);
    setSaid(t("alike.done", { count: taken.length }));
  };
  const drag = useDrag(board, known, (source, key) => {
    if (key === NEW) return addFor(source);
    const target = targets.find((each) => each.key === key);
    if (target !== undefined) connect(target, source);
  });
  useEffect(() => {
    if (drag.source !== null) setArmed(drag.source);
  }, [drag.source]);

  const targetKeys = (event: KeyboardEvent, target: Target) => {
    const rows = [...(board.current?.querySelectorAll<HTMLElement>(".hr-map-row") ?? [])];
    const index = rows.indexOf(event.currentTarget as HTMLElement);
    if ((event.key === "Delete" || event.key === "Backspace") && !disabled) clear(target);
    else if (event.key === "ArrowDown") rows[Math.min(rows.length - 1, index + 1)]?.focus();
    else if (event.key === "ArrowUp") rows[Math.max(0, index - 1)]?.focus();
    else if (event.key === "ArrowLeft") backToSources(board.current);
    else return;
    event.preventDefault();
  };
  const keys = (event: KeyboardEvent) => {
    const typing = (event.target as HTMLElement).closest(
      "input, textarea, [role=combobox], .cm-content",
    );
    const key = event.key.toLowerCase();
    if (event.key === "Escape" && armed !== null) {
      setArmed(null);
      setSaid(t("disarmed"));
      focusSource(board.current, armed);
    } else if (event.key === "Escape" && opened !== null && !typing) {
      setOpened(null);
      focusTarget(board.current, opened);
    } else if ((event.ctrlKey || event.metaKey) && !typing && key === "z" && !event.shiftKey) {
      props.onUndo?.();
    } else if (
      (event.ctrlKey || event.metaKey) &&
      !typing &&
      (key === "y" || (key === "z" && event.shiftKey))
    ) {
      props.onRedo?.();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that reach here from the rows inside
    <div
      className="hr-map"
      data-testid="mapping"
      onKeyDown={keys}
      data-narrow={narrow || undefined}
    >
      <div className="hr-map-bar">
        <span className="hr-map-count" data-testid="map-count">
          {t("count", { filled: count.filled, all: count.all })}
          {count.missing.length > 0 && (
            <button
              type="button"
              className="hr-map-missing"
              onClick={() => focusTarget(board.current, count.missing[0]?.key ?? "")}
              data-testid="map-missing"
            >
              {t("missing", { count: count.missing.length })}
            </button>
          )}
        </span>
        <Segments<View>
          label={t("view.label")}
          options={[
            { value: "all", title: t("view.all") },
            { value: "open", title: t("view.open") },
          ]}
          value={view}
          onChange={setView}
          testId="map-view"
        />
        <span className="hr-map-hands">
          <Button
            icon={<ThunderboltOutlined />}
            disabled={disabled}
            onClick={() => setAlike(suggestions(fields, form, sources))}
            data-testid="map-alike-open"
          >
            {t("alike.open")}
          </Button>
          <Button
            icon={<ClearOutlined />}
            disabled={disabled || count.filled === 0}
            onClick={() => {
              onFields([], "clearMapping");
              setSaid(t("cleared"));
            }}
            aria-label={t("clear")}
            title={t("clear")}
            data-testid="map-clear-all"
          />
          <Button
            type="text"
            icon={<UndoOutlined />}
            disabled={disabled || props.onUndo === undefined}
            onClick={props.onUndo}
            aria-label={t("undo")}
            title={t("undo")}
            data-testid="map-undo"
          />
          <Button
            type="text"
            icon={<RedoOutlined />}
            disabled={disabled || props.onRedo === undefined}
            onClick={props.onRedo}
            aria-label={t("redo")}
            title={t("redo")}
            data-testid="map-redo"
          />
        </span>
      </div>
      {alike !== null && <Alike found={alike} onTake={take} onClose={() => setAlike(null)} />}
      <div className="hr-map-board" ref={board} data-dragging={drag.source !== null || undefined}>
        {!narrow && (
          <div className="hr-map-pane" data-pane="sources">
            <div className="hr-map-search">
              <Input
                prefix={<SearchOutlined />}
                allowClear
                value={search}
                placeholder={t("search")}
                aria-label={t("search")}
                onChange={(event) => setSearch(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key !== "ArrowDown") return;
                  event.preventDefault();
                  backToSources(board.current);
                }}
                data-testid="map-search"
              />
            </div>
            <Tree
              sources={found}
              folded={search === "" ? folded : NOTHING}
              onFold={(key, fold) => setFolded(toggled(folded, key, fold))}
              armed={armed}
              used={used}
              disabled={disabled}
              focused={focused}
              onFocus={setFocused}
              onChoose={arm}
              onGrab={drag.grab}
            />
          </div>
        )}
        {!narrow && (
          <Lines
            board={board}
            lines={lines}
            parents={parents}
            moved={[folded, search, opened, view, alike, form, fields, preview]}
            active={opened}
            words={(key) => {
              const target = targets.find((each) => each.key === key);
              const place = target && at(fields, target.path);
              if (!place?.entry) return "";
              return stepsOf(place.entry, place.text ?? "", place.list, entryWords);
            }}
            label={(key) => targets.find((each) => each.key === key)?.title ?? ""}
            onPress={(key) => {
              setOpened(key);
              focusTarget(board.current, key);
            }}
            drawing={drag.shape}
          />
        )}
        <section className="hr-map-pane" data-pane="targets" aria-label={t("targets")}>
          <div>
            {props.loading && <p className="hr-map-none">{t("loading")}</p>}
            {!props.loading && form.length === 0 && (
              <p className="hr-map-none">{t(own ? "no_target_yet" : "no_target")}</p>
            )}
            {form.length > 0 && shown.length === 0 && (
              <p className="hr-map-none">{t("all_full")}</p>
            )}
            <Rows
              targets={shown}
              fields={fields}
              known={known}
              preview={preview}
              opened={opened}
              over={drag.over}
              fitting={fitting}
              disabled={disabled}
              onPress={press}
              onClear={clear}
              onKeys={targetKeys}
              detail={(target) => (
                <Detail
                  target={target}
                  found={at(fields, target.path)}
                  sources={sources}
                  known={known}
                  variables={variables}
                  sample={sample}
                  disabled={disabled}
                  whyNot={(source) => {
                    const done = tryJoin(target, source);
                    return done.ok ? undefined : whyWords(done.why);
                  }}
                  onSource={(key) => {
                    const source = known.get(key);
                    if (source !== undefined) connect(target, source);
                  }}
                  onText={(text, typed) =>
                    onFields(put(fields, target.path, text), typed ? "changeTransform" : "mapField")
                  }
                />
              )}
            />
            {own !== undefined && !disabled && (
              <NewField
                own={own}
                taken={targets}
                active={active}
                over={drag.over === NEW}
                onAdd={add}
                nested={!props.inTurn}
                onFor={addFor}
              />
            )}
          </div>
        </section>
      </div>
      <p className="hr-map-foot" role="status" data-testid="map-said">
        {active !== undefined
          ? t("armed", { name: active.title })
          : said || t(narrow ? "hint_narrow" : "hint")}
      </p>
    </div>
  );
}

const NEW = "\u0000new";
const NOTHING: ReadonlySet<string> = new Set();

interface NewFieldProps {
  own: RegExp;
  taken: readonly Target[];
  active: Source | undefined;
  over: boolean;
  onAdd: (names: readonly string[]) => void;
  /** Records inside of records, and an example to take the names from. */
  nested: boolean;
  onFor: (source: Source) => void;
}

function NewField({ own, taken, active, over, onAdd, nested, onFor }: NewFieldProps) {
  const { t } = useTranslation("mapping");
  const [name, setName] = useState("");
  const [example, setExample] = useState<string | null>(null);
  const parts = nested ? partsOf(name) : [{ name, list: false }];
  const key = keyOf(parts.map((part) => part.name));
  const wrong =
    name !== "" &&
    (parts.some((part) => !own.test(part.name)) || taken.some((target) => target.key === key));
  const add = () => {
    if (name === "" || wrong) return;
    onAdd([name]);
    setName("");
  };
  const names = example === null ? [] : namesIn(example);
  if (example !== null) {
    return (
      <div className="hr-map-new">
        <Input.TextArea
          autoSize={{ minRows: 4, maxRows: 10 }}
          value={example}
          aria-label={t("example")}
          placeholder={t("example_hint")}
          onChange={(event) => setExample(event.target.value)}
          data-testid="map-example"
        />
        <Button onClick={() => setExample(null)}>{t("alike.leave")}</Button>
        <Button
          type="primary"
          disabled={names.length === 0}
          onClick={() => {
            onAdd(names);
            setExample(null);
          }}
          data-testid="map-example-take"
        >
          {t("example_take", { count: names.length })}
        </Button>
      </div>
    );
  }
  return (
    <div className="hr-map-new" data-target={NEW} data-over={over || undefined}>
      {active === undefined ? (
        <>
          <Input
            value={name}
            {...(wrong ? { status: "error" as const } : {})}
            placeholder={t(nested ? "new_name_nested" : "new_name")}
            aria-label={t("new_name")}
            aria-invalid={wrong}
            onChange={(event) => setName(event.target.value)}
            onPressEnter={add}
            data-testid="map-new-name"
          />
          <Button icon={<PlusOutlined />} disabled={name === "" || wrong} onClick={add}>
            {t("new")}
          </Button>
          {nested && (
            <Button onClick={() => setExample("")} data-testid="map-example-open">
              {t("example")}
            </Button>
          )}
          {wrong && <p className="hr-map-hint">{t("name_wrong")}</p>}
        </>
      ) : (
        <Button block icon={<PlusOutlined />} onClick={() => onFor(active)} data-testid="map-new">
          {t("new_for", { name: active.title })}
        </Button>
      )}
    </div>
  );
}

function namesIn(text: string): string[] {
  try {
    return namesOfExample(JSON.parse(text));
  } catch {
    return [];
  }
}

/** How one would write the names of a field of one's own, and of those in it. */
function namesUnder(target: Target, above: ReadonlyMap<string, Target>): string[] {
  const whole = (one: Target): string => {
    const up = above.get(one.key);
    const name = one.path.at(-1) ?? "";
    return up === undefined ? name : `${whole(up)}${up.kind === "list" ? "[]" : ""}.${name}`;
  };
  const leaves = allTargets([target]).filter(({ children }) => children.length === 0);
  return leaves.map(whole);
}

interface LinesProps {
  board: React.RefObject<HTMLDivElement | null>;
  lines: readonly Line[];
  parents: ReadonlyMap<string, string>;
  moved: unknown[];
  active: string | null;
  words: (target: string) => string;
  label: (target: string) => string;
  onPress: (target: string) => void;
  drawing: string | null;
}

function Lines({
  board,
  lines,
  parents,
  moved,
  active,
  words,
  label,
  onPress,
  drawing,
}: LinesProps) {
  const { t } = useTranslation("mapping");
  // biome-ignore lint/correctness/useExhaustiveDependencies: by value; each is new only when it changed
  const when = useMemo(() => ({}), moved);
  const shapes = useLines(board, lines, parents, when);
  return (
    <div className="hr-map-gutter" data-testid="map-gutter">
      <svg className="hr-map-lines" aria-hidden="true">
        {shapes.map((shape) => (
          <path
            key={shape.key}
            d={shape.path}
            data-faint={shape.faint || undefined}
            data-line={shape.target}
            data-away={shape.away || undefined}
            data-active={active === shape.target || undefined}
          />
        ))}
        {drawing !== null && <path d={drawing} data-drawing />}
      </svg>
      {shapes.map((shape) => {
        const text = words(shape.target);
        if (shape.away || shape.faint || text === "") return null;
        return (
          <button
            key={shape.key}
            type="button"
            tabIndex={-1}
            className="hr-map-chip"
            style={{ left: shape.at.x, top: shape.at.y }}
            aria-label={t("chip", { name: label(shape.target), steps: text })}
            title={text}
            onClick={() => onPress(shape.target)}
          >
            {text}
          </button>
        );
      })}
    </div>
  );
}

/** What is done on a line, as short as it can be said. */
function stepsOf(
  entry: Entry,
  text: string,
  list: string | null,
  words: (text: string, entry: Entry, list: string | null) => string,
): string {
  if (entry.kind === "each") return "×";
  if (entry.kind !== "link") return "";
  return words(text, entry, list).split(" → ").slice(1).join(" → ");
}

function linesOf(
  fields: Fields,
  targets: readonly Target[],
  known: ReadonlyMap<string, Source>,
): Line[] {
  return targets.flatMap((target) => {
    const { entry, list } = at(fields, target.path);
    if (entry?.kind === "expression") {
      const keys = readBy(entry.text, known, list);
      return keys.map((source) => ({ target: target.key, source, faint: true }));
    }
    const origin = entry === undefined ? null : originOf(entry, known, list);
    return origin === null ? [] : [{ target: target.key, source: origin.key }];
  });
}

function onlyOpen(targets: readonly Target[], fields: Fields): Target[] {
  return targets.flatMap((target) => {
    const { entry, covered } = at(fields, target.path);
    const children = onlyOpen(target.children, fields);
    const whole = entry !== undefined && entry.kind !== "record" && entry.kind !== "each";
    if (covered !== undefined || whole) return [];
    if (entry === undefined) return [target];
    return children.length > 0 ? [{ ...target, children }] : [];
  });
}

function parentsOf(targets: readonly Target[], above?: Target): Map<string, Target> {
  const all = new Map<string, Target>();
  for (const target of targets) {
    if (above !== undefined) all.set(target.key, above);
    for (const [key, parent] of parentsOf(target.children, target)) all.set(key, parent);
  }
  return all;
}

function keysAbove(sources: readonly Source[], above?: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const source of sources) {
    if (above !== undefined) all.set(source.key, above);
    for (const [key, parent] of keysAbove(source.children, source.key)) all.set(key, parent);
  }
  return all;
}

/** Long lists begin folded: what is always there, and what lies inside of records that have a hundred fields. */
const LONG = 12;

function foldedAtFirst(sources: readonly Source[]): ReadonlySet<string> {
  const all = allSources(sources);
  if (all.length <= 2 * LONG) return NOTHING;
  return new Set(
    all
      .filter(({ kind, children }) => kind !== "group" && children.length > LONG)
      .map(({ key }) => key),
  );
}

function toggled(all: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(all);
  if (on) next.add(key);
  else next.delete(key);
  return next;
}

function freeName(wanted: string, targets: readonly Target[], own: RegExp | undefined): string {
  const plain = wanted
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^[^a-z]+/, "");
  const start = own === undefined || own.test(plain) ? plain || "field" : "field";
  const taken = new Set(targets.map(({ key }) => key));
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? start : `${start}_${count}`;
    if (!taken.has(name)) return name;
  }
}

// --- where the keyboard is ---------------------------------------------------------------------------

function focusTarget(board: HTMLElement | null, key: string): void {
  requestAnimationFrame(() => {
    const row = board?.querySelector<HTMLElement>(
      `[data-target="${CSS.escape(key)}"] > .hr-map-row`,
    );
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  });
}

function showDetail(board: HTMLElement | null, key: string): void {
  setTimeout(() => {
    const row = board?.querySelector(`[data-target="${CSS.escape(key)}"]`);
    row?.scrollIntoView?.({ block: "nearest" });
  }, 50);
}

function focusSource(board: HTMLElement | null, key: string): void {
  board?.querySelector<HTMLElement>(`[data-source="${CSS.escape(key)}"]`)?.focus();
}

function backToSources(board: HTMLElement | null): void {
  board?.querySelector<HTMLElement>('.hr-map-tree [tabindex="0"]')?.focus();
}

// --- by mouse ------------------------------------------------------------------------------------------

interface Dragging {
  source: string;
  from: { x: number; y: number };
  to: { x: number; y: number };
  over: string | null;
}

function useDrag(
  board: React.RefObject<HTMLDivElement | null>,
  known: ReadonlyMap<string, Source>,
  onDrop: (source: Source, target: string) => void,
) {
  const [now, setNow] = useState<Dragging | null>(null);
  const drop = useRef(onDrop);
  drop.current = onDrop;
  const grab = (key: string, event: ReactPointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const row = event.currentTarget.getBoundingClientRect();
    const start = { x: event.clientX, y: event.clientY };
    let moving: Dragging | null = null;
    const move = (to: PointerEvent) => {
      if (moving === null && Math.hypot(to.clientX - start.x, to.clientY - start.y) < DRAG_FROM)
        return;
      to.preventDefault();
      const area = board.current?.getBoundingClientRect();
      if (area === undefined) return;
      const under = window.document.elementFromPoint(to.clientX, to.clientY);
      moving = {
        source: key,
        from: { x: row.right - area.left, y: row.top + row.height / 2 - area.top },
        to: { x: to.clientX - area.left, y: to.clientY - area.top },
        over: under?.closest<HTMLElement>("[data-target]")?.dataset["target"] ?? null,
      };
      setNow(moving);
    };
    const stop = (last?: Event) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", cancel);
      window.removeEventListener("keydown", letGo, true);
      if (moving !== null && last?.type === "pointerup") swallowClick();
      setNow(null);
    };
    const up = (last: PointerEvent) => {
      const { over } = moving ?? { over: null };
      stop(last);
      const source = known.get(key);
      if (over !== null && source !== undefined) drop.current(source, over);
    };
    const cancel = () => stop();
    const letGo = (pressed: globalThis.KeyboardEvent) => {
      if (pressed.key !== "Escape" || moving === null) return;
      pressed.preventDefault();
      pressed.stopPropagation();
      stop();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", cancel);
    window.addEventListener("keydown", letGo, true);
  };
  return {
    grab,
    source: now?.source ?? null,
    over: now?.over ?? null,
    shape: now === null ? null : curve(now.from, now.to),
  };
}

/** A drag that ends is no press on what lies below it. */
function swallowClick(): void {
  const swallow = (event: MouseEvent) => {
    event.stopPropagation();
    event.preventDefault();
  };
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia?.(NARROW).matches ?? false);
  useEffect(() => {
    const media = window.matchMedia?.(NARROW);
    const tell = () => setNarrow(media?.matches ?? false);
    media?.addEventListener("change", tell);
    return () => media?.removeEventListener("change", tell);
  }, []);
  return narrow;
}
