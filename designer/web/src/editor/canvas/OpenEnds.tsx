// Where the drawing does not go on yet: how many such exits there are, and a press leads to the next one.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { askAtOpenExit, openEnds } from "../actions";
import { useDocument, useEditor } from "../store";

export function OpenEnds() {
  const { t } = useTranslation("canvas");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { kind, exits } = useMemo(() => openEnds(document, types), [document, types]);
  if (readOnly || exits.length === 0) return null;
  return (
    <button
      type="button"
      className="hr-open-ends"
      data-kind={kind}
      data-testid="btn-open-ends"
      title={t("ends.help")}
      onClick={() => askAtOpenExit()}
    >
      {t(`ends.${kind}`, { count: exits.length })}
      <kbd aria-hidden>O</kbd>
    </button>
  );
}
