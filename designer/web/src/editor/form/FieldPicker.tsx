// A list of all values one can use here, with their business names and samples.

import { PlusSquareOutlined } from "@ant-design/icons";
import { Button, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PickMenu } from "../PickMenu";
import { shortSample, type Variable } from "../variables";

interface FieldPickerProps {
  variables: readonly Variable[];
  onPick: (path: string) => void;
  disabled: boolean;
  testId: string;
}

export function FieldPicker({ variables, onPick, disabled, testId }: FieldPickerProps) {
  const { t } = useTranslation("editor");
  const [open, setOpen] = useState(false);
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomRight"
      arrow={false}
      destroyOnHidden
      styles={{ container: { padding: 0 } }}
      content={
        <PickMenu
          title={t("variable.pick")}
          testId="field-picker"
          picks={variables.map((variable) => ({
            key: variable.path,
            title: variable.title,
            hint: [
              variable.path === variable.title ? "" : variable.path,
              shortSample(variable.sample),
            ]
              .filter((part) => part !== "")
              .join(" · "),
            group: variable.source,
          }))}
          onPick={(path) => {
            setOpen(false);
            onPick(path);
          }}
          onClose={() => setOpen(false)}
        />
      }
    >
      <Button
        type="text"
        icon={<PlusSquareOutlined />}
        disabled={disabled}
        aria-label={t("variable.pick")}
        title={t("variable.pick")}
        data-testid={testId}
      />
    </Popover>
  );
}
