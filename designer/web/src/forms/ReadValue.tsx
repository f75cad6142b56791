// A value of a form to read: amounts with their currency, names instead of ids, titles of choices, attachments to open.

import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../schema";
import { optionTitle, titleOf, typeOf } from "../ui/form/kinds";
import { useText } from "../ui/text";
import { ValueView } from "../ui/ValueView";
import { FileList, filesOf } from "./Attachments";
import { isAmount, isRecord } from "./computed";
import { useFormContext } from "./context";
import { grouped } from "./exact";

export function ReadValue({ schema, value }: { schema: JsonSchema; value: unknown }) {
  const { language, text } = useText();
  const { t } = useTranslation("app");
  const { form } = useFormContext();
  const widget = schema["x-widget"];
  if (value === undefined || value === null || value === "") {
    return <span className="hr-muted">–</span>;
  }
  if (widget === "attachments") return <FileList files={filesOf(value)} />;
  if (widget === "person" || widget === "department") {
    return <>{form.names?.[String(value)] ?? String(value)}</>;
  }
  if (isAmount(schema)) return <Amount schema={schema} value={value} />;
  const title = optionTitle(schema, value, language);
  if (title !== undefined) return <>{title}</>;
  if (typeOf(schema) === "boolean" && typeof value === "boolean") {
    return <>{t(value ? "word.yes" : "word.no")}</>;
  }
  if (Array.isArray(value) && schema.items && !value.some(isRecord)) {
    const items = schema.items;
    return (
      <>{value.map((item) => optionTitle(items, item, language) ?? String(item)).join("、")}</>
    );
  }
  if (isRecord(value) && schema.properties) {
    return (
      <dl className="hr-facts">
        {Object.entries(schema.properties).map(([name, part]) => (
          <div key={name}>
            <dt>{titleOf(name, part, text)}</dt>
            <dd>
              <ReadValue schema={part} value={value[name]} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <ValueView value={value} />;
}

const SIGNS: Record<string, string> = { CNY: "¥", USD: "$", EUR: "€", GBP: "£", HKD: "HK$" };

export function currencySign(schema: JsonSchema): string {
  const currency = schema["x-currency"] ?? "";
  return SIGNS[currency] ?? (currency ? `${currency} ` : "");
}

function Amount({ schema, value }: { schema: JsonSchema; value: unknown }) {
  const digits = /^-?\d+(\.\d+)?$/.test(String(value)) ? grouped(String(value)) : String(value);
  return (
    <span className="hr-amount">
      {currencySign(schema)}
      {digits}
    </span>
  );
}
