// Files handed in with a form: chosen, dropped, pasted or photographed; each with its progress. What the field keeps is what
// the server has answered: id, name, size, type, hash.

import {
  CameraOutlined,
  CloseOutlined,
  PaperClipOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { addressOf, query, upload } from "../api/client";
import { useErrorText } from "../ui/errorText";
import type { ControlProps } from "../ui/form/Control";
import { useFormContext } from "./context";
import { onTheWay } from "./onTheWay";

export interface StoredFile {
  id: string;
  name: string;
  size: number;
  type: string;
  sha256?: string;
}

const MB = 1_000_000;
const SIZE_MAX_MB = 20;
const KINDS: Record<string, string> = {
  image: "image/png,image/jpeg,image/webp,image/gif,image/heic",
  pdf: "application/pdf",
  sheet: ".xlsx,.xls,.csv",
  document: ".docx,.doc,.txt,.pptx,.ppt",
  archive: ".zip",
};

export function filesOf(value: unknown): StoredFile[] {
  return Array.isArray(value) ? (value as StoredFile[]) : [];
}

interface Sending {
  key: number;
  name: string;
  share: number;
  error: unknown;
  stop: AbortController;
}

export function Attachments(props: ControlProps) {
  const { name, schema, value, onChange, disabled, id } = props;
  const { t } = useTranslation("forms");
  const files = filesOf(value);
  const latest = useRef(files);
  latest.current = files;
  const { sending, send, forget } = useSending(name, schema["x-max-mb"] ?? SIZE_MAX_MB, (file) => {
    latest.current = [...latest.current, file];
    onChange(latest.current);
  });
  const [over, setOver] = useState(false);
  const most = schema.maxItems ?? 20;
  const room = most - files.length - sending.filter((each) => each.error === null).length;
  const take = (list: FileList | null) => {
    for (const file of [...(list ?? [])].slice(0, Math.max(room, 0))) send(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!disabled) take(event.dataTransfer.files);
  };
  const accept = (schema["x-accept"] ?? []).map((kind) => KINDS[kind] ?? kind).join(",");
  const photos = accept === "" || accept.includes("image/");
  const remove = (file: StoredFile) => {
    const left = files.filter((each) => each.id !== file.id);
    onChange(left.length > 0 ? left : undefined);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one way of several; the buttons inside do the same
    <div
      className="hr-files"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      onPaste={(event) => take(event.clipboardData.files)}
      data-testid={`field-${name}`}
    >
      <FileList files={files} {...(disabled ? {} : { onRemove: remove })} />
      {sending.map((each) => (
        <Progress key={each.key} sending={each} onForget={() => forget(each.key)} />
      ))}
      {!disabled && room > 0 && (
        <div className="hr-files-add">
          <Pick
            id={id}
            accept={accept}
            several={most > 1}
            onFiles={take}
            label={t("files.choose")}
            icon={<UploadOutlined aria-hidden />}
            testId={`file-${name}`}
          />
          {photos && (
            <span className="hr-files-camera">
              <Pick
                id={`${id}-camera`}
                accept="image/*"
                camera
                onFiles={take}
                label={t("files.photo")}
                icon={<CameraOutlined aria-hidden />}
                testId={`camera-${name}`}
              />
            </span>
          )}
          <span className="hr-muted hr-files-hint">
            {t("files.hint", { count: most, size: schema["x-max-mb"] ?? SIZE_MAX_MB })}
          </span>
        </div>
      )}
    </div>
  );
}

interface PickProps {
  id: string;
  accept: string;
  several?: boolean;
  camera?: boolean;
  onFiles: (files: FileList | null) => void;
  label: string;
  icon: React.ReactNode;
  testId: string;
}

/** A button over the browser's own file input, whose words would be in the browser's language. */
function Pick({ id, accept, several = false, camera = false, onFiles, ...look }: PickProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        id={id}
        type="file"
        className="hr-hidden"
        tabIndex={-1}
        aria-label={look.label}
        {...(accept ? { accept } : {})}
        {...(camera ? { capture: "environment" as const } : {})}
        multiple={several}
        onChange={(event) => {
          onFiles(event.target.files);
          event.target.value = ""; // so that the same file can be chosen again
        }}
        data-testid={look.testId}
      />
      <Button icon={look.icon} onClick={() => input.current?.click()}>
        {look.label}
      </Button>
    </>
  );
}

function Progress({ sending, onForget }: { sending: Sending; onForget: () => void }) {
  const { t } = useTranslation("forms");
  const errorText = useErrorText();
  const percent = Math.round(sending.share * 100);
  return (
    <div className="hr-file" data-wrong={sending.error !== null || undefined}>
      <PaperClipOutlined aria-hidden />
      <span className="hr-file-name">{sending.name}</span>
      {sending.error === null ? (
        <progress max={100} value={percent} aria-label={t("files.sending", { name: sending.name })}>
          {percent} %
        </progress>
      ) : (
        <span className="hr-field-error" role="alert">
          {errorText(sending.error)}
        </span>
      )}
      <button
        type="button"
        className="hr-icon-link"
        aria-label={t("files.stop", { name: sending.name })}
        onClick={() => {
          sending.stop.abort();
          onForget();
        }}
      >
        <CloseOutlined aria-hidden />
      </button>
    </div>
  );
}

function useSending(field: string, maxMb: number, onStored: (file: StoredFile) => void) {
  const { t } = useTranslation("forms");
  const { preview } = useFormContext();
  const [sending, setSending] = useState<Sending[]>([]);
  const next = useRef(0);
  const stored = useRef(onStored);
  stored.current = onStored;
  useEffect(
    () => () => {
      for (const each of current.current) each.stop.abort();
    },
    [],
  );
  const current = useRef(sending);
  current.current = sending;
  const forget = (key: number) => setSending((all) => all.filter((each) => each.key !== key));
  const change = (key: number, patch: Partial<Sending>) =>
    setSending((all) => all.map((each) => (each.key === key ? { ...each, ...patch } : each)));
  const send = (file: File) => {
    const key = next.current++;
    const stop = new AbortController();
    const error = file.size > maxMb * MB ? t("files.too_large", { size: maxMb }) : null;
    setSending((all) => [...all, { key, name: file.name, share: 0, error, stop }]);
    if (error !== null) return;
    if (preview) {
      forget(key);
      stored.current({ id: `preview-${key}`, name: file.name, size: file.size, type: file.type });
      return;
    }
    const sent = upload<StoredFile>(`/api/files${query({ name: file.name })}`, file, {
      onProgress: (share) => change(key, { share }),
      signal: stop.signal,
    }).then(
      ({ id, name, size, type, sha256 }) => {
        forget(key);
        stored.current({ id, name, size, type, ...(sha256 ? { sha256 } : {}) });
      },
      (reason: unknown) => change(key, { error: reason }),
    );
    void onTheWay(field, sent);
  };
  return { sending, send, forget };
}

interface FileListProps {
  files: StoredFile[];
  onRemove?: (file: StoredFile) => void;
}

export function FileList({ files, onRemove }: FileListProps) {
  const { t } = useTranslation("forms");
  const { taskId, preview } = useFormContext();
  if (files.length === 0) return onRemove ? null : <span className="hr-muted">–</span>;
  return (
    <ul className="hr-file-list">
      {files.map((file) => {
        const address = addressOf(`/api/files/${file.id}${query({ task: taskId })}`);
        return (
          <li key={file.id} className="hr-file">
            {PICTURES.has(file.type) && !preview ? (
              <Thumbnail address={address} />
            ) : (
              <PaperClipOutlined aria-hidden />
            )}
            <a className="hr-file-name" href={address} download={file.name}>
              {file.name}
            </a>
            <span className="hr-muted">{sizeText(file.size)}</span>
            {onRemove && (
              <button
                type="button"
                className="hr-icon-link"
                aria-label={t("files.remove", { name: file.name })}
                onClick={() => onRemove(file)}
              >
                <CloseOutlined aria-hidden />
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const PICTURES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);

export function sizeText(bytes: number): string {
  if (bytes >= MB) return `${(bytes / MB).toFixed(1)} MB`;
  return bytes >= 1000 ? `${Math.round(bytes / 1000)} kB` : `${bytes} B`;
}

/** A picture that cannot be drawn is a file like others. */
function Thumbnail({ address }: { address: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <PaperClipOutlined aria-hidden />;
  return <img src={address} alt="" loading="lazy" onError={() => setBroken(true)} />;
}
