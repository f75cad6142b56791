// What antd draws with. The same colours stand as CSS variables in theme.css; change both together.

import type { ThemeConfig } from "antd";
import { theme } from "antd";

export const FONT =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

const shared: NonNullable<ThemeConfig["token"]> = {
  fontFamily: FONT,
  fontSize: 14,
  borderRadius: 8,
  wireframe: false,
};

// Motion is stilled by theme.css, not by antd's `motion: false`: with that, its menus open outside the window.
export function antdTheme(mode: "light" | "dark", touch: boolean): ThemeConfig {
  const size = touch ? { controlHeight: 44 } : { controlHeight: 36 };
  return {
    algorithm: mode === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: { ...shared, ...size, ...(mode === "dark" ? dark : light) },
    components: { Button: { fontWeight: 500, ...(mode === "dark" ? darkButton : lightButton) } },
  };
}

const light: NonNullable<ThemeConfig["token"]> = {
  colorPrimary: "#0958d9",
  colorPrimaryHover: "#0747ad",
  colorPrimaryActive: "#063a8c",
  colorLink: "#0958d9",
  colorSuccess: "#146c3e",
  colorWarning: "#ad5a00",
  colorError: "#c3241c",
  colorBgLayout: "#f4f6f9",
  colorBorder: "#d5dbe3",
  colorBorderSecondary: "#e4e8ee",
  colorText: "#17212f",
  colorTextSecondary: "#556173",
  colorTextTertiary: "#626e80",
  colorTextDescription: "#556173",
  colorTextPlaceholder: "#6b7686",
};

const dark: NonNullable<ThemeConfig["token"]> = {
  colorPrimary: "#1f6feb",
  colorPrimaryHover: "#1a63d6",
  colorPrimaryActive: "#1757bd",
  colorLink: "#7ab3ff",
  colorLinkHover: "#a5ccff",
  colorSuccess: "#4cc38a",
  colorWarning: "#e3a34a",
  colorError: "#ff7b72",
  colorBgBase: "#10151c",
  colorBgLayout: "#0c1015",
  colorBgContainer: "#151b23",
  colorBgElevated: "#1b232d",
  colorBorder: "#36414f",
  colorBorderSecondary: "#28313c",
  colorText: "#e6ebf2",
  colorTextSecondary: "#a9b4c2",
  colorTextTertiary: "#98a4b3",
  colorTextDescription: "#a9b4c2",
  colorTextPlaceholder: "#8996a6",
};

// antd's own hover colours are too pale to read.
const lightButton = {
  defaultHoverColor: "#0747ad",
  defaultHoverBorderColor: "#0747ad",
  defaultActiveColor: "#063a8c",
  defaultActiveBorderColor: "#063a8c",
};

const darkButton = {
  defaultHoverColor: "#a5ccff",
  defaultHoverBorderColor: "#7ab3ff",
  defaultActiveColor: "#a5ccff",
  defaultActiveBorderColor: "#7ab3ff",
  dangerColor: "#330805",
};
