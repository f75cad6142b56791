// The form as JSON, for what the editor does not draw.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DrawnForm } from "./drawing";

interface RawFormProps {
  form: DrawnForm;
  onChange: (form: DrawnForm) => void;
  disabled: boolean;
}

export function RawForm({ form, onChange, disabled }: RawFormProps) {
  const { t } = useTranslation("forms");
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && parsed(typed) === null;
  return (
    <div className="hr-fe-raw">
      <label className="hr-field-label" htmlFor="hr-fe-raw">
        {t("editor.raw")}
      </label>
      <textarea
        id="hr-fe-raw"
        className="hr-input hr-input-code"
        spellCheck={false}
        rows={28}
        value={typed ?? JSON.stringify(form, null, 2)}
        disabled={disabled}
        aria-invalid={wrong || undefined}
        onChange={(event) => {
          setTyped(event.target.value);
          const next = parsed(event.target.value);
          if (next !== null) onChange(next);
        }}
        onBlur={() => !wrong && setTyped(null)}
        data-testid="form-json"
      />
      {wrong && (
        <p className="hr-field-error" role="alert">
          {t("editor.raw_wrong")}
        </p>
      )}
    </div>
  );
}

function parsed(text: string): DrawnForm | null {
  try {
    const value = JSON.parse(text) as DrawnForm;
    const schema = value?.schema;
    return typeof schema === "object" && schema !== null && !Array.isArray(schema) ? value : null;
  } catch {
    return null;
  }
}
