// In the bar: who else is here. A press goes to where they are.

import { useTranslation } from "react-i18next";
import { nodeOf } from "../document";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { colourOf, useOthers } from "./others";
import "../../ui/Hint.css";
import "./together.css";

const SHOWN = 3;

export function OthersHere({ words }: { words: Words }) {
  const { t } = useTranslation("together");
  const others = useOthers((state) => state.others);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const names = [...new Set(others.map(({ name }) => name))];
  return (
    <div className="hr-others" role="status" aria-label={t("here", { count: names.length })}>
      {others.slice(0, SHOWN).map((other) => {
        const node = other.selection.map((id) => nodeOf(document, id)).find(Boolean);
        const label =
          node === undefined
            ? t("is_here", { name: other.name })
            : t("is_at", { name: other.name, node: nameOf(node, types, words.text) });
        return (
          <span key={other.client} data-hint={label}>
            <button
              type="button"
              className="hr-other"
              style={{ background: colourOf(other.client) }}
              aria-label={label}
              data-testid="other-here"
              onClick={() => node !== undefined && useEditor.getState().goTo(node.id)}
            >
              {[...other.name][0]?.toUpperCase()}
            </button>
          </span>
        );
      })}
      {others.length > SHOWN && (
        <span data-hint={names.join(", ")}>
          <span className="hr-other hr-other-more">+{others.length - SHOWN}</span>
        </span>
      )}
    </div>
  );
}
