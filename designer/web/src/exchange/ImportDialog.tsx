// Files become flows: dropped, recognised by the server, looked at, compared, and only then taken.

import { InboxOutlined, WarningOutlined } from "@ant-design/icons";
import { App, Button, Checkbox, Input, Radio } from "antd";
import { type DragEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import { FlowPicture } from "../screens/templates/FlowPicture";
import "../screens/templates/templates.css";
import { Segments } from "../ui/Segments";
import { Sheet } from "../ui/Sheet";
import { Tag, type Tone } from "../ui/StatusTag";
import { Trouble } from "../ui/Trouble";
import { useText } from "../ui/text";
import {
  asSent,
  type Compared,
  type Fate,
  type FoundFile,
  type FoundFlow,
  placed,
  type ReportLine,
  trouble,
  type Wish,
  wishesOf,
} from "./exchange";
import "./exchange.css";

const ACCEPT = ".json,.bpmn,.xml,.zip,application/json,application/xml,application/zip";
const TONES: Record<Fate, Tone> = {
  carried: "ok",
  changed: "info",
  placeholder: "warn",
  left_out: "neutral",
};
const CHANGES: Record<string, Tone> = {
  added: "ok",
  removed: "error",
  changed: "warn",
  moved: "neutral",
};
const LINES_AT_ONCE = 100;

interface ImportDialogProps {
  onClose: () => void;
  /** Flows were kept, under these keys. */
  onTaken?: (keys: string[]) => void;
  /** Instead of keeping flows: one is put into the drawing that is open, which is this one. */
  onto?: { key: string; put: (document: FoundFlow["document"]) => void };
}

export default function ImportDialog({ onClose, onTaken, onto }: ImportDialogProps) {
  const { t } = useTranslation(["exchange", "app"]);
  const { message } = App.useApp();
  const [files, setFiles] = useState<FoundFile[] | null>(null);
  const [wishes, setWishes] = useState<Wish[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const given = useRef<File[]>([]);

  const look = async (chosen: File[]) => {
    if (chosen.length === 0) return;
    given.current = chosen;
    setBusy(true);
    setError(null);
    try {
      const form = new FormData();
      for (const file of chosen) form.append("file", file, file.name);
      const answer = await api.post<{ files: FoundFile[] }>("/api/exchange/preview", form);
      const found = onto ? await against(answer.files, onto.key) : answer.files;
      setFiles(found);
      const all = wishesOf(found);
      setWishes(
        onto ? all.map((wish, place) => ({ ...wish, onto: true, taken: place === 0 })) : all,
      );
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };

  const take = async () => {
    const chosen = wishes.filter((wish) => wish.taken);
    const [first] = chosen;
    if (onto && first) {
      onto.put(first.flow.document);
      onClose();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const sent = asSent(wishes);
      await api.post("/api/exchange/take", { flows: sent });
      message.success(t("taken", { count: sent.length }));
      onTaken?.(sent.map((one) => one.key));
      onClose();
    } catch (failed) {
      setError(failed);
      if (failed instanceof ApiError && failed.status === 412) {
        message.warning(t("stale"));
        await look(given.current);
      }
    } finally {
      setBusy(false);
    }
  };

  const change = (place: number, wish: Partial<Wish>) =>
    setWishes((all) =>
      all.map((one, index) => {
        if (index === place) return { ...one, ...wish };
        return onto && wish.taken ? { ...one, taken: false } : one; // only one fits into a drawing
      }),
    );
  const count = wishes.filter((wish) => wish.taken).length;
  const ready = count > 0 && wishes.every((wish) => trouble(wish, wishes) === null || onto);
  return (
    <Sheet
      title={t(onto ? "title_onto" : "title")}
      onClose={onClose}
      wide
      testId="import-dialog"
      foot={
        files === null ? undefined : (
          <div className="hr-import-foot">
            <Chooser onFiles={look} label={t("another")} />
            <Button
              type="primary"
              disabled={!ready}
              loading={busy}
              onClick={() => void take()}
              data-testid="btn-take"
            >
              {onto ? t("take_here") : count === 0 ? t("take_zero") : t("take", { count })}
            </Button>
          </div>
        )
      }
    >
      <div className="hr-import">
        {error !== null && <Trouble error={error} testId="import-problems" />}
        {files === null ? (
          <Drop onFiles={look} busy={busy} />
        ) : (
          files.map((file) => (
            <OneFile key={file.file} file={file} wishes={wishes} onChange={change} into={!!onto} />
          ))
        )}
      </div>
    </Sheet>
  );
}

/** What each flow would change in the draft of one key. */
async function against(files: FoundFile[], key: string): Promise<FoundFile[]> {
  return Promise.all(
    files.map(async (file) => ({
      ...file,
      flows: await Promise.all(
        file.flows.map(async (flow) => ({
          ...flow,
          draft: await api.post<Compared>("/api/exchange/compare", {
            key,
            document: flow.document,
          }),
        })),
      ),
    })),
  );
}

interface ChooserProps {
  onFiles: (files: File[]) => void;
  label: string;
  primary?: boolean;
}

function Chooser({ onFiles, label, primary }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        type={primary ? "primary" : "default"}
        onClick={() => input.current?.click()}
        data-testid="btn-choose-files"
      >
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        accept={ACCEPT}
        multiple
        hidden
        data-testid="import-files"
        onChange={(event) => {
          const chosen = [...(event.target.files ?? [])];
          event.target.value = "";
          onFiles(chosen);
        }}
      />
    </>
  );
}

function Drop({ onFiles, busy }: { onFiles: (files: File[]) => void; busy: boolean }) {
  const { t } = useTranslation("exchange");
  const [over, setOver] = useState(false);
  const drag = (event: DragEvent, inside: boolean) => {
    event.preventDefault();
    setOver(inside);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside is the keyboard's way
    <div
      className="hr-import-drop"
      data-over={over || undefined}
      aria-busy={busy}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false);
        onFiles([...event.dataTransfer.files]);
      }}
      data-testid="import-drop"
    >
      <InboxOutlined aria-hidden />
      <strong>{t(busy ? "reading" : "drop")}</strong>
      <p className="hr-muted">{t("drop_help")}</p>
      <Chooser onFiles={onFiles} label={t("choose")} primary />
    </div>
  );
}

interface OneFileProps {
  file: FoundFile;
  wishes: Wish[];
  onChange: (place: number, wish: Partial<Wish>) => void;
  into: boolean;
}

function OneFile({ file, wishes, onChange, into }: OneFileProps) {
  const { t } = useTranslation("exchange");
  const fates = (Object.keys(TONES) as Fate[]).filter((fate) => file.counts[fate] > 0);
  return (
    <section className="hr-import-file" aria-label={file.file} data-testid="import-one">
      <header>
        <h3>{file.file}</h3>
        {file.flows.length > 0 && <Tag tone="accent">{t(`kind.${file.kind}`)}</Tag>}
        {fates.map((fate) => (
          <Tag key={fate} tone={TONES[fate]}>
            {t(`fate.${fate}`)} {file.counts[fate]}
          </Tag>
        ))}
      </header>
      {file.wrong.length > 0 && (
        <div className="hr-import-wrong" role="alert">
          <strong>
            <WarningOutlined aria-hidden /> {t("wrong")}
          </strong>
          <ul>
            {file.wrong.map((one) => (
              <li key={`${one.path}-${one.code}`}>
                <code>{one.path}</code> {one.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {file.wrong.length === 0 && file.flows.length === 0 && <p>{t("no_flow")}</p>}
      {file.flows.map((flow) => {
        const place = wishes.findIndex((wish) => wish.flow === flow);
        const wish = wishes[place];
        return wish ? (
          <OneFlow
            key={`${place}-${flow.key}`}
            wish={wish}
            all={wishes}
            into={into}
            onChange={(changed) => onChange(place, changed)}
          />
        ) : null;
      })}
      {file.lines.length > 0 && <ReportOf lines={file.lines} />}
    </section>
  );
}

interface OneFlowProps {
  wish: Wish;
  all: Wish[];
  into: boolean;
  onChange: (wish: Partial<Wish>) => void;
}

function OneFlow({ wish, all, into, onChange }: OneFlowProps) {
  const { t } = useTranslation("exchange");
  const { text } = useText();
  const { flow } = wish;
  const errors = flow.problems.filter((one) => one.severity !== "warning").length;
  const wrong = into ? null : trouble(wish, all);
  const id = useId();
  const name = text(flow.name) || flow.key;
  return (
    <article className="hr-import-flow" data-testid={`import-flow-${flow.key}`}>
      <div className="hr-import-flow-head">
        <Checkbox
          checked={wish.taken}
          onChange={(event) => onChange({ taken: event.target.checked })}
          aria-label={t("take_this", { name })}
        >
          <strong>{name}</strong>
        </Checkbox>
        <Tag tone={errors === 0 ? "ok" : "warn"}>
          {errors === 0 ? t("problems_zero") : t("problems", { count: errors })}
        </Tag>
      </div>
      {!into && wish.taken && (
        <div className="hr-import-into">
          {flow.draft !== null && (
            <Radio.Group
              value={wish.onto}
              aria-label={t("into")}
              onChange={(event) => {
                const onto = event.target.value === true;
                onChange({ onto, key: onto ? flow.key : `${flow.key.slice(0, 60)}-2` });
              }}
              options={[
                { value: true, label: t("onto", { name: text(flow.draft.name) || flow.key }) },
                { value: false, label: t("new") },
              ]}
            />
          )}
          {!wish.onto && (
            <div className="hr-import-key">
              <label htmlFor={id}>{t("key")}</label>
              <Input
                id={id}
                value={wish.key}
                status={wrong ? "error" : ""}
                onChange={(event) => onChange({ key: event.target.value })}
                data-testid={`import-key-${flow.key}`}
              />
              {wrong && <span className="hr-import-error">{t(wrong)}</span>}
            </div>
          )}
        </div>
      )}
      {wish.onto && flow.draft !== null && <Differences draft={flow.draft} flow={flow} />}
      <FlowPicture document={placed(flow.document)} />
    </article>
  );
}

function Differences({ draft, flow }: { draft: Compared; flow: FoundFlow }) {
  const { t } = useTranslation("exchange");
  const { text } = useText();
  const loud = draft.changes.filter((one) => !one.quiet);
  const quiet = draft.changes.length - loud.length;
  const names = new Map(flow.document.nodes.map((node) => [node.id, text(node.name) || node.id]));
  const edges = new Map(flow.document.edges.map((edge) => [edge.id, edge]));
  const titled = (kind: string, id: string) => {
    const edge = kind === "edge" ? edges.get(id) : undefined;
    if (edge) return `${names.get(edge.from) ?? edge.from} → ${names.get(edge.to) ?? edge.to}`;
    return names.get(id) ?? id;
  };
  return (
    <section className="hr-import-diff" aria-label={t("diff")} data-testid="import-diff">
      <h4>{t("diff")}</h4>
      {draft.changes.length === 0 && <p className="hr-muted">{t("same")}</p>}
      <ul>
        {loud.slice(0, LINES_AT_ONCE).map((one) => (
          <li key={`${one.kind}-${one.id}`}>
            <Tag tone={CHANGES[one.change] ?? "neutral"}>{t(`change.${one.change}`)}</Tag>
            <span>
              <span className="hr-muted">{t(`thing.${one.kind}`)}</span> {titled(one.kind, one.id)}
            </span>
            {one.change === "changed" && one.fields.length > 0 && (
              <code className="hr-muted">
                {one.fields
                  .slice(0, 4)
                  .map((field) => field.path)
                  .join(" ")}
              </code>
            )}
          </li>
        ))}
      </ul>
      {loud.length > LINES_AT_ONCE && (
        <p className="hr-muted">{t("more", { count: loud.length - LINES_AT_ONCE })}</p>
      )}
      {quiet > 0 && <p className="hr-muted">{t("quiet", { count: quiet })}</p>}
    </section>
  );
}

const FIRST: Fate[] = ["placeholder", "changed", "left_out"];

/** What a person must draw, then what is said differently, then what is not here. */
function toLookAt(lines: ReportLine[]): ReportLine[] {
  return FIRST.flatMap((fate) => lines.filter((line) => line.fate === fate));
}

function ReportOf({ lines }: { lines: ReportLine[] }) {
  const { t } = useTranslation("exchange");
  const [which, setWhich] = useState<"todo" | "all">("todo");
  const [most, setMost] = useState(LINES_AT_ONCE);
  const shown = which === "all" ? lines : toLookAt(lines);
  return (
    <details className="hr-import-report" open data-testid="import-report">
      <summary>{t("report")}</summary>
      <Segments
        label={t("report")}
        value={which}
        onChange={setWhich}
        options={[
          { value: "todo", title: t("lines.todo") },
          { value: "all", title: `${t("lines.all")} ${lines.length}` },
        ]}
        testId="import-lines"
      />
      {shown.length === 0 && <p className="hr-muted">{t("nothing_to_do")}</p>}
      <ul>
        {shown.slice(0, most).map((line, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
          <li key={place} data-fate={line.fate}>
            <Tag tone={TONES[line.fate]}>{t(`fate.${line.fate}`)}</Tag>
            <span className="hr-import-what">
              <strong>{line.name || line.id}</strong>{" "}
              <code className="hr-muted">{line.kind.replace(/^n8n-nodes-base\./, "")}</code>
            </span>
            <span>
              {t(`line.${line.code}`, {
                node: line.node,
                ...line.params,
                defaultValue: line.message,
              })}
            </span>
          </li>
        ))}
      </ul>
      {shown.length > most && (
        <Button type="link" onClick={() => setMost(most + 500)}>
          {t("more", { count: shown.length - most })}
        </Button>
      )}
    </details>
  );
}
