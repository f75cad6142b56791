// The mapping editor: what is available at the left, the form at the right, and a line for every value that goes across.
//
// Draws and dispatches; what a line means is decided in connect.ts, what is written in entry.ts.

import {
  ClearOutlined,
  RedoOutlined,
  SearchOutlined,
  ThunderboltOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Input } from "antd";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMedia } from "../../theme/mode";
import { Segments } from "../../ui/Segments";
import type { Variable } from "../variables";
import { Alike } from "./Alike";
import { type Suggestion, suggestions } from "./alike";
import { joined } from "./connect";
import { Detail } from "./Detail";
import { textOf } from "./entry";
import { backToSources, focusSource, focusTarget, showDetail } from "./focus";
import { Lines } from "./Lines";
import { linesOf, stepsOf } from "./lines";
import { at, counted, type Fields, onlyOpen, put } from "./mapping";
import { NEW, NewField } from "./NewField";
import { type Fitting, Rows, useEntryWords, useWhyWords } from "./Rows";
import { foldedAtFirst, indexOf, keysAbove, matching, type Source } from "./sources";
import { Tree } from "./Tree";
import {
  flat as allTargets,
  freeName,
  keyOf,
  namesUnder,
  parentsOf,
  partsOf,
  type Target,
  withNames,
  withOwn,
} from "./targets";
import { useDrag } from "./useDrag";
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
export function Board(props: BoardProps) {
  const { sources, fields, onFields, disabled, variables, sample, own } = props;
  const { t } = useTranslation("mapping");
  const narrow = useMedia(NARROW);
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

const NOTHING: ReadonlySet<string> = new Set();

function toggled(all: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(all);
  if (on) next.add(key);
  else next.delete(key);
  return next;
}
