// What is done with a flow now and then, behind the three dots of the bar.

import {
  DownloadOutlined,
  EllipsisOutlined,
  FileDoneOutlined,
  PictureOutlined,
  UploadOutlined,
} from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDialog } from "../../editor/dialog";
import { useEditor } from "../../editor/store";
import type { FlowFiles } from "./files";

/** Comes when it is first asked for, and so begins open and with the keyboard. */
export default function MoreMenu({
  files,
  save,
}: {
  files: FlowFiles;
  save: () => Promise<boolean>;
}) {
  const { t } = useTranslation(["editor", "canvas", "exchange"]);
  const [open, setOpen] = useState(true);
  const readOnly = useEditor((state) => state.readOnly);
  return (
    <Dropdown
      trigger={["click"]}
      open={open}
      onOpenChange={setOpen}
      menu={{
        items: [
          { key: "sop", icon: <FileDoneOutlined />, label: t("canvas:action.sop") },
          { key: "picture", icon: <PictureOutlined />, label: t("canvas:action.picture") },
          { type: "divider" },
          { key: "export", icon: <DownloadOutlined />, label: t("bar.export") },
          { key: "bpmn", icon: <DownloadOutlined />, label: t("exchange:export.bpmn") },
          { key: "import", icon: <UploadOutlined />, label: t("bar.import"), disabled: readOnly },
        ],
        onClick: ({ key }) => {
          if (key === "export") files.save();
          else if (key === "bpmn") void save().then((kept) => kept && files.saveBpmn());
          else if (key === "import") files.choose();
          else useDialog.getState().show(key);
        },
      }}
    >
      <Button
        type="text"
        icon={<EllipsisOutlined />}
        aria-label={t("bar.more")}
        autoFocus
        data-testid="btn-more-actions"
      />
    </Dropdown>
  );
}
