// How the form looks while it is drawn: on a phone and on a desk, as anybody or as a node shows it. One can type in it.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Right } from "../../schema";
import { IdPrefix } from "../../ui/form/Control";
import type { JsonObject } from "../../ui/form/kinds";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { FormView } from "../FormView";
import type { ShownForm } from "../form";
import { type DrawnForm, rightPlaces } from "./drawing";
import { type RightsNode, rightAt } from "./Rights";

interface PreviewProps {
  form: DrawnForm;
  nodes: RightsNode[];
}

export function Preview({ form, nodes }: PreviewProps) {
  const { t } = useTranslation("forms");
  const { text } = useText();
  const [as, setAs] = useState("");
  const [value, setValue] = useState<JsonObject>({});
  const node = nodes.find((each) => each.id === as);
  const shown = shownAt(form, node);
  const view = <FormView form={shown} value={value} onChange={setValue} preview />;
  return (
    <div className="hr-fe-preview">
      {nodes.length > 0 && (
        <Segments
          label={t("editor.preview_as")}
          options={[
            { value: "", title: t("editor.preview_all") },
            ...nodes.map(({ id, title }) => ({ value: id, title })),
          ]}
          value={as}
          onChange={setAs}
          testId="preview-as"
        />
      )}
      <div className="hr-fe-screens">
        <section className="hr-fe-phone" aria-label={t("editor.phone")} data-testid="preview-phone">
          <h3>{text(form.title)}</h3>
          {view}
        </section>
        <section className="hr-fe-desk" aria-label={t("editor.desk")} data-testid="preview-desk">
          <h3>{text(form.title)}</h3>
          <IdPrefix.Provider value="desk">
            <FormView form={shown} value={value} onChange={setValue} preview />
          </IdPrefix.Provider>
        </section>
      </div>
    </div>
  );
}

/** The small phone beside the drawing. */
export function PhoneFrame({ form }: { form: DrawnForm }) {
  const { text } = useText();
  const { t } = useTranslation("forms");
  const [value, setValue] = useState<JsonObject>({});
  return (
    <section className="hr-fe-phone" aria-label={t("editor.phone")} data-testid="live-phone">
      <h3>{text(form.title)}</h3>
      <IdPrefix.Provider value="phone">
        <FormView form={shownAt(form, undefined)} value={value} onChange={setValue} preview />
      </IdPrefix.Provider>
    </section>
  );
}

function shownAt(form: DrawnForm, node: RightsNode | undefined): ShownForm {
  const rights: Record<string, Right> = {};
  if (node) {
    for (const { path } of rightPlaces(form)) rights[path] = rightAt(node.use, path);
  }
  return { schema: form.schema, ui: form.ui ?? null, rights };
}
