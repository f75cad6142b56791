// The organisation out of a table: drop a file, see what it would change, apply it; and the way back out.

import {
  CheckCircleOutlined,
  CloudUploadOutlined,
  DownloadOutlined,
  FileExcelOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type DragEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { addressOf } from "../../api/client";
import { Card, EmptyState } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { Frame } from "./Frame";
import { ImportPreview } from "./ImportPreview";
import { type Applied, type Preview, sendFile } from "./importing";

export default function Import() {
  const { t } = useTranslation("organisation");
  const [preview, setPreview] = useState<{ name: string; found: Preview } | null>(null);
  const [applied, setApplied] = useState<Applied | null>(null);
  const queries = useQueryClient();
  const done = async (result: Applied) => {
    setApplied(result);
    setPreview(null);
    await queries.invalidateQueries();
  };
  return (
    <Frame part="import">
      {applied !== null ? (
        <Card testId="import-done">
          <EmptyState
            icon={<CheckCircleOutlined />}
            title={t("import.done")}
            text={t("import.done_text", { ...applied })}
            action={
              <div className="hr-row">
                <Link to="/organisation/people">
                  <Button type="primary" tabIndex={-1}>
                    {t("import.see_people")}
                  </Button>
                </Link>
                <Button onClick={() => setApplied(null)}>{t("import.another")}</Button>
              </div>
            }
          />
        </Card>
      ) : preview !== null ? (
        <ImportPreview
          name={preview.name}
          preview={preview.found}
          onCancel={() => setPreview(null)}
          onApplied={done}
        />
      ) : (
        <Choose onRead={(name, found) => setPreview({ name, found })} />
      )}
    </Frame>
  );
}

function Choose({ onRead }: { onRead: (name: string, found: Preview) => void }) {
  const { t } = useTranslation("organisation");
  const { language } = useText();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [reading, setReading] = useState("");
  const [error, setError] = useState<unknown>(null);
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    setError(null);
    if (!/\.(csv|xlsx)$/i.test(file.name)) {
      setError(t("import.wrong_kind"));
      return;
    }
    setReading(file.name);
    try {
      onRead(file.name, await sendFile(file));
    } catch (trouble) {
      setError(trouble);
    } finally {
      setReading("");
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void read(event.dataTransfer.files[0]);
  };
  return (
    <div className="hr-stack">
      <p className="hr-muted">{t("import.intro")}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is by mouse; the button inside does the same */}
      <div
        className="hr-org-drop"
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        data-testid="import-drop"
      >
        <CloudUploadOutlined aria-hidden />
        <strong>{reading ? t("import.reading", { name: reading }) : t("import.drop")}</strong>
        <Button
          type="primary"
          loading={reading !== ""}
          onClick={() => input.current?.click()}
          data-testid="btn-choose-file"
        >
          {t("import.or_choose")}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".csv,.xlsx"
          hidden
          onChange={(event) => {
            void read(event.target.files?.[0]);
            event.target.value = "";
          }}
          data-testid="import-file"
        />
        <span className="hr-row">
          {(["csv", "xlsx"] as const).map((format) => (
            <a
              key={format}
              href={addressOf(
                `/api/organisation/import/sample?format=${format}&language=${language}`,
              )}
              download
            >
              <FileExcelOutlined aria-hidden /> {t(`import.sample_${format}`)}
            </a>
          ))}
        </span>
      </div>
      {error !== null && <Trouble error={error} />}
      <Card title={t("import.export")}>
        <p className="hr-muted">{t("import.export_text")}</p>
        <div className="hr-row hr-org-exports">
          {(["csv", "xlsx"] as const).map((format) => (
            <a
              key={format}
              href={addressOf(`/api/organisation/export?format=${format}&language=${language}`)}
              download
              data-testid={`export-${format}`}
            >
              <DownloadOutlined aria-hidden /> {format.toUpperCase()}
            </a>
          ))}
        </div>
      </Card>
    </div>
  );
}
