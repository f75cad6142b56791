// The mapping editor over the inspector: fetches the form that is filled, and writes the node's ordinary settings.

import { Modal } from "antd";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { Loading } from "../../ui/page";
import { useForm } from "../form/context";
import { useTableFields } from "../form/tables";
import { useEditor } from "../store";
import { kindOf, type Variable } from "../variables";
import { Board, type Deed } from "./Board";
import { fieldsIn, readEntry, recordText } from "./entry";
import { type Fields, fieldsOfRows, rowsFrom } from "./mapping";
import { indexOf, originOf, sourcesFrom } from "./sources";
import { type Named as NamedField, ofFields } from "./targets";
import { type Names, useTargets } from "./useTargets";

export interface MapDialogProps {
  label: string;
  names: Names | undefined;
  /** Parameters of an operation, where it says them itself. */
  params?: JsonSchema | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
  /** What a name of one's own must be; without it there are none. */
  own: RegExp | undefined;
  onClose: () => void;
}

export default function MapDialog(props: MapDialogProps) {
  const { label, names, params, value, onChange, own, onClose } = props;
  const { t, ready } = useTranslation("mapping", { useSuspense: false });
  const { disabled, sample, named, title } = useForm();
  const targets = useTargets(names, params);
  const variables = useVariables(names, targets);
  const sources = useMemo(() => sourcesFrom(variables), [variables]);
  const { past, future } = useEditor((state) => state.history);
  const opened = useRef(past.length);
  const { undo, redo } = useEditor.getState();
  const record = names === "record";
  const text = typeof value === "string" ? value : "";
  const fields: Fields | null = useMemo(
    () => (record ? (text.trim() === "" ? [] : fieldsIn(text)) : fieldsOfRows(value)),
    [record, text, value],
  );
  const write = (next: Fields, deed: Deed) => {
    const kept = record
      ? next.length === 0
        ? undefined
        : recordText(next)
      : keptRows(rowsFrom(value, next, Object.keys(params?.properties ?? {})), params);
    const change = () => onChange(kept);
    if (named === undefined) change();
    else named(deed, change);
  };
  return (
    <Modal
      open
      onCancel={onClose}
      footer={null}
      width="min(1480px, calc(100vw - 24px))"
      className="hr-map-modal"
      style={{ top: 12 }}
      title={
        <span className="hr-map-title">
          {label}
          {title && <small>{title}</small>}
        </span>
      }
      // While a source is chosen, Escape lets go of it first; the board stops it then.
      destroyOnHidden
    >
      {!ready ? (
        <Loading rows={8} />
      ) : fields === null ? (
        <div className="hr-map-whole" data-testid="map-whole">
          <p>{t("whole")}</p>
          <pre>{text}</pre>
        </div>
      ) : (
        <Board
          sources={sources}
          targets={targets}
          fields={fields}
          onFields={write}
          variables={variables}
          sample={sample}
          inTurn={!record}
          own={own}
          disabled={disabled}
          onUndo={past.length > opened.current ? undo : undefined}
          onRedo={future.length > 0 ? redo : undefined}
        />
      )}
    </Modal>
  );
}

function keptRows(rows: unknown[], params: JsonSchema | undefined): unknown {
  return rows.length === 0 && params !== undefined ? undefined : rows;
}

const ORDER = { name: "order", table: "orders" } as const;
const REFUND = { name: "refund", table: "refunds" } as const;

/** Messages of orders and refunds bring the record of a table whose fields are known (`docs/intake.md`). */
function carried(message: unknown) {
  if (typeof message !== "string") return undefined;
  if (message.startsWith("order.")) return ORDER;
  return message.startsWith("refund.") ? REFUND : undefined;
}

/** Without what is to be filled itself: a start does not map its own input; with the item of a sub-flow's list. */
function useVariables(names: Names | undefined, targets: readonly { key: string }[]): Variable[] {
  const { variables, settings, words } = useForm();
  const { t } = useTranslation("mapping");
  const event = names === "input" ? carried(settings["name"]) : undefined;
  const carriedFields = useTableFields(event?.table) as NamedField[];
  return useMemo(() => {
    if (names === "input") {
      const filled = new Set(targets.map(({ key }) => key));
      const known = variables.filter(({ path }) => !filled.has(path.split(".")[0] ?? ""));
      if (event === undefined || carriedFields.length === 0) return known;
      const source = t(`brought_${event.name}`);
      const brought = ofFields(carriedFields, words.text).map(
        ({ path, title, kind, choices }): Variable => ({
          path: `payload.${event.name}.${path.join(".")}`,
          title,
          kind: kind === "any" ? "object" : kind,
          source,
          ...(choices === undefined ? {} : { choices }),
        }),
      );
      return [...brought, ...known];
    }
    const list = names === "flow" ? settings["for_each"] : undefined;
    if (typeof list !== "string" || list.trim() === "") return [...variables];
    const known = indexOf(sourcesFrom(variables));
    const entry = readEntry(list);
    const origin = originOf(entry, known);
    const source = origin?.exact ? known.get(origin.key) : undefined;
    const group = t("item_group");
    const sample = Array.isArray(source?.sample) ? source.sample[0] : undefined;
    const fields = (source?.children ?? []).flatMap((child): Variable[] => {
      const [step] = child.steps;
      if (step?.kind !== "pluck") return [];
      const one = Array.isArray(child.sample) ? child.sample[0] : undefined;
      const kind = variables
        .find(({ path }) => path === source?.key)
        ?.items?.find(({ path }) => path === step.field)?.kind;
      return [
        {
          path: `item.${step.field}`,
          title: child.title,
          kind: kind ?? kindOf({ type: typeof one }),
          source: group,
          ...(one === undefined ? {} : { sample: one }),
        },
      ];
    });
    return [
      {
        path: "item",
        title: t("item"),
        kind: "object",
        source: group,
        ...(sample === undefined ? {} : { sample }),
      },
      ...fields,
      { path: "index", title: t("index"), kind: "number", source: group, sample: 0 },
      ...variables,
    ];
  }, [variables, names, targets, settings, event, carriedFields, words, t]);
}
