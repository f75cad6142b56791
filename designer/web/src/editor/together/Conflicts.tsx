// What two people have changed differently: told above the drawing, chosen by a person, kept until then.

import { MergeOutlined } from "@ant-design/icons";
import { Button, Modal } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { ValueView } from "../../ui/ValueView";
import { type FlowEdge, type FlowNode, nodeOf, notesOf } from "../document";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import type { Conflict } from "./merge";
import "./together.css";

export function Conflicts({ flowKey, words }: { flowKey: string; words: Words }) {
  const { t } = useTranslation("together");
  const conflicts = useEditor((state) => state.conflicts);
  const [open, setOpen] = useState(false);
  useKept(flowKey, conflicts);
  if (conflicts.length === 0) return null;
  return (
    <>
      <div className="hr-conflicts" role="alert" data-testid="conflicts">
        <MergeOutlined />
        <span>{t("conflicts", { count: conflicts.length })}</span>
        <Button size="small" onClick={() => setOpen(true)} data-testid="btn-conflicts">
          {t("look")}
        </Button>
      </div>
      {open && (
        <Modal
          open
          width={720}
          title={t("title")}
          footer={null}
          onCancel={() => setOpen(false)}
          destroyOnHidden
        >
          <p className="hr-muted-text">{t("hint")}</p>
          <ul className="hr-conflict-list" data-testid="conflict-list">
            {conflicts.map((conflict) => (
              <One key={conflict.id} conflict={conflict} words={words} />
            ))}
          </ul>
        </Modal>
      )}
    </>
  );
}

function One({ conflict, words }: { conflict: Conflict; words: Words }) {
  const { t } = useTranslation("together");
  const { choose } = useEditor.getState();
  const place = usePlace(conflict, words);
  return (
    <li data-testid="conflict">
      <h3>{place}</h3>
      <div className="hr-conflict-sides">
        <section>
          <h4>{t("theirs")}</h4>
          <Side conflict={conflict} value={conflict.theirs} words={words} />
          <Button onClick={() => choose(conflict, "theirs")} data-testid="btn-conflict-theirs">
            {t("take_theirs")}
          </Button>
        </section>
        <section>
          <h4>{t("mine")}</h4>
          <Side conflict={conflict} value={conflict.mine} words={words} />
          <Button onClick={() => choose(conflict, "mine")} data-testid="btn-conflict-mine">
            {t("take_mine")}
          </Button>
        </section>
      </div>
    </li>
  );
}

function Side(props: { conflict: Conflict; value: unknown; words: Words }): ReactNode {
  const { conflict, value, words } = props;
  const { t } = useTranslation("together");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const named = (id: string) => {
    const node = nodeOf(document, id);
    return node === undefined ? id : nameOf(node, types, words.text);
  };
  if (value === undefined) return <p>{t(conflict.kind === "field" ? "empty" : "removed")}</p>;
  if (conflict.kind === "gone") return <p>{t("changed")}</p>;
  if (conflict.path[0] === "edges")
    return <p>{t("line_to", { node: named((value as FlowEdge).to) })}</p>;
  return (
    <div className="hr-conflict-value">
      <ValueView value={value} />
    </div>
  );
}

/** What a person calls the place: "Finance approves · Time limit". */
function usePlace({ kind, path, mine, theirs }: Conflict, words: Words): string {
  const { t } = useTranslation("together");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const [list, id = "", part, setting] = path;
  if (list === "nodes") {
    const node = nodeOf(document, id) ?? ((mine ?? theirs) as FlowNode);
    const name = nameOf(node, types, words.text);
    if (kind === "gone" || part === undefined) return name;
    const schema: JsonSchema | undefined = types.get(node.type)?.settings.properties?.[
      setting ?? ""
    ];
    const field =
      part === "settings" && setting !== undefined
        ? words.text(schema?.["x-title"]) || setting
        : t(`part.${part}`, { defaultValue: part });
    return `${name} · ${field}`;
  }
  if (list === "edges") {
    const from = nodeOf(document, kind === "exit" ? id : ((theirs ?? mine) as FlowEdge).from);
    return t("line_from", { node: from === undefined ? id : nameOf(from, types, words.text) });
  }
  if (list === "notes") {
    const note = notesOf(document).find((each) => each.id === id);
    return `${t("part.note")} · ${(note?.text ?? "").slice(0, 40)}`;
  }
  const field = path[2] ?? path[1];
  return [t(`part.${list}`, { defaultValue: list ?? "" }), field].filter(Boolean).join(" · ");
}

const placeOf = (key: string) => `headrace.conflicts.${key}`;

/** A reload or a crash does not choose for anybody. */
function useKept(key: string, conflicts: readonly Conflict[]): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when the flow is opened
  useEffect(() => {
    try {
      const kept = JSON.parse(localStorage.getItem(placeOf(key)) ?? "[]") as Conflict[];
      if (kept.length > 0 && conflicts.length === 0) useEditor.setState({ conflicts: kept });
    } catch {
      localStorage.removeItem(placeOf(key));
    }
  }, [key]);
  useEffect(() => {
    if (conflicts.length === 0) return;
    localStorage.setItem(placeOf(key), JSON.stringify(conflicts));
    return () => {
      if (useEditor.getState().conflicts.length === 0) localStorage.removeItem(placeOf(key));
    };
  }, [key, conflicts]);
}
