// A form of the flow: drawn, changed, or (null) taken away together with its uses.

import type { JsonSchema } from "../../schema";
import type { Command } from "../command";
import { type FlowForm, formsOf, sameValue, usedForm } from "../document";

export interface SetForm {
  key: string;
  form: FlowForm | null;
}

export const setForm: Command<SetForm> = {
  name: "setForm",
  run: (document, { key, form }) => {
    const { [key]: before, ...others } = formsOf(document);
    if (form !== null) {
      if (sameValue(before, form)) return document;
      return { ...document, forms: { ...formsOf(document), [key]: form } };
    }
    if (before === undefined) return document;
    const { forms: _, ...rest } = document;
    const nodes = document.nodes.map((node) => {
      if (usedForm(node) !== key) return node;
      const { form: _use, ...settings } = node.settings;
      return { ...node, settings };
    });
    return { ...rest, ...(Object.keys(others).length > 0 ? { forms: others } : {}), nodes };
  },
  // Typing goes together; a field more or less is a step of its own.
  burst: ({ key, form }) => `form ${key} ${fieldsIn(form?.schema)}`,
};

function fieldsIn(schema: JsonSchema | undefined): string {
  return Object.entries(schema?.properties ?? {})
    .map(([name, part]) => `${name}(${Object.keys(part.items?.properties ?? {}).join()})`)
    .join();
}
