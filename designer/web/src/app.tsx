/** The application: theme, language and session around the screens, which are found by being there. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import AppContext from "antd/es/app/context";
import type { Locale } from "antd/es/locale";
import { Suspense, useEffect, useState } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiError, addressOf } from "./api/client";
import type { Screen } from "./screens/screen";
import { Broken } from "./shell/Broken";
import { Root } from "./shell/Root";
import { useMedia, useMode } from "./theme/mode";
import { antdTheme } from "./theme/tokens";
import { asking, prepareAsking, useAsking } from "./ui/asking";
import { lazy } from "./ui/lazy";
import { type Language, useText } from "./ui/text";

const More = lazy(() => import("./shell/More").then((module) => ({ default: module.More })));
const NotFound = lazy(() =>
  import("./shell/NotFound").then((module) => ({ default: module.NotFound })),
);

interface ScreenModule {
  screen?: Screen;
  screens?: Screen[];
}

const modules = import.meta.glob<ScreenModule>("./screens/*/index.{ts,tsx}", { eager: true });
export const screens: Screen[] = Object.values(modules).flatMap((module) => [
  ...(module.screen ? [module.screen] : []),
  ...(module.screens ?? []),
]);

const TRIES_MAX = 2;
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < TRIES_MAX && !(error instanceof ApiError && error.status in CLEAR_ANSWERS),
    },
  },
});

/** Answers that will be the same when asked again. */
const CLEAR_ANSWERS = { 400: true, 401: true, 403: true, 404: true, 409: true, 422: true };

const router = createBrowserRouter(
  [
    {
      element: <Root screens={screens} />,
      errorElement: <Broken />,
      children: [
        ...screens.map(({ path, component: Component }) => ({
          path,
          element: <Component />,
          errorElement: <Broken />,
        })),
        { path: "/more", element: <More screens={screens} />, errorElement: <Broken /> },
        { path: "*", element: <NotFound /> },
      ],
    },
  ],
  { basename: addressOf("") || "/" },
);

export function App() {
  const mode = useMode();
  const { language } = useText();
  const touch = useMedia("(pointer: coarse), (max-width: 767px)");
  const locale = useAntdLocale(language);
  return (
    <ConfigProvider
      theme={antdTheme(mode, touch)}
      button={{ autoInsertSpace: false }}
      {...(locale ? { locale } : {})}
    >
      <AppContext.Provider value={asking}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
        <Asking />
      </AppContext.Provider>
    </ConfigProvider>
  );
}

const AskingHost = lazy(() => import("./ui/AskingHost"));
const PREPARED_MS = 4_000;

/** What says something above the screen: when there is something to say, or when all else has long been loaded. */
function Asking() {
  const wanted = useAsking((state) => state.wanted);
  useEffect(() => {
    const timer = setTimeout(prepareAsking, PREPARED_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!wanted) return null;
  return (
    <Suspense fallback={null}>
      <AskingHost />
    </Suspense>
  );
}

const antdLocales: Record<Language, () => Promise<{ default: Locale }>> = {
  zh: () => import("antd/es/locale/zh_CN"),
  en: () => import("antd/es/locale/en_GB"),
};

function useAntdLocale(language: Language): Locale | undefined {
  const [locale, setLocale] = useState<Locale>();
  useEffect(() => {
    let current = true;
    void antdLocales[language]().then((module) => current && setLocale(module.default));
    return () => {
      current = false;
    };
  }, [language]);
  return locale;
}
