// What has changed since somebody approved: field by field, before and after side by side.

import { ArrowRightOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../schema";
import { type Text, useText } from "../ui/text";
import { ReadValue } from "./ReadValue";

export interface Change {
  path: string;
  label: Text | string;
  before: unknown;
  after: unknown;
  /** The field, to show its value as the form does. */
  schema?: JsonSchema | null;
}

export function ChangesView({ changes }: { changes: Change[] }) {
  const { t } = useTranslation("forms");
  const { text } = useText();
  if (changes.length === 0) return <p className="hr-muted">{t("changes.none")}</p>;
  return (
    <table className="hr-changes" data-testid="changes">
      <thead>
        <tr>
          <th scope="col">{t("changes.field")}</th>
          <th scope="col">{t("changes.before")}</th>
          <th scope="col">{t("changes.after")}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, label, before, after, schema }) => (
          <tr key={path}>
            <th scope="row">{text(label) || path}</th>
            <td data-label={t("changes.before")}>
              <del>
                <ReadValue schema={schema ?? {}} value={before} />
              </del>
            </td>
            <td data-label={t("changes.after")}>
              <ArrowRightOutlined aria-hidden className="hr-changes-arrow" />
              <ins>
                <ReadValue schema={schema ?? {}} value={after} />
              </ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
