// An API document: pasted, dropped, or chosen as a file. It is only read, and stays on this computer until it is sent.

import { UploadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { DOCUMENT_MAX } from "./connector";
import "../../ui/form/SchemaForm.css";

interface DocumentFieldProps {
  value: string;
  onChange: (value: string) => void;
}

export function DocumentField({ value, onChange }: DocumentFieldProps) {
  const { t } = useTranslation("own_connectors");
  const file = useRef<HTMLInputElement>(null);
  const id = useId();
  const [tooLarge, setTooLarge] = useState(false);
  const take = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    setTooLarge(chosen.size > 3 * DOCUMENT_MAX);
    if (chosen.size <= 3 * DOCUMENT_MAX) onChange(await chosen.text());
  };
  return (
    <section
      className="hr-own-document"
      aria-label={t("document")}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer.files[0]);
      }}
    >
      <label htmlFor={id}>{t("document_paste")}</label>
      <textarea
        id={id}
        className="hr-input hr-input-code"
        rows={10}
        spellCheck={false}
        placeholder={'{ "openapi": "3.1.0", … }'}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        data-testid="field-document"
      />
      {tooLarge && (
        <p className="hr-field-error" role="alert">
          {t("document_large")}
        </p>
      )}
      <input
        ref={file}
        type="file"
        accept=".json,.yaml,.yml,application/json"
        className="hr-hidden"
        tabIndex={-1}
        aria-label={t("document_choose")}
        onChange={(event) => void take(event.target.files?.[0])}
        data-testid="file-document"
      />
      <Button icon={<UploadOutlined />} onClick={() => file.current?.click()}>
        {t("document_choose")}
      </Button>
    </section>
  );
}
